import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../support/to-be-all-close.js';
import * as multimodal from '@selfsup/ssl-multimodal';
import * as text from '@selfsup/ssl-text-mlm';
import * as transfer from '@selfsup/ssl-transfer';
import * as vision from '@selfsup/ssl-vision';
import { entries } from './entries.js';
import { bothWays, bytesOf, inFolder, interrupted, run, shortSteps } from './entry.js';

/** `npm run test:conformance` takes the long way. */
const leakSteps = process.env['SSL_CONFORMANCE'] === 'whole' ? 300 : 60;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each(entries.map((entry) => [entry.name, entry] as const))('%s', (_name, entry) => {
  it('learns: the loss falls below that of the same run without a learning rate', async () => {
    const { steps, ratio } = entry.learns;
    const lossOf = async (schedule?: number): Promise<number> => {
      const options = schedule === undefined ? {} : { schedule };
      const { history } = await run(entry, { steps, gradientStages: [], ...options });
      return mean(history.slice(-Math.min(10, Math.floor(steps / 2))).map(({ loss }) => loss));
    };
    expect(await lossOf()).toBeLessThan(ratio * (await lossOf(1e-12)));
  });

  it('is traced once for each phase and place in an update', async () => {
    let traces = 0;
    const { phases = 1, accumulateSteps = 1 } = entry;
    await run(entry, { steps: 12, compile: { onTrace: () => traces++ } });
    expect(traces).toBe(phases * Math.min(accumulateSteps, 3));
  });

  it('goes on from any step to the bytes of the unbroken run', async () => {
    const whole = await inFolder(async (dir) => {
      await run(entry, { checkpoint: { dir } });
      return bytesOf(dir);
    });
    expect(whole.size).toBeGreaterThan(5);
    // Every step is once the one that a run ends after.
    for (const stops of [
      [1, 3, 5],
      [2, 4],
    ].map((all) => all.filter((step) => step < shortSteps)))
      expect(await interrupted(entry, stops)).toEqual(whole);
  });

  it(`leaves no tensor behind over ${leakSteps} steps`, async () => {
    const counts: number[] = [];
    const observers = { onStep: () => void counts.push(tf.memory().numTensors) };
    await run(entry, { steps: leakSteps, observers, logEvery: 100 });
    const settled = counts.slice(20);
    expect(settled).toHaveLength(leakSteps - 20);
    expect(new Set(settled).size).toBe(1);
  });

  it.skipIf(entry.changed === undefined)('refuses to go on with another setting, and names it', async () => {
    const { method, setting } = entry.changed!;
    await inFolder(async (dir) => {
      await run(entry, { checkpoint: { dir } });
      const again = run(entry, { checkpoint: { dir }, method: method() });
      await expect(again).rejects.toThrow(`${setting} was `);
    });
  });

  it('has the same loss and gradients op by op as compiled', async () => {
    const { eager, compiled } = await bothWays(entry);
    expect(eager.length).toBeGreaterThan(1);
    expect(compiled).toHaveLength(eager.length);
    eager.forEach((values, index) => expect(compiled[index]).toBeAllClose(values, { rtol: 1e-4, atol: 2e-5 }));
  });
});

it('the registry has every method of the packages', () => {
  const isMethod = (value: unknown): boolean => {
    const { loss, trainable } = ((typeof value === 'function' ? value.prototype : undefined) ?? {}) as Readonly<
      Record<string, unknown>
    >;
    return typeof loss === 'function' && typeof trainable === 'function';
  };
  const names = Object.entries({ ...multimodal, ...text, ...transfer, ...vision }).flatMap(([name, value]) =>
    isMethod(value) ? [name] : [],
  );
  const tested = new Set(entries.map(({ method }) => method().constructor.name));
  expect(names.length).toBeGreaterThan(4);
  expect(names.filter((name) => !tested.has(name))).toEqual([]);
});
