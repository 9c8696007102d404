import { checkCount, checkNonNegative, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import { featureMatrix } from '../features/feature-matrix.js';
import type { FeatureMatrix } from '../features/feature-matrix.js';
import { checkLabels, checkScores } from '../labels/check-labels.js';
import { accuracy } from '../metrics/accuracy.js';
import { minimize } from './l-bfgs.js';
import { SoftmaxRegression, linearLogits } from './softmax-regression.js';

/** Defaults of {@link linearProbe}. Solved to convergence, as Chen et al. 2020 (arXiv 2002.05709, B.8.2) probe with L-BFGS. */
export const linearProbeDefaults = {
  l2: 1e-3,
  standardise: true,
  maxIterations: 500,
  gradientTolerance: 1e-5,
  memory: 50,
} as const;

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions {
  /** `[n, d]` features of the labelled samples. */
  readonly train: NdArray<Float32Array>;
  /** `[n]` their classes, each 0 or more. */
  readonly trainLabels: Int32Array;
  /** `[m, d]` features to classify. */
  readonly test: NdArray<Float32Array>;
  /** `[m]` classes of the test samples; given, the result holds the accuracy. */
  readonly testLabels?: Int32Array;
  /** Number of classes. Default: the largest training label + 1. */
  readonly classes?: number;
  /** Weight of `||W||^2`; the bias is not penalised. Default 1e-3. */
  readonly l2?: number;
  /** Scale every feature to mean 0 and deviation 1 first. Default true. */
  readonly standardise?: boolean;
  /** `[r, d]` features whose mean and deviation standardise, labelled or not. Default: `train`. */
  readonly reference?: NdArray<Float32Array>;
  /** Default 500. */
  readonly maxIterations?: number;
  /** Stop when the Euclidean norm of the gradient falls to this. Default 1e-5. */
  readonly gradientTolerance?: number;
  /** Curvature pairs that L-BFGS keeps. Default 50. */
  readonly memory?: number;
}

const linearProbeOptionNames: OptionNames<LinearProbeOptions> = {
  train: 'required',
  trainLabels: 'required',
  test: 'required',
  testLabels: 'optional',
  classes: 'optionalNumber',
  l2: 'optionalNumber',
  standardise: 'optionalFlag',
  reference: 'optional',
  maxIterations: 'optionalNumber',
  gradientTolerance: 'optionalNumber',
  memory: 'optionalNumber',
};

/** Result of {@link linearProbe}. */
export interface LinearProbeResult {
  /** `[m]` class with the highest logit; ties go to the lower class. */
  readonly predictions: Int32Array;
  /** Share of right predictions, where `testLabels` were given. */
  readonly accuracy?: number;
  /** float32 `[m, classes]` logits of the test samples. */
  readonly logits: NdArray<Float32Array>;
  /** float32 `[classes, d]`, for raw (not standardised) features. */
  readonly weight: NdArray<Float32Array>;
  /** float32 `[classes]`, for raw features. */
  readonly bias: NdArray<Float32Array>;
  /** Penalised training loss at the solution. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly iterations: number;
  /** Whether the gradient reached the tolerance; where it did not, raise `maxIterations` or `l2`. */
  readonly converged: boolean;
}

/**
 * Linear evaluation of frozen features: multinomial logistic regression, solved to convergence,
 * `min mean_i CE(W x_i + b, y_i) + l2 ||W||^2`, from zero, by L-BFGS with a strong Wolfe line search in float64.
 *
 * @throws ShapeError, DataError for features or labels that do not fit; InvalidOptionError for a negative `l2` and the like
 */
export function linearProbe(options: LinearProbeOptions): LinearProbeResult {
  const where = 'linearProbe';
  const settings = { ...linearProbeDefaults, ...checkOptions('linearProbe', options, linearProbeOptionNames) };
  const train = featureMatrix(where, 'train', options.train);
  const test = featureMatrix(where, 'test', options.test, train.dim);
  const reference =
    options.reference === undefined ? train : featureMatrix(where, 'reference', options.reference, train.dim);
  const classes = checkLabels(where, 'trainLabels', options.trainLabels, train.rows, options.classes);
  if (options.testLabels !== undefined)
    checkLabels(where, 'testLabels', options.testLabels, test.rows, options.classes);
  checkScores(where, `the weights of ${train.dim} features`, train.dim + 1, classes);
  checkScores(where, `the scores of ${train.rows} training rows`, train.rows, classes);
  checkScores(where, `the scores of ${test.rows} test rows`, test.rows, classes);
  for (const option of ['l2', 'gradientTolerance'] as const) {
    checkNonNegative(where, { [option]: settings[option] });
  }
  for (const option of ['maxIterations', 'memory'] as const) {
    checkCount(where, { [option]: settings[option] });
  }

  const { mean, deviation } = settings.standardise ? moments(reference) : unscaled(train.dim);
  const problem = new SoftmaxRegression(
    scaled(train, mean, deviation),
    options.trainLabels,
    train.dim,
    classes,
    settings.l2,
  );
  const { value, gradientNorm, iterations } = minimize(problem, settings);

  const unknowns = forRawFeatures(problem.unknowns, mean, deviation, classes);
  const logits = new Float64Array(test.rows * classes);
  linearLogits(Float64Array.from(test.data), unknowns, test.rows, train.dim, classes, logits);
  const predictions = rowArgmax(logits, test.rows, classes);
  return {
    predictions,
    logits: { data: Float32Array.from(logits), shape: [test.rows, classes] },
    weight: { data: Float32Array.from(unknowns.subarray(0, classes * train.dim)), shape: [classes, train.dim] },
    bias: { data: Float32Array.from(unknowns.subarray(classes * train.dim)), shape: [classes] },
    loss: value,
    gradientNorm,
    iterations,
    converged: gradientNorm <= settings.gradientTolerance,
    ...(options.testLabels === undefined ? {} : { accuracy: accuracy(predictions, options.testLabels) }),
  };
}

/** Mean and deviation (n - 1 in the denominator, plus 1e-6 so that constant features stay finite) of each column. */
function moments({ data, rows, dim }: FeatureMatrix): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(dim);
  const deviation = new Float64Array(dim);
  for (let i = 0; i < data.length; i++) mean[i % dim] = mean[i % dim]! + data[i]! / rows;
  for (let i = 0; i < data.length; i++) deviation[i % dim] = deviation[i % dim]! + (data[i]! - mean[i % dim]!) ** 2;
  for (let j = 0; j < dim; j++) deviation[j] = Math.sqrt(deviation[j]! / Math.max(1, rows - 1)) + 1e-6;
  return { mean, deviation };
}

