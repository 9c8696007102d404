import { checkCount } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from '../numerics/check.js';
import { withoutGradient } from '../numerics/without-gradient.js';

/**
 * A region of each image's feature map, resampled to a common grid (RoIAlign), so that place `i` of two views is the same
 * place of the scene. A cell is the mean of bilinear samples, one per unit of its size on each axis, rounded up.
 *
 * Bilinear samples of a grid are separable: each axis is one small product, which differentiates and compiles.
 *
 * @param featureMap `[batch, height, width, channels]`
 * @param boxes `[batch, 4]` as `x0, y0, x1, y1` in units of places, 0 to `width` and `height`; no gradient flows into them.
 *   Boxes larger than the map have their samples limited to those of one as large as the map
 * @param outHeight rows of the grid
 * @param outWidth columns of the grid
 * @returns `[batch, outHeight * outWidth, channels]`, row after row; 0 for a box without area
 * @throws ShapeError when the shapes do not match; InvalidOptionError for sizes
 * Source: He et al. 2017, arXiv 1703.06870; as lightly's `roi_resample_to_grid`, torchvision's `roi_align` with
 * `aligned`.
 */
export function roiResampleToGrid(
  featureMap: tf.Tensor4D,
  boxes: tf.Tensor2D,
  outHeight: number,
  outWidth: number,
): tf.Tensor3D {
  checkTensor('roiResampleToGrid', 'featureMap', featureMap, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = featureMap.shape;
  checkTensor('roiResampleToGrid', 'boxes', boxes, [batch, 4]);
  checkCount('roiResampleToGrid', { outHeight, outWidth });
  const rows = axisWeights(boxes, 1, height, outHeight);
  const columns = axisWeights(boxes, 0, width, outWidth);
  const byRow = tf.matMul(rows, tf.reshape(featureMap, [batch, height, width * channels]));
  const turned = tf.transpose(tf.reshape(byRow, [batch, outHeight, width, channels]), [0, 2, 1, 3]);
  const cells = tf.matMul(columns, tf.reshape(turned, [batch, width, outHeight * channels]));
  const grid = tf.transpose(tf.reshape(cells, [batch, outWidth, outHeight, channels]), [0, 2, 1, 3]);
  return tf.reshape(grid, [batch, outHeight * outWidth, channels]);
}

/** How much each of `size` places along x (0) or y (1) adds to each of `cells`, a constant: `[batch, cells, size]`. */
function axisWeights(boxes: tf.Tensor2D, axis: 0 | 1, size: number, cells: number): tf.Tensor3D {
  return withoutGradient<tf.Rank.R3>(boxes, (x) =>
    spanWeights(tf.slice(x, [0, axis], [-1, 1]), tf.slice(x, [0, axis + 2], [-1, 1]), size, cells),
  );
}

/** The same from the ends of the boxes, each `[batch, 1]`. */
function spanWeights(start: tf.Tensor, end: tf.Tensor, size: number, cells: number): tf.Tensor3D {
  const most = Math.ceil(size / cells);
  const along = (length: number, axis: number): tf.Tensor =>
    tf.reshape(tf.range(0, length), [1, 1, 1, 1].with(axis, length));
  const cell = tf.reshape(tf.div(tf.sub(end, start), cells), [-1, 1, 1, 1]);
  const samples = tf.minimum(tf.ceil(cell), most);
  const sample = along(most, 2);
  const share = tf.div(tf.add(sample, 0.5), tf.maximum(samples, 1));
  // Places have their centres at halves.
  const first = tf.sub(tf.reshape(start, [-1, 1, 1, 1]), 0.5);
  const at = tf.add(first, tf.mul(cell, tf.add(along(cells, 1), share)));
  const inside = tf.logicalAnd(tf.greaterEqual(at, -1), tf.lessEqual(at, size));
  const counts = tf.cast(tf.logicalAnd(inside, tf.less(sample, samples)), 'float32');
  const nearness = tf.relu(tf.sub(1, tf.abs(tf.sub(tf.clipByValue(at, 0, size - 1), along(size, 3)))));
  return tf.div(tf.sum(tf.mul(nearness, counts), 2), tf.squeeze(tf.maximum(samples, 1), [3])) as tf.Tensor3D;
}
