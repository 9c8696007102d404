import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { inJavaScript, sampledMemory } from './sampled-memory.js';

it.each([1, 8, 20, 100, 301])('WebAssembly does what JavaScript does, with %d columns', (dim) => {
  const stream = new RandomStream(randomKey(dim));
  const wasm = sampledMemory(7, dim, 5);
  const { stride, outputs, hidden, error } = wasm;
  expect([stride % 8, stride >= dim, stride < dim + 8]).toEqual([0, true, true]);
  for (let row = 0; row < 15; row++)
    for (let i = 0; i < dim; i++) wasm.floats[row * stride + i] = stream.normal(0, 0.5);
  wasm.targets.set([3, 6, 3, 0, 1, 6]);
  const plain = inJavaScript({ stride, outputs, hidden, error }, wasm.floats.slice(), wasm.targets.slice());
  expect(wasm.floats.buffer).not.toBe(plain.floats.buffer);
  const before = wasm.floats.slice();
  for (const { update, add } of [wasm, plain]) {
    update(2 * stride, 6, 0.4);
    add(2 * stride, error, 1);
    add(hidden, 5 * stride, -0.25);
    update(hidden, 2, 0.1);
  }
  let moved = 0;
  wasm.floats.forEach((value, at) => {
    expect(value).toBeCloseTo(plain.floats[at]!, 4);
    moved = Math.max(moved, Math.abs(value - before[at]!));
  });
  expect(moved).toBeGreaterThan(0.05);
  // What fills a row up stays 0.
  expect(wasm.floats.filter((value, at) => at % stride >= dim && value !== 0)).toHaveLength(0);
});
