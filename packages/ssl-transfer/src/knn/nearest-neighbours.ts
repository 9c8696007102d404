import * as tf from '@tensorflow/tfjs-core';
import { compile, InvalidOptionError } from 'ssl-tensor';
import type { NdArray } from 'ssl-tensor';
import { featureMatrix } from '../features/feature-matrix.js';
import type { FeatureMatrix } from '../features/feature-matrix.js';
import { TopNeighbours } from './top-neighbours.js';

/** Rows of one matrix product: 512 x 8,192 similarities are 16 MB. */
const queryBlock = 512;
const databaseBlock = 8192;

/** Result of {@link nearestNeighbours}. */
export interface Neighbours {
  /** int32 `[m, k]`: rows of the database, most similar first. */
  readonly indexes: NdArray<Int32Array>;
  /** float32 `[m, k]`: their cosine similarities, in `[-1, 1]`. */
  readonly similarities: NdArray<Float32Array>;
}

/**
 * The `k` database rows of highest cosine similarity for each query, by exact search: blocks of the similarity matrix
 * come from a compiled matrix product, the best are kept on the host. Ties go to the lower index.
 *
 * @param query `[m, d]` features
 * @param database `[n, d]` features
 * @param k in `1 .. n`
 * @returns indexes and similarities `[m, k]`
 * @throws ShapeError, DataError for features that do not fit or are not finite; InvalidOptionError for `k`
 */
export async function nearestNeighbours(query: NdArray<Float32Array>, database: NdArray<Float32Array>, k: number): Promise<Neighbours> {
  const where = 'nearestNeighbours';
  const rows = featureMatrix(where, 'database', database);
  const asked = featureMatrix(where, 'query', query, rows.dim);
  if (!(Number.isInteger(k) && k >= 1 && k <= rows.rows)) throw new InvalidOptionError(where, 'k', `an integer in 1 .. ${rows.rows}`, k);

  const best = new TopNeighbours(asked.rows, k);
  const product = compile((a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D => tf.matMul(a, b, false, true), { name: 'nearestNeighbours' });
  try {
    const queries = unitBlocks(asked, queryBlock);
    for (const block of unitBlocks(rows, databaseBlock)) {
      for (const part of queries) {
        const similarities = await product(part.features, block.features);
        const values = similarities.dataSync() as Float32Array;
        similarities.dispose();
        const stride = block.features.shape[0]!;
        for (let i = 0; i < part.rows; i++) best.offer(part.first + i, values, i * stride, block.rows, block.first);
      }
    }
  } finally {
    product.dispose();
  }
  const { indexes, similarities } = best.finish();
  return { indexes: { data: indexes, shape: [asked.rows, k] }, similarities: { data: similarities, shape: [asked.rows, k] } };
}

interface Block {
  /** Index of the first row. */
  readonly first: number;
  /** Rows that are real; the rest are zero. */
  readonly rows: number;
  readonly features: NdArray<Float32Array>;
}

/** Unit-length rows in blocks of one static shape, so that one trace serves them all; the last one is padded with zeros. */
function unitBlocks({ data, rows, dim }: FeatureMatrix, blockRows: number): Block[] {
  const size = Math.min(blockRows, rows);
  return Array.from({ length: Math.ceil(rows / size) }, (_, block) => {
    const first = block * size;
    const used = Math.min(size, rows - first);
    const unit = new Float32Array(size * dim);
    for (let row = 0; row < used; row++) {
      const source = (first + row) * dim;
      let squares = 0;
      for (let j = 0; j < dim; j++) squares += data[source + j]! ** 2;
      const scale = 1 / Math.max(Math.sqrt(squares), 1e-12);
      for (let j = 0; j < dim; j++) unit[row * dim + j] = data[source + j]! * scale;
    }
    return { first, rows: used, features: { data: unit, shape: [size, dim] } };
  });
}
