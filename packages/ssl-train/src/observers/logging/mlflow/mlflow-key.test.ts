import fc from 'fast-check';
import { posix } from 'node:path';
import { expect, it } from 'vitest';
import { mlflowKey } from './mlflow-key.js';

it.each(['train/loss', 'größe', 'a b.c-d_e', 'x'.repeat(250)])('%s is taken', (name) => {
  expect(mlflowKey(name)).toBe(name);
});

it.each([
  ['acc[0]', /^acc_0_-[0-9a-f]{8}$/],
  ['acc(0)', /^acc_0_-[0-9a-f]{8}$/],
  ['a//b', /^a\/_\/b-/],
  ['../up', /^_\/up-/],
  ['/top', /^_\/top-/],
  ['🙂', /^_-/],
  ['loss:0', /^loss_0-/],
  ['x'.repeat(251), /^x{150}-[0-9a-f]{8}$/],
])('%s is changed', (name, pattern) => {
  expect(mlflowKey(name)).toMatch(pattern);
});

it('makes a name that MLflow takes of any, and two of two', () => {
  const names = fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' });
  fc.assert(
    fc.property(names, names, (a, b) => {
      const key = mlflowKey(a);
      // As mlflow/utils/validation.py has it.
      expect(key).toMatch(/^[/\p{L}\p{N}_.\- ]{1,250}$/u);
      expect([posix.normalize(key), key.startsWith('..'), key.startsWith('/')]).toEqual([key, false, false]);
      expect(mlflowKey(b) === key).toBe(a === b);
    }),
    { seed: 11 },
  );
});
