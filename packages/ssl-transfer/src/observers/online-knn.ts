import type * as tf from '@tensorflow/tfjs-core';
import type { CompileOptions, Feed, NdArray } from '@selfsup/ssl-tensor';
import {
  checkCount,
  checkOptions,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import type { TrainerObserver } from '@selfsup/ssl-train';
import { batchRows } from '../features/batch-rows.js';
import { FeatureExtractor } from '../features/extract-features.js';
import { inBatches } from '../features/in-batches.js';
import { knnClassify, knnDefaults } from '../knn/knn-classify.js';
import { checkLabels } from '../labels/check-labels.js';
import { everyEpochs as hooksEvery } from './every-epochs.js';

/** Inputs with a class each. */
export interface LabelledInputs<I> {
  /** An `NdArray [n, ...]`, or a record or array of them with the same n. */
  readonly inputs: Feed<I>;
  /** `[n]` classes, each 0 or more. */
  readonly labels: Int32Array;
}

/** Options of {@link onlineKnn}. */
export interface OnlineKnnOptions<I = tf.Tensor> {
  /** Traced once; tensors of a batch in, `[batch, d]` out, in evaluation mode. `uint8` arrays arrive as `int32`. */
  readonly features: (inputs: I) => tf.Tensor2D;
  /** Whose classes vote. */
  readonly bank: LabelledInputs<I>;
  /** Who is classified. */
  readonly test: LabelledInputs<I>;
  /** Number of neighbours that vote. Default 20, or the whole bank where that is smaller. */
  readonly k?: number;
  /** Temperature of the votes. Default 0.1. */
  readonly temperature?: number;
  /** Epochs between measurements; the first and the end of the run are measured in any case. Default 1. */
  readonly everyEpochs?: number;
  /** Inputs that are computed at once. Default 64. */
  readonly batchSize?: number;
  /** Name of the number, for several of these in one run. Default `knn`. */
  readonly name?: string;
  /** Options of the compiled feature function. */
  readonly compile?: CompileOptions;
}

const onlineKnnOptionNames: OptionNames<OnlineKnnOptions> = {
  features: 'requiredFunction',
  bank: 'required',
  test: 'required',
  k: 'optionalNumber',
  temperature: 'optionalNumber',
  everyEpochs: 'optionalNumber',
  batchSize: 'optionalNumber',
  name: 'optional',
  compile: 'optional',
};

const labelledInputsNames: OptionNames<LabelledInputs<tf.Tensor>> = { inputs: 'required', labels: 'required' };

/** Defaults of {@link onlineKnn}; `k` and `temperature` are those of `knnClassify`. */
export const onlineKnnDefaults = { ...knnDefaults, everyEpochs: 1, batchSize: 64, name: 'knn' } as const;

/**
 * An observer that tells while a run goes on how well its features tell classes apart: the accuracy of weighted k nearest
 * neighbours, after the first epoch, every `everyEpochs` and at the end. Nothing is trained and the run does not change;
 * the labels stay here. `earlyStop({ metric: 'knn', mode: 'max', patience: 10 })` after it tells when that has got no
 * better.
 *
 * @returns an observer whose metric is `name`, a share in `[0, 1]`
 * @throws InvalidOptionError, ShapeError, DataError for options, inputs or labels that do not fit
 * Source: Wu et al. 2018 (arXiv 1805.01978, section 3.4), as `knnClassify`.
 *
 * @example
 * const features = (images: tf.Tensor) => backbone.forward(normalizeImages(images, normalize));
 * const observers = [onlineKnn({ features, bank, test }), collapseWatch({ features, inputs: test.inputs })];
 */
export function onlineKnn<I = tf.Tensor>(options: OnlineKnnOptions<I>): TrainerObserver {
  const where = 'onlineKnn';
  const given = checkOptions(where, options, onlineKnnOptionNames);
  const { features, bank, test, temperature, everyEpochs, batchSize, name, compile } = {
    ...onlineKnnDefaults,
    ...given,
  };
  const rows = checkLabelled(where, 'bank', bank);
  checkLabelled(where, 'test', test);
  const { k = Math.min(knnDefaults.k, rows) } = given;
  checkCount(where, { k, batchSize });
  if (k > rows) throw new InvalidOptionError(where, 'k', `at most the ${rows} inputs of the bank`, k);
  checkPositive(where, { temperature });
  if (typeof name !== 'string' || name === '') throw new InvalidOptionError(where, 'name', 'a name', name);
  // One size, one trace.
  const size = Math.min(batchSize, rows);
  const batches = function* (): Generator<Feed<I>> {
    for (const { inputs } of [bank, test]) yield* inBatches(inputs, size);
  };
  let extractor: FeatureExtractor<I> | undefined;
  const { begin, ...hooks } = hooksEvery(where, everyEpochs, async () => {
    extractor ??= new FeatureExtractor<I>(features, compile);
    const all = await extractor.extract(batches());
    const found = await knnClassify({
      train: rowsOf(all, 0, rows),
      trainLabels: bank.labels,
      test: rowsOf(all, rows, all.shape[0]!),
      testLabels: test.labels,
      k,
      temperature,
    });
    return { [name]: found.accuracy! };
  });
  const end = (): void => {
    extractor?.dispose();
    extractor = undefined;
  };
  return { ...hooks, onStart: begin, onEnd: end, onError: end };
}

/** @returns how many there are */
function checkLabelled<I>(where: string, option: string, given: LabelledInputs<I>): number {
  const { inputs, labels } = checkOptions(where, given, labelledInputsNames, option);
  const rows = batchRows(where, inputs);
  checkLabels(where, `${option}.labels`, labels, rows);
  return rows;
}

const rowsOf = ({ data, shape }: NdArray<Float32Array>, from: number, to: number): NdArray<Float32Array> => {
  const dim = shape[1]!;
  return { data: data.subarray(from * dim, to * dim), shape: [to - from, dim] };
};
