import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Method, nanWatch, replayStep } from '@selfsup/ssl-train';
import { entries } from './entries.js';
import { inFolder, run } from './entry.js';

const filled = (method: Method<never, string>, name: string, value: number): void => {
  const { variable } = method.trainable().get(name)!;
  tf.tidy(() => variable.assign(tf.fill(variable.shape, value)));
};

describe.each(entries.map((entry) => [entry.name, entry] as const))('%s', (_name, entry) => {
  it('is looked into where its numbers are none: parameter, modules, loss, gradients', async () => {
    await inFolder(async (dir) => {
      const method = entry.method();
      const phase = method.phaseAt?.(0, { totalSteps: 6, stepsPerEpoch: 3 });
      const name = [...method.trainable(phase).keys()].find((key) => /weight/.test(key))!;
      filled(method, name, NaN);
      const message = await run(entry, { method, observers: nanWatch({ dir }) }).then(
        () => 'no error',
        (error: Error) => error.message,
      );
      expect(message).toContain(
        `The first tensor of step 1 that is not finite is the parameter '${name}' before the step`,
      );
      const { losses, found } = await replayStep(join(dir, readdirSync(dir)[0]!), { method: entry.method() });
      expect(losses).toHaveLength(entry.accumulateSteps ?? 1);
      expect(losses[0]).toBeNaN();
      const kinds = [...new Set(found.map(({ kind }) => kind))];
      expect(kinds).toEqual(expect.arrayContaining(['parameter', 'output', 'loss', 'gradient']));
    });
  });

  it('is computed by the watch as the run does', async () => {
    await inFolder(async (dir) => {
      const method = entry.method();
      let loss = NaN;
      const observers = [
        nanWatch({ dir }),
        {
          onStep: (event: { loss: number; step: number }) => {
            if (event.step === 3) loss = event.loss;
            // As an update that is far too large would.
            if (event.step === 3) filled(method, [...method.trainable().keys()].at(-1)!, NaN);
          },
        },
      ];
      const error: unknown = await run(entry, { method, observers }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      const { losses, found, step } = await replayStep(join(dir, readdirSync(dir)[0]!), { method: entry.method() });
      expect([step, found.map(({ kind }) => kind)]).toEqual([3, ['update']]);
      const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      expect(Math.abs(mean / loss - 1)).toBeLessThan(1e-4);
    });
  });
});