function unscaled(dim: number): { mean: Float64Array; deviation: Float64Array } {
  return { mean: new Float64Array(dim), deviation: new Float64Array(dim).fill(1) };
}

function scaled({ data, dim }: FeatureMatrix, mean: Float64Array, deviation: Float64Array): Float64Array {
  return Float64Array.from(data, (value, i) => (value - mean[i % dim]!) / deviation[i % dim]!);
}

/** Folds the standardisation into weights and biases: `W' = W / s`, `b' = b - W' m`. */
function forRawFeatures(
  unknowns: Float64Array,
  mean: Float64Array,
  deviation: Float64Array,
  classes: number,
): Float64Array {
  const dim = mean.length;
  const raw = Float64Array.from(unknowns);
  for (let c = 0; c < classes; c++) {
    for (let j = 0; j < dim; j++) {
      const weight = unknowns[c * dim + j]! / deviation[j]!;
      raw[c * dim + j] = weight;
      raw[classes * dim + c] = raw[classes * dim + c]! - weight * mean[j]!;
    }
  }
  return raw;
}

function rowArgmax(scores: Float64Array, rows: number, columns: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    let best = 0;
    for (let c = 1; c < columns; c++) if (scores[row * columns + c]! > scores[row * columns + best]!) best = c;
    return best;
  });
}
