import * as tf from '@tensorflow/tfjs-core';
import { compile, DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { CompiledFunction, CompileOptions, Feed, NdArray } from '@selfsup/ssl-tensor';
import type { Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { batchRows, padRows } from './batch-rows.js';

/** Batches to extract from: host arrays in the structure that the feature function takes as tensors. */
export type FeatureBatches<I> = Iterable<Feed<I>> | AsyncIterable<Feed<I>>;

/** Options of {@link extractFeatures}. */
export interface ExtractOptions {
  /** Called after each batch with the number of samples done. */
  readonly onProgress?: (samples: number) => void;
  /** Engine options of the compiled feature function. */
  readonly compile?: CompileOptions;
}

const extractOptionNames: OptionNames<ExtractOptions> = {
  onProgress: 'optionalFunction',
  compile: 'optional',
};

/**
 * A feature function compiled once and kept, for use again and again (for instance after every epoch: it reads the
 * variables as they are at each call).
 */
export class FeatureExtractor<I> {
  readonly #forward: CompiledFunction<[I], tf.Tensor2D>;

  /**
   * @param features traced; tensors of a batch in, `[batch, d]` out. `uint8` arrays arrive as `int32`.
   */
  constructor(features: (inputs: I) => tf.Tensor2D, options: CompileOptions = {}) {
    if (typeof features !== 'function')
      throw new InvalidOptionError('extractFeatures', 'features', 'a function of a batch', features);
    this.#forward = compile((inputs: I) => features(inputs), { name: 'extractFeatures', ...options });
  }

  /** As {@link extractFeatures}. */
  async extract(batches: FeatureBatches<I>, onProgress?: (samples: number) => void): Promise<NdArray<Float32Array>> {
    const where = 'extractFeatures';
    if (
      typeof batches !== 'object' ||
      batches === null ||
      !(Symbol.iterator in batches || Symbol.asyncIterator in batches)
    ) {
      const advice = 'Of one array they are inBatches(array, 64)';
      throw new InvalidOptionError(where, 'batches', 'batches one after the other', batches, advice);
    }
    const parts: Float32Array[] = [];
    let batchSize = 0;
    let samples = 0;
    let dim = 0;
    for await (const batch of batches) {
      const rows = batchRows(where, batch);
      if (parts.length === 0) batchSize = rows;
      if (rows > batchSize)
        throw new ShapeError(where, 'batch', `at most the ${batchSize} rows of the first batch`, `${rows} rows`);
      const output = await this.#forward(...([rows < batchSize ? padRows(batch, batchSize) : batch] as [Feed<I>]));
      if (!(output instanceof tf.Tensor))
        throw new InvalidOptionError(where, 'features', 'a function that returns a tensor [batch, d]', output);
      if (output.rank !== 2 || output.shape[0] !== batchSize) {
        throw new ShapeError(
          where,
          'features',
          `[${batchSize}, d] out of the feature function`,
          `[${output.shape.join(', ')}]`,
        );
      }
      dim = output.shape[1];
      parts.push(((await output.data()) as Float32Array).slice(0, rows * dim));
      output.dispose();
      samples += rows;
      onProgress?.(samples);
    }
    if (samples === 0) throw new DataError(`${where}: there is no batch to extract from`);
    const data = new Float32Array(samples * dim);
    let offset = 0;
    for (const part of parts) {
      data.set(part, offset);
      offset += part.length;
    }
    return { data, shape: [samples, dim] };
  }

  /** Frees the compiled graph. */
  dispose(): void {
    this.#forward.dispose();
  }
}

/**
 * Features of every sample, by a compiled feature function. A batch smaller than the first is padded to its size, so one
 * trace serves all.
 *
 * @param features traced; tensors of a batch in, `[batch, d]` out. `uint8` arrays arrive as `int32`.
 * @param batches host arrays, first axis = sample; `inBatches` cuts them from one array. None larger than the first.
 * @returns float32 `[n, d]` in the order of the batches
 * @throws ShapeError for batches or features that do not fit; DataError for no batch at all
 */
export function extractFeatures<B>(
  features: (inputs: Tensors<B>) => tf.Tensor2D,
  batches: Iterable<B> | AsyncIterable<B>,
  options?: ExtractOptions,
): Promise<NdArray<Float32Array>>;
export function extractFeatures<I>(
  features: (inputs: I) => tf.Tensor2D,
  batches: FeatureBatches<I>,
  options?: ExtractOptions,
): Promise<NdArray<Float32Array>>;
export async function extractFeatures<I>(
  features: (inputs: I) => tf.Tensor2D,
  batches: FeatureBatches<I>,
  options: ExtractOptions = {},
): Promise<NdArray<Float32Array>> {
  const { onProgress, compile: engine } = checkOptions('extractFeatures', options, extractOptionNames);
  const extractor = new FeatureExtractor(features, engine);
  try {
    return await extractor.extract(batches, onProgress);
  } finally {
    extractor.dispose();
  }
}
