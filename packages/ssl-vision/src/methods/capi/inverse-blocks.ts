import * as tf from '@tensorflow/tfjs-core';
import { foldInKey, randomUniform, type TensorKey } from '@selfsup/ssl-tensor';
import { blockMasks } from '../self-distillation/block-masks.js';

/** Places of each image by number, int32, each with as many of every image. */
interface HiddenPlaces {
  /** What the student sees, ascending, `[batch, kept]`. */
  readonly kept: tf.Tensor2D;
  /** Some of the others, in random order, `[batch, predicted]`. */
  readonly predicted: tf.Tensor2D;
}

/**
 * Inverse block masks: the student sees a block of patches, moved round the borders by a random way, so that every place is
 * seen as often.
 *
 * @param kept patches that each image keeps
 * @returns float32 `[images, patches]`, 1 = hidden
 * Source: Darcet et al. 2025 (CAPI, arXiv 2502.08769), section 3 ("inverse block+roll"); blocks as {@link blockMasks}'.
 */
export function inverseBlocks(key: TensorKey, images: number, kept: number, grid: readonly number[]): tf.Tensor2D {
  const [rows, columns] = grid as [number, number];
  const patches = rows * columns;
  const seen = blockMasks(foldInKey(key, 0), Array<number>(images).fill(kept), grid);
  const ways = randomUniform(foldInKey(key, 1), [2, images, 1]);
  const [down, along] = tf.unstack(ways) as [tf.Tensor, tf.Tensor];
  const place = (way: tf.Tensor, at: readonly number[], side: number): tf.Tensor => {
    const from = tf.cast(tf.minimum(tf.floor(tf.mul(way, side)), side - 1), 'int32');
    return tf.mod(tf.add(from, tf.tensor2d([...at], [1, patches], 'int32')), tf.scalar(side, 'int32'));
  };
  const numbers = Array.from({ length: patches }, (_, at) => at);
  const row = place(
    down,
    numbers.map((at) => Math.floor(at / columns)),
    rows,
  );
  const column = place(
    along,
    numbers.map((at) => at % columns),
    columns,
  );
  const first = tf.reshape(tf.range(0, images * patches, patches, 'int32'), [images, 1]);
  const from = tf.add(tf.add(tf.mul(row, tf.scalar(columns, 'int32')), column), first);
  const rolled = tf.gather(tf.reshape(seen, [-1]), tf.reshape(tf.cast(from, 'int32'), [-1]) as tf.Tensor1D);
  return tf.sub(1, tf.reshape(rolled, [images, patches])) as tf.Tensor2D;
}

/**
 * The places of masks of equally many ones.
 *
 * @param hidden float32 `[batch, patches]`, 1 = hidden
 * @param key of the choice of `predicted`
 */
export function hiddenPlaces(
  hidden: tf.Tensor2D,
  counts: { kept: number; predicted: number },
  key: TensorKey,
): HiddenPlaces {
  const [batch, patches] = hidden.shape;
  // Falling keys put the ones first and in order.
  const kept = tf.topk(tf.mul(tf.sub(1, hidden), tf.range(patches, 0, -1)) as tf.Tensor2D, counts.kept).indices;
  const drawn = tf.mul(hidden, tf.add(1, randomUniform(key, [batch, patches])));
  return { kept, predicted: tf.topk(drawn as tf.Tensor2D, counts.predicted).indices };
}
