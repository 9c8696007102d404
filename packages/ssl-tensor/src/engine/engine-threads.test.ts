import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { engineThreads } from './engine-threads.js';

it('gives the cores of this process, the number that is asked for, or one for a deterministic function', () => {
  expect(engineThreads()).toBe(availableParallelism());
  expect(engineThreads({ threads: 3 })).toBe(3);
  expect(engineThreads({ deterministic: true })).toBe(1);
  expect(engineThreads({ deterministic: true, threads: 1 })).toBe(1);
  expect(engineThreads({ deterministic: false, threads: 2 })).toBe(2);
});

it.each([
  { threads: 0 },
  { deterministic: 'yes' as never },
  { deterministic: 1 as never },
  { threads: Math.max(512, availableParallelism()) + 1 },
  { threads: Infinity },
  { threads: 1.5 },
  { threads: Number.NaN },
  { threads: 2, deterministic: true },
])('refuses %o', (options) => {
  expect(() => engineThreads(options)).toThrow(InvalidOptionError);
});
