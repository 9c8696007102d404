import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { toy, weights } from '../../test/toy-run.js';
import { clipByGlobalNorm } from './clip-by-global-norm.js';
import { gradientNorm } from './gradient-norm.js';

it('is the norm of all gradients together, which stay the same tensors, eagerly and compiled', async () => {
  const gradients = { a: tf.tensor2d([[3, 0]]), b: tf.tensor1d([0, -4, 12]) };
  const staged = gradientNorm().apply(gradients);
  expect(staged.gradients).toBe(gradients);
  expect(staged.skip).toBeUndefined();
  const norm = await compile((given: typeof gradients) => gradientNorm().apply(given).metrics!['gradientNorm']!)(
    gradients,
  );
  expect([staged.metrics!['gradientNorm']!.dataSync()[0], norm.dataSync()[0]]).toEqual([13, 13]);
});

it('trains as without it, and logs before and after clipping', async () => {
  const plain = toy({ gradientStages: [clipByGlobalNorm(0.5)] });
  await plain.trainer.fit();
  const measured = toy({ gradientStages: [gradientNorm('raw'), clipByGlobalNorm(0.5), gradientNorm('clipped')] });
  const { history } = await measured.trainer.fit();
  expect(weights(measured.method)).toEqual(weights(plain.method));
  for (const { metrics } of history) {
    expect(metrics['raw']).toBe(metrics['gradientNorm']);
    expect(metrics['clipped']).toBeCloseTo(Math.min(0.5, metrics['raw']!), 4);
  }
});

it('refuses names that cannot be one', () => {
  for (const name of ['', 'a b', 3 as unknown as string]) expect(() => gradientNorm(name)).toThrow(InvalidOptionError);
});
