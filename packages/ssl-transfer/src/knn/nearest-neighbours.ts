import * as tf from '@tensorflow/tfjs-core';
import { checkInteger, compile } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { featureMatrix } from '../features/feature-matrix.js';
import type { FeatureMatrix } from '../features/feature-matrix.js';
import { TopNeighbours } from './top-neighbours.js';

/** Rows of one matrix product: 1,024 x 8,192 similarities are 32 MB. */
const queryBlock = 1024;
const databaseBlock = 8192;

/** Result of {@link nearestNeighbours}. */
export interface Neighbours {
  /** int32 `[m, k]`: rows of the database, most similar first. */
  readonly indexes: NdArray<Int32Array>;
  /** float32 `[m, k]`: their cosine similarities, in `[-1, 1]`. */
  readonly similarities: NdArray<Float32Array>;
}

/**
 * The `k` database rows of highest cosine similarity for each query, by exact search: a compiled matrix product
 * and top-k block by block, of which the best are kept on the host. Ties go to the lower index.
 *
 * @param query `[m, d]` features
 * @param database `[n, d]` features
 * @param k in `1 .. n`
 * @returns indexes and similarities `[m, k]`
 * @throws ShapeError, DataError for features that do not fit or are not finite; InvalidOptionError for `k`
 */
export async function nearestNeighbours(
  query: NdArray<Float32Array>,
  database: NdArray<Float32Array>,
  k: number,
): Promise<Neighbours> {
  const where = 'nearestNeighbours';
  const rows = featureMatrix(where, 'database', database);
  const asked = featureMatrix(where, 'query', query, rows.dim);
  checkInteger(where, 'k', k, 1, rows.rows);

  const best = new TopNeighbours(asked.rows, k);
  const search = compile((a: tf.Tensor2D, b: tf.Tensor2D) => tf.topk(tf.matMul(a, b, false, true), k), { name: where });
  try {
    const queries = unitBlocks(asked, Math.min(queryBlock, asked.rows));
    for (const block of unitBlocks(rows, Math.min(Math.max(databaseBlock, k), rows.rows))) {
      for (const part of queries) {
        const found = await search(part.features, block.features);
        const [values, indices] = await Promise.all([found.values.data(), found.indices.data()]);
        offerBlock(best, part, block, k, values as Float32Array, indices as Int32Array);
        tf.dispose(found);
      }
    }
  } finally {
    search.dispose();
  }
  const { indexes, similarities } = best.finish();
  return {
    indexes: { data: indexes, shape: [asked.rows, k] },
    similarities: { data: similarities, shape: [asked.rows, k] },
  };
}

/** Rows of one static shape, so that one trace serves all blocks. */
interface Block {
  /** Index of the first row. */
  readonly first: number;
  /** Leading rows that the block before holds, too. */
  readonly repeated: number;
  readonly features: NdArray<Float32Array>;
}

/** Offers the best of one block, given as `[queries, k]`. */
function offerBlock(
  best: TopNeighbours,
  part: Block,
  block: Block,
  k: number,
  values: Float32Array,
  indices: Int32Array,
): void {
  for (let row = part.repeated; row < part.features.shape[0]!; row++) {
    for (let i = row * k; i < (row + 1) * k; i++) {
      if (indices[i]! >= block.repeated && !best.offer(part.first + row, values[i]!, block.first + indices[i]!)) break;
    }
  }
}

/** Unit-length rows in blocks of `size`; the last one starts early enough to be full. */
function unitBlocks({ data, rows, dim }: FeatureMatrix, size: number): Block[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, block) => {
    const first = Math.min(block * size, rows - size);
    const unit = new Float32Array(size * dim);
    for (let row = 0; row < size; row++) {
      const source = (first + row) * dim;
      let squares = 0;
      for (let j = 0; j < dim; j++) squares += data[source + j]! ** 2;
      const scale = 1 / Math.max(Math.sqrt(squares), 1e-12);
      for (let j = 0; j < dim; j++) unit[row * dim + j] = data[source + j]! * scale;
    }
    return { first, repeated: block * size - first, features: { data: unit, shape: [size, dim] } };
  });
}
