import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { Linear } from '../layers/linear.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { parametersOf } from './parameters-of.js';

class Tied extends Module {
  readonly scale = new Parameter({ data: Float32Array.of(1), shape: [1] });
  constructor(readonly inner: Linear) {
    super();
  }
}

it('names parameters by module and path, each once', () => {
  const first = new Linear(2, 3, { key: randomKey(1) });
  const tied = new Tied(first);
  const found = parametersOf({ backbone: first, head: tied });
  expect([...found.keys()]).toEqual(['backbone.weight', 'backbone.bias', 'head.scale']);
  expect(found.get('backbone.weight')).toBe(first.weight);
  expect(found.get('head.scale')).toBe(tied.scale);
});

it('refuses what is no module', () => {
  expect(() => parametersOf({ head: undefined as unknown as Module })).toThrow(InvalidOptionError);
});
