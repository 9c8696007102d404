import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { compile } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { hashArray } from '../../../../test/golden/vision/hash-fill.js';
import '../../../../test/support/to-be-all-close.js';
import { resizeBilinear } from './resize-bilinear.js';

interface Case {
  readonly shape: [number, number, number, number];
  readonly size: [number, number];
  readonly values: number[];
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../test/golden/vision/resize-bilinear.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

it.each(cases)("equals PyTorch's antialiased interpolation, $shape to $size", async ({ shape, size, values }) => {
  const array = hashArray(shape, 77);
  const eager = resizeBilinear(tf.tensor4d(array.data, shape), size);
  expect(eager.shape).toEqual([shape[0], ...size, shape[3]]);
  expect(eager.dataSync()).toBeAllClose(values, { rtol: 1e-5, atol: 1e-6 });
  const compiled = compile((x: tf.Tensor) => resizeBilinear(x as tf.Tensor4D, size));
  expect((await compiled(array)).dataSync()).toBeAllClose(values, { rtol: 1e-5, atol: 1e-6 });
});

it('leaves pictures of the size alone, and its gradient spreads each number over what it came from', () => {
  const pixels = tf.tensor4d([0, 255, 51, 102], [1, 2, 2, 1], 'int32');
  expect([...resizeBilinear(pixels, [2, 2]).dataSync()]).toEqual([0, 255, 51, 102]);
  const [gradient] = [
    tf.grad((x: tf.Tensor) => tf.sum(resizeBilinear(x as tf.Tensor4D, [1, 1])))(tf.zeros([1, 2, 2, 1])),
  ];
  gradient!.dataSync().forEach((value) => expect(value).toBeCloseTo(0.25, 6));
});
