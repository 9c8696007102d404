import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { toy } from '../../test/toy-run.js';
import { checkpointPath } from '../checkpoint/checkpoint-directory.js';
import { readCheckpoint } from '../checkpoint/checkpoint-file.js';
import { dynamicLossScale } from '../stages/dynamic-loss-scale.js';
import type { GradientStage } from '../stages/gradient-stage.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ssl-skip-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Skips every second update; its count goes on. */
function everySecond(): GradientStage {
  const count = tf.variable(tf.scalar(0), false);
  return {
    name: 'everySecond',
    settings: {},
    state: { buffers: { count } },
    maySkip: true,
    apply: (gradients) => {
      const next = tf.add(count, 1) as tf.Scalar;
      count.assign(next);
      return { gradients, skip: tf.equal(tf.mod(next, 2), 0) as tf.Scalar };
    },
  };
}

const tensorsOf = async (step: number): Promise<Map<string, number[]>> => {
  const { tensors } = await readCheckpoint(checkpointPath(dir, step));
  return new Map(
    [...tensors].filter(([name]) => !name.startsWith('history.')).map(([name, { data }]) => [name, [...data]]),
  );
};

it.each([1, 2])(
  'keeps every variable where the update is skipped, with %d batches an update',
  async (accumulateSteps) => {
    const { trainer } = toy({
      accumulateSteps,
      gradientStages: [everySecond()],
      steps: 6,
      checkpoint: { dir, everySteps: 1, keep: 10 },
    });
    const result = await trainer.fit();
    expect(result.skipped).toBe(3);
    expect(result.history).toHaveLength(6);
    for (const step of [2, 4, 6]) {
      const [before, after] = [await tensorsOf(step - 1), await tensorsOf(step)];
      const count = 'stages.everySecond.count';
      expect(after.get(count)).toEqual([step]);
      before.set(count, [step]);
      for (const [name, values] of before) expect([name, after.get(name)]).toEqual([name, values]);
    }
    const [second, third] = [await tensorsOf(2), await tensorsOf(3)];
    for (const [name, values] of second) expect([name, third.get(name)]).not.toEqual([name, values]);
  },
);

it('goes on after a stop with the count of skipped updates and the state of its stages', async () => {
  const options = { steps: 6, checkpoint: { dir } };
  await toy({
    ...options,
    gradientStages: [everySecond()],
    observers: { onStep: ({ step }, run) => (step === 3 ? run.stop('enough') : undefined) },
  }).trainer.fit();
  const { skipped, interrupted } = await toy({ ...options, gradientStages: [everySecond()] }).trainer.fit();
  expect([skipped, interrupted]).toEqual([3, false]);
  expect((await tensorsOf(6)).get('stages.everySecond.count')).toEqual([6]);
});

it('a loss scale that is too large is halved until the update fits, and grows again', async () => {
  const { trainer } = toy({
    gradientStages: [dynamicLossScale({ initial: 2 ** 126, growthInterval: 4 })],
    steps: 20,
  });
  const { skipped, history } = await trainer.fit();
  const scales = history.map(({ metrics }) => metrics['lossScale']!);
  expect(skipped).toBeGreaterThan(0);
  expect(skipped).toBeLessThan(16);
  const changes = scales.slice(1).map((scale, at) => scale / scales[at]!);
  expect(scales[0]).toBe(2 ** 126);
  expect(changes[0]).toBe(0.5);
  expect(new Set(changes)).toEqual(new Set([0.5, 1, 2]));
  // Each halving is a skipped update, the last one's shows only later.
  expect(skipped - changes.filter((change) => change === 0.5).length).toBeLessThan(2);
  expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
});

it('a scale that fits changes no number', async () => {
  const fit = async (gradientStages: GradientStage[]): Promise<number[]> =>
    (await toy({ gradientStages, steps: 6 }).trainer.fit()).history.map(({ loss }) => loss);
  expect(await fit([dynamicLossScale({ initial: 2 ** 10 })])).toEqual(await fit([]));
});
