import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { InvalidOptionError, randomKey, UnsupportedOpError } from '@selfsup/ssl-core';
import { keyArray, type TensorKey } from '../ops/random-uniform.js';
import { keyedDropout } from './keyed-dropout.js';

beforeEach(() => tf.setBackend('cpu'));

const keyTensor = (seed: number): TensorKey => tf.tensor1d(keyArray(randomKey(seed)).data, 'int32');
const x = (): tf.Tensor => tf.ones([4, 50]);

it('draws anew with every key, the same with the same, and not at inference', () => {
  const model = keyedDropout(sequential({ layers: [layers.dropout({ inputShape: [50], rate: 0.5 })] }));
  const draw = (step: number): Float32Array =>
    (model.apply(x(), { training: true, key: keyTensor(step) }) as tf.Tensor).dataSync().slice() as Float32Array;
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(new Set(draw(1))).toEqual(new Set([0, 2]));
  expect(model.apply(x()) as tf.Tensor).toBeAllClose(x());
});

it('gives layers of their own masks, those of nested models too, and whole features to spatialDropout1d', () => {
  const inner = sequential({ layers: [layers.dropout({ inputShape: [5, 10], rate: 0.5 })] });
  const model = keyedDropout(
    sequential({ layers: [inner, layers.spatialDropout1d({ inputShape: [5, 10], rate: 0.5 })] }),
  );
  const key = keyTensor(0);
  const y = (model.apply(tf.ones([8, 5, 10]), { training: true, key }) as tf.Tensor).dataSync();
  const features = Array.from({ length: 80 }, (_, place) => {
    const [row, feature] = [Math.floor(place / 10), place % 10];
    return Array.from({ length: 5 }, (_, step) => y[(row * 5 + step) * 10 + feature]!);
  });
  expect(new Set(y)).toEqual(new Set([0, 4]));
  // A feature that the spatial layer keeps has lost steps to the inner one.
  const kept = features.filter((steps) => steps.some((value) => value > 0));
  expect(kept.length).toBeGreaterThan(20);
  expect(kept.length).toBeLessThan(60);
  expect(kept.some((steps) => steps.includes(0))).toBe(true);
});

it('asks for the key, and a model without it is refused while it is traced', async () => {
  const model = sequential({ layers: [layers.dropout({ inputShape: [50], rate: 0.5 })] });
  const step = compile((input: tf.Tensor) => model.apply(input, { training: true }) as tf.Tensor);
  await expect(step(x())).rejects.toThrow(/keyedDropout\(model\)/);
  await expect(step(x())).rejects.toBeInstanceOf(UnsupportedOpError);
  keyedDropout(model);
  await expect(step(x())).rejects.toBeInstanceOf(InvalidOptionError);
  await expect(step(x())).rejects.toThrow(/training: true, key/);
});
