import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile, ndArray, randomKey, RandomStream } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { adjustHue } from '../image/adjust-hue.js';
import { turnHue } from './turn-hue.js';

it('equals the per-image operation, on colours whose hue falls on whole numbers too', async () => {
  const random = new RandomStream(randomKey(2));
  const count = 60_000;
  // The second half has coarse levels: their differences divide evenly.
  const colors = Uint8Array.from({ length: count * 3 }, (_, i) =>
    i < (count * 3) / 2 ? random.integer(256) : random.integer(16) * 17,
  );
  const planes = Float32Array.from(colors, (_, i) => colors[(i % count) * 3 + Math.floor(i / count)]!);
  const turn = compile((image: tf.Tensor4D, shift: tf.Tensor4D) => turnHue(image, shift));
  await tf.setBackend('cpu');
  for (const part of [0, 0.13, -0.5]) {
    const expected = adjustHue(ndArray(colors, [1, count, 3]), part).data;
    const shift = ndArray(Float32Array.of(Math.trunc(part * 255)), [1, 1, 1, 1]);
    const image = ndArray(planes, [1, 1, 3, count]);
    const compiled = await turn(image, shift);
    const eager = tf.tidy(() => turnHue(tf.tensor4d(planes, [1, 1, 3, count]), tf.tensor4d(shift.data, [1, 1, 1, 1])));
    for (const result of [compiled, eager]) {
      const values = result.dataSync();
      expect(values.filter((value, i) => value !== expected[(i % count) * 3 + Math.floor(i / count)])).toHaveLength(0);
      result.dispose();
    }
  }
  turn.dispose();
});
