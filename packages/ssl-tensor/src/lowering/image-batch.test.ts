import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';

// TF.js's CPU backend has Transform of the first image of a batch alone, ResizeNearestNeighborGrad of the others from the
// wrong place, and ResizeBilinearGrad's shape with height and width swapped. So compiled batches are compared with what
// it makes of each image by itself.

type Kernel = (...inputs: never[]) => tf.Tensor;

const random = (...shape: number[]): tf.Tensor => tf.randomUniform(shape, -1, 1, 'float32', 5);

/** Elements of `kernel` on one image after the other; an operand for all images has one row. */
function imageByImage(kernel: Kernel, inputs: readonly tf.Tensor[]): Float32Array {
  const rows = (x: tf.Tensor, image: number): tf.Tensor => (x.shape[0] === 1 ? x : tf.gather(x, [image]));
  const count = inputs[0]!.shape[0]!;
  return Float32Array.from(
    Array.from({ length: count }, (_, image) => {
      const result = kernel(...(inputs.map((x) => rows(x, image)) as never[]));
      return Array.from(result.dataSync());
    }).flat(),
  );
}

async function expectImageByImage(kernel: Kernel, inputs: tf.Tensor[], shape: readonly number[]): Promise<void> {
  await tf.setBackend('cpu');
  const expected = imageByImage(kernel, inputs);
  const compiled = compile((operands: tf.Tensor[]) => kernel(...(operands as never[])));
  expect(await compiled(inputs)).toBeAllClose({ data: expected, shape });
  compiled.dispose();
}

const gradients: readonly { images: readonly number[]; size: readonly [number, number] }[] = [
  { images: [3, 4, 4, 2], size: [7, 9] },
  { images: [2, 3, 5, 3], size: [6, 4] },
  { images: [2, 7, 2, 1], size: [3, 9] },
  { images: [2, 9, 8, 2], size: [2, 3] },
  { images: [2, 6, 6, 1], size: [1, 1] },
];

describe.each(['ResizeBilinearGrad', 'ResizeNearestNeighborGrad'])('%s of batches', (kernel) => {
  it.each(gradients)('from $size to $images', async ({ images, size }) => {
    for (const alignCorners of [false, true]) {
      const run = (x: tf.Tensor, dy: tf.Tensor): tf.Tensor =>
        tf.engine().runKernel(kernel, { images: x, dy }, { alignCorners, halfPixelCenters: false });
      await expectImageByImage(run, [random(...images), random(images[0]!, ...size, images[3]!)], images);
    }
  });
});

it('differentiates the resize of images that are not square', async () => {
  const gradient = compile((x: tf.Tensor) => tf.grad((y) => tf.image.resizeBilinear(y as tf.Tensor4D, [4, 1]))(x));
  // Rows at 0, 0.5, 1 and 1.5, the last of them past the image.
  expect(await gradient(tf.ones([1, 2, 1, 1]))).toBeAllClose({ data: [1.5, 2.5], shape: [1, 2, 1, 1] });
  gradient.dispose();
});

it('differentiates the growth of a single row to aligned corners, where TF.js does not end', async () => {
  const grown = (y: tf.Tensor): tf.Tensor => tf.image.resizeNearestNeighbor(y as tf.Tensor4D, [3, 1], true);
  const gradient = compile((x: tf.Tensor) => tf.grad(grown)(x));
  expect(await gradient(tf.ones([1, 1, 1, 2]))).toBeAllClose({ data: [3, 3], shape: [1, 1, 1, 2] });
  gradient.dispose();
});

describe.each(['nearest', 'bilinear'] as const)('transform of batches, %s', (interpolation) => {
  it.each(['constant', 'reflect', 'wrap', 'nearest'] as const)('with %s', async (fillMode) => {
    const run = (image: tf.Tensor4D, maps: tf.Tensor2D): tf.Tensor =>
      tf.image.transform(image, maps, interpolation, fillMode, 0.5, [6, 5]);
    await expectImageByImage(run, [random(3, 4, 7, 2), random(3, 8)], [3, 6, 5, 2]);
    await expectImageByImage(run, [random(3, 4, 7, 2), random(1, 8)], [3, 6, 5, 2]);
  });
});
