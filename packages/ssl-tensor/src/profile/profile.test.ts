import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { profile } from './profile.js';
import { readEvents } from './read-events.js';

/** The line of this file on which `text` stands. */
const lineOf = (text: string): number =>
  readFileSync(import.meta.filename, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;

const weights = tf.variable(tf.ones([256, 256]));
const hidden = (x: tf.Tensor2D): tf.Tensor2D => tf.matMul(x, weights as unknown as tf.Tensor2D); // the product
const step = (x: tf.Tensor2D): tf.Scalar => {
  const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(hidden(x))) as tf.Scalar); // the loss
  weights.assign(tf.sub(weights, tf.mul(grads[weights.name]!, 1e-9))); // the update
  return value;
};
const x = tf.ones([512, 256]) as tf.Tensor2D;

it('gives the time of each op and each line, gradients to the line they are of', async () => {
  const before = tf.memory().numTensors;
  const result = await profile(step, [x], { runs: 3 });
  expect(tf.memory().numTensors).toBe(before);
  const line = (text: string): (typeof result.byLine)[number] =>
    result.byLine.find(({ name }) => name.endsWith(`profile.test.ts:${lineOf(text)}`))!;
  const product = line('// the product');
  // One product forward, one backward; the weights' gradient alone is needed.
  expect(product.nodes).toBe(2);
  expect(product.backward).toBeGreaterThan(0);
  expect(product.backward).toBeLessThan(product.milliseconds);
  expect(product.megabytes).toBeCloseTo((4 * (512 * 256 + 256 * 256)) / 1e6, 5);
  expect(line('// the loss').nodes).toBeGreaterThan(0);
  expect(line('// the update').backward).toBe(0);
  const total = (entries: readonly { readonly milliseconds: number }[]): number =>
    entries.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  expect(total(result.byOp)).toBeCloseTo(total(result.byLine), 6);
  expect(total(result.byOp)).toBeLessThan(1.001 * result.milliseconds);
  expect(result.byOp.map(({ name }) => name)).toContain('MatMul');
  expect(result.peakMegabytes).toBeGreaterThan((4 * 512 * 256) / 1e6);
  expect(String(result)).toMatch(/ms a run.*\n\n.*op\n[^]*MatMul[^]*line\n[^]*profile\.test\.ts:\d+/);
});

it('runs for real, and leaves no file behind', async () => {
  const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('ssl-profile-'));
  const before = weights.dataSync()[0]!;
  const files = left();
  await profile(step, [x], { runs: 1 });
  expect(weights.dataSync()[0]).toBeLessThan(before);
  expect(left()).toEqual(files);
});

it('passes over files that do not count', async () => {
  const result = await profile(hidden, [x], { runs: 1, ignore: /profile\.test/ });
  expect(result.byLine.every(({ name }) => !name.includes('profile.test'))).toBe(true);
});

it('refuses what makes no sense', async () => {
  await expect(profile(hidden, [x], { runs: 0 })).rejects.toThrow(InvalidOptionError);
  await expect(readEvents(import.meta.filename)).rejects.toThrow(DataError);
});
