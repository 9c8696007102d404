import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { bicubicWeights } from '../image/bicubic-weights.js';
import { resampleWeights } from '../image/resample-weights.js';
import type { Box } from '../image/box.js';
import type { BatchedStep, Draw, Size } from './batched-step.js';
import { fixedPointMatrices, multiplyAlong } from './fixed-point.js';

/** Half of the 22 fractional bits of the filters' weights. */
const halfBits = 11;

/**
 * Cuts each image's box and resizes it: horizontal pass, rounded, then vertical pass, with the weights of the per-image
 * operation as matrices.
 *
 * @param boxOf box of a draw, inside the image
 */
export function resizeStep<P>(
  [height, width]: Size,
  interpolation: 'bilinear' | 'bicubic',
  boxOf: (drawn: P, size: Size) => Box,
): BatchedStep<P> {
  const weightsOf = interpolation === 'bicubic' ? bicubicWeights : resampleWeights;

  const boxes = (drawn: readonly Draw<P>[], size: Size): readonly Box[] =>
    drawn.map((draw) => {
      if (draw !== undefined) return boxOf(draw.applied, size);
      if (size[0] !== height || size[1] !== width)
        throw new InvalidOptionError(
          'batchedViews',
          'views',
          'images of one size after every step (apply a resizing view always, not with a probability)',
          `${size.join(' x ')} and ${height} x ${width}`,
        );
      return { top: 0, left: 0, height, width };
    });

  const matrices = (parts: readonly (readonly [start: number, length: number])[], rows: number, columns: number) =>
    fixedPointMatrices(parts.length, [rows, columns], halfBits, (image, add) => {
      const [start, length] = parts[image]!;
      const { taps, starts, counts, weights } = weightsOf(length, rows);
      for (let row = 0; row < rows; row++)
        for (let t = 0; t < counts[row]!; t++) add(row, start + starts[row]! + t, weights[row * taps + t]!);
    });

  return {
    pack: (drawn, size) => {
      const cut = boxes(drawn, size);
      return {
        rows: matrices(
          cut.map((box) => [box.top, box.height]),
          height,
          size[0],
        ),
        columns: matrices(
          cut.map((box) => [box.left, box.width]),
          width,
          size[1],
        ),
      };
    },
    apply: (planes, { rows, columns }) => {
      // The weights of a cubic overshoot.
      const toLevels = (x: tf.Tensor4D): tf.Tensor4D => (interpolation === 'bicubic' ? tf.clipByValue(x, 0, 255) : x);
      const across = toLevels(multiplyAlong('width', planes, columns as tf.Tensor3D, halfBits));
      return toLevels(multiplyAlong('height', across, rows as tf.Tensor3D, halfBits));
    },
    outputSize: () => [height, width],
  };
}
