import { checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import { checkLabels, checkScores } from '../labels/check-labels.js';
import { accuracy } from '../metrics/accuracy.js';
import { nearestNeighbours } from './nearest-neighbours.js';
import type { Neighbours } from './nearest-neighbours.js';
import { checkFeatures } from '../features/feature-matrix.js';

/** Defaults of {@link knnClassify}: 20 neighbours as DINO reports best, temperature 0.1. */
export const knnDefaults = { k: 20, temperature: 0.1 } as const;

/** Options of {@link knnClassify}. */
export interface KnnOptions {
  /** `[n, d]` features of the labelled samples. */
  readonly train: NdArray<Float32Array>;
  /** `[n]` their classes, each 0 or more. */
  readonly trainLabels: Int32Array;
  /** `[m, d]` features to classify. */
  readonly test: NdArray<Float32Array>;
  /** `[m]` classes of the test samples; given, the result holds the accuracy. */
  readonly testLabels?: Int32Array;
  /** Number of neighbours that vote. Default 20. */
  readonly k?: number;
  /** Temperature of the votes. Default 0.1. */
  readonly temperature?: number;
  /** Number of classes. Default: the largest training label + 1. */
  readonly classes?: number;
}

const knnOptionNames: OptionNames<KnnOptions> = {
  train: 'required',
  trainLabels: 'required',
  test: 'required',
  testLabels: 'optional',
  k: 'optionalNumber',
  temperature: 'optionalNumber',
  classes: 'optionalNumber',
};

/** Result of {@link knnClassify}. */
export interface KnnResult {
  /** `[m]` class with the most votes; ties go to the lower class. A class without a vote is never one. */
  readonly predictions: Int32Array;
  /** float32 `[m, classes]`: share of the votes, each row sums to 1; 0 = no neighbour is of the class. */
  readonly scores: NdArray<Float32Array>;
  readonly neighbours: Neighbours;
  /** Share of right predictions, where `testLabels` were given. */
  readonly accuracy?: number;
}

/**
 * Weighted k-nearest-neighbour classification by cosine similarity: neighbour `i` votes for its class with
 * `exp(sim(x, x_i) / temperature)`.
 *
 * @returns predictions, votes and neighbours
 * @throws ShapeError, DataError for features or labels that do not fit; InvalidOptionError for `k`, `temperature`
 * Source: Wu et al. 2018 (arXiv 1805.01978, section 3.4; k = 200, temperature 0.07); the protocol of DINO
 * (Caron et al. 2021, arXiv 2104.14294), `eval_knn.py`.
 */
export async function knnClassify(options: KnnOptions): Promise<KnnResult> {
  const { train, trainLabels, test, testLabels, k, temperature } = {
    ...knnDefaults,
    ...checkOptions('knnClassify', options, knnOptionNames),
  };
  const classes = checkLabels(
    'knnClassify',
    'trainLabels',
    trainLabels,
    checkFeatures('knnClassify', 'train', train),
    options.classes,
  );
  checkFeatures('knnClassify', 'test', test);
  if (testLabels !== undefined)
    checkLabels('knnClassify', 'testLabels', testLabels, test.shape[0] ?? 0, options.classes);
  checkScores('knnClassify', `the scores of ${test.shape[0] ?? 0} test rows`, test.shape[0] ?? 0, classes);
  checkPositive('knnClassify', { temperature });

  const neighbours = await nearestNeighbours(test, train, k);
  const rows = test.shape[0]!;
  const predictions = new Int32Array(rows);
  const scores = new Float32Array(rows * classes);
  const votes = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    votes.fill(0);
    const start = row * k;
    const closest = neighbours.similarities.data[start]!;
    let total = 0;
    for (let i = start; i < start + k; i++) {
      // Relative to the closest neighbour: the same shares, and no overflow at small temperatures.
      const weight = Math.exp((neighbours.similarities.data[i]! - closest) / temperature);
      const label = trainLabels[neighbours.indexes.data[i]!]!;
      votes[label] = votes[label]! + weight;
      total += weight;
    }
    let winner = 0;
    for (let c = 0; c < classes; c++) {
      if (votes[c]! > votes[winner]!) winner = c;
      scores[row * classes + c] = votes[c]! / total;
    }
    predictions[row] = winner;
  }
  return {
    predictions,
    scores: { data: scores, shape: [rows, classes] },
    neighbours,
    ...(testLabels === undefined ? {} : { accuracy: accuracy(predictions, testLabels) }),
  };
}
