import * as tf from '@tensorflow/tfjs-core';
import { ndArray, type NdArray } from '@selfsup/ssl-core';
import { checkBlurRadius, halfKernel } from '../image/blur.js';
import { boxFilter, boxPasses } from '../image/box-gaussian-blur.js';
import type { BatchedStep, Draw } from './batched-step.js';
import { fixedPointMatrices, multiplyAlong, productAlong } from './fixed-point.js';

/** Half of the 24 fractional bits of a box filter's weights. */
const halfBits = 12;

/** Gaussian blur with reflected edges: each image's kernel as a banded matrix for either axis. */
export function gaussianBlurStep(kernelSize: number): BatchedStep<number> {
  const radius = (kernelSize - 1) / 2;

  const matrices = (drawn: readonly Draw<number>[], side: number): NdArray<Float32Array> => {
    const data = new Float32Array(drawn.length * side * side);
    drawn.forEach((draw, image) => {
      const kernel = draw === undefined ? [1] : halfKernel(kernelSize, draw.applied);
      for (let row = 0; row < side; row++) {
        const offset = (image * side + row) * side;
        for (let t = 1 - kernel.length; t < kernel.length; t++) {
          const place = Math.abs(row + t);
          data[offset + (place < side ? place : 2 * side - 2 - place)]! += kernel[Math.abs(t)]!;
        }
      }
    });
    return ndArray(data, [drawn.length, side, side]);
  };

  return {
    pack: (drawn, [height, width]) => {
      checkBlurRadius(radius, height, width);
      return { rows: matrices(drawn, height), columns: matrices(drawn, width) };
    },
    apply: (planes, { rows, columns }) => {
      const across = productAlong('width', planes, columns as tf.Tensor3D);
      return tf.floor(tf.add(productAlong('height', across, rows as tf.Tensor3D), 0.5));
    },
  };
}

/** Pillow's Gaussian blur: three box filters along each axis with repeated edges, rounded after each. */
export function boxBlurStep(): BatchedStep<number> {
  const matrices = (drawn: readonly Draw<number>[], side: number): NdArray<Float32Array> =>
    fixedPointMatrices(drawn.length, [side, side], halfBits, (image, add) => {
      const sigma = drawn[image]?.applied ?? 0;
      const { radius, inner, outer } = sigma === 0 ? { radius: 0, inner: 2 ** 24, outer: 0 } : boxFilter(sigma);
      for (let row = 0; row < side; row++)
        for (let t = -radius - 1; t <= radius + 1; t++)
          add(row, Math.min(Math.max(row + t, 0), side - 1), Math.abs(t) > radius ? outer : inner);
    });
  return {
    pack: (drawn, [height, width]) => ({ rows: matrices(drawn, height), columns: matrices(drawn, width) }),
    apply: (planes, { rows, columns }) => {
      let result = planes;
      for (let pass = 0; pass < boxPasses; pass++)
        result = multiplyAlong('width', result, columns as tf.Tensor3D, halfBits);
      for (let pass = 0; pass < boxPasses; pass++)
        result = multiplyAlong('height', result, rows as tf.Tensor3D, halfBits);
      return result;
    },
  };
}
