import * as tf from '@tensorflow/tfjs-core';
import { checkCount, foldInKey, InvalidOptionError, randomUniform } from '@selfsup/ssl-tensor';
import type { TensorKey } from '@selfsup/ssl-tensor';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';

/** Sizes of blocks, in patches: constants of a run, so that shapes are static. */
export interface JepaBlockSizes {
  /** Height and width of each target. */
  readonly targets: readonly Grid[];
  /** Height and width of the block that the context is taken from. */
  readonly context: Grid;
  /** Patches of the context. */
  readonly contextCount: number;
}

/** Which patches an image's context and targets are, by number, int32. */
export interface JepaBlocks {
  /** `[batch, contextCount]` */
  readonly context: tf.Tensor2D;
  /** `[batch, patches of the target]` each */
  readonly targets: readonly tf.Tensor2D[];
}

/** What {@link jepaBlockSizes} goes by. */
export interface JepaBlockShares {
  readonly targetCount: number;
  readonly targetScale: number;
  readonly targetAspects: readonly [number, number];
  readonly contextScale: number;
  readonly contextRatio: number;
}

/**
 * @param grid rows and columns of patches
 * @throws InvalidOptionError where a target would have all patches
 */
export function jepaBlockSizes([rows, columns]: Grid, shares: JepaBlockShares): JepaBlockSizes {
  const { targetCount, targetScale, targetAspects, contextScale, contextRatio } = shares;
  checkCount('jepaBlockSizes', { targetCount });
  const patches = rows * columns;
  const size = (scale: number, aspect: number): Grid => {
    const side = (length: number, most: number): number => Math.min(most, Math.max(1, Math.round(length)));
    return [side(Math.sqrt(scale * patches * aspect), rows), side(Math.sqrt((scale * patches) / aspect), columns)];
  };
  const [low, high] = targetAspects;
  // Aspects in equal ratios from the lowest to the highest.
  const aspect = (at: number): number => low * (high / low) ** (targetCount === 1 ? 0.5 : at / (targetCount - 1));
  const targets = Array.from({ length: targetCount }, (_, at) => size(targetScale, aspect(at)));
  if (targets.some(([height, width]) => height * width >= patches))
    throw new InvalidOptionError('jepaBlockSizes', 'targetScale', `less than all ${patches} patches`, targetScale);
  const contextCount = Math.max(1, Math.round(contextRatio * patches));
  return { targets, context: size(contextScale, 1), contextCount };
}

/**
 * Blocks at random places of each image: targets, and a large block less the targets, of which `contextCount` patches are
 * drawn. Where fewer are left, some of them count twice or more; where none is left, patches of targets take their place.
 *
 * @returns numbers of patches, row by row
 * Source: Assran et al. 2023 (arXiv 2301.08243), section 3; `MaskCollator` of facebookresearch/ijepa, which draws the sizes
 * for a batch and cuts each context to the smallest of the batch.
 */
export function jepaBlocks(key: TensorKey, batch: number, grid: Grid, sizes: JepaBlockSizes): JepaBlocks {
  const [rows, columns] = grid;
  const patches = rows * columns;
  const corner = (size: Grid, at: number): Corner => ({
    top: place(foldInKey(key, 2 * at), batch, rows - size[0] + 1),
    left: place(foldInKey(key, 2 * at + 1), batch, columns - size[1] + 1),
    size,
  });
  const targets = sizes.targets.map((size, at) => corner(size, at));
  const outside = targets.map((target) => tf.sub(1, insideOf(target, grid)));
  const allowed = outside.reduce<tf.Tensor>(
    (all, one) => tf.mul(all, one),
    insideOf(corner(sizes.context, targets.length), grid),
  );
  const noise = randomUniform(foldInKey(key, 2 * targets.length + 2), [batch, patches]);
  // Allowed patches first, each part in random order.
  const order = tf.topk(tf.add(tf.mul(allowed, 2), noise), patches).indices;
  const left = tf.maximum(tf.cast(tf.sum(allowed, 1, true), 'int32'), tf.scalar(1, 'int32'));
  const turns = tf.add(tf.reshape(tf.range(0, sizes.contextCount, 1, 'int32'), [1, -1]), tf.zeros([batch, 1], 'int32'));
  const own = tf.sub(turns, tf.mul(tf.floorDiv(turns, left), left));
  const first = tf.reshape(tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(patches, 'int32')), [batch, 1]);
  const context = tf.gather(tf.reshape(order, [-1]), tf.reshape(tf.add(own, first), [-1]));
  return {
    context: tf.reshape(context, [batch, sizes.contextCount]) as tf.Tensor2D,
    targets: targets.map((target) => numbersOf(target, columns)),
  };
}

/** A block's place in each image: int32 `[batch, 1]`. */
interface Corner {
  readonly top: tf.Tensor2D;
  readonly left: tf.Tensor2D;
  readonly size: Grid;
}

/** Whole numbers below `count`. */
function place(key: TensorKey, batch: number, count: number): tf.Tensor2D {
  const drawn = tf.floor(tf.mul(randomUniform(key, [batch, 1]), count));
  return tf.cast(tf.minimum(drawn, count - 1), 'int32') as tf.Tensor2D;
}

/** float32 `[batch, patches]`, 1 inside the block. */
function insideOf({ top, left, size }: Corner, [rows, columns]: Grid): tf.Tensor {
  const marks = (from: tf.Tensor, count: number, all: number): tf.Tensor => {
    const places = tf.reshape(tf.range(0, all, 1, 'int32'), [1, all]);
    const after = tf.cast(tf.greaterEqual(places, from), 'float32');
    return tf.mul(after, tf.cast(tf.less(places, tf.add(from, tf.scalar(count, 'int32'))), 'float32'));
  };
  const batch = top.shape[0];
  const down = tf.reshape(marks(top, size[0], rows), [batch, rows, 1]);
  return tf.reshape(tf.mul(down, tf.reshape(marks(left, size[1], columns), [batch, 1, columns])), [batch, -1]);
}

/** int32 `[batch, patches of the block]` */
function numbersOf({ top, left, size: [height, width] }: Corner, columns: number): tf.Tensor2D {
  const offsets = Int32Array.from(
    { length: height * width },
    (_, at) => Math.floor(at / width) * columns + (at % width),
  );
  const corner = tf.add(tf.mul(top, tf.scalar(columns, 'int32')), left);
  return tf.add(corner, tf.tensor2d(offsets, [1, height * width], 'int32')) as tf.Tensor2D;
}
