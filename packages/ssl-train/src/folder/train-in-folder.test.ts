import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ToyLoader, ToyMethod } from '../../test/toy-run.js';
import { AdamW } from '../optimizers/adam-w.js';
import { nanWatch } from '../observers/nan-watch/nan-watch.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';
import { checkFolderRun, readFolderRun } from './folder-run.js';
import { type FolderRunResult, trainInFolder, type TrainInFolderOptions } from './train-in-folder.js';

let base: string;
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'ssl-folder-'));
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(base, { recursive: true }));

const run = async (
  name: string,
  change: Partial<TrainInFolderOptions<never>> = {},
): Promise<FolderRunResult & { weights: Float32Array }> => {
  const method = new ToyMethod();
  const result = await trainInFolder({
    out: join(base, name),
    settings: { method: 'toy', batchSize: 8, normalize: { mean: 0.5 } },
    method,
    loader: new ToyLoader(),
    optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: 0 }),
    schedule: 0.01,
    steps: 12,
    seed: 1,
    progress: 'silent',
    ...change,
  });
  return { ...result, weights: method.linear.stateDict().get('weight')!.data as Float32Array };
};
const stopAt = (step: number, how: 'signal' | 'observer'): Partial<TrainInFolderOptions<never>> => {
  const controller = new AbortController();
  const observer: TrainerObserver = {
    onStep: (event, control) => {
      if (event.step !== step) return;
      if (how === 'signal') controller.abort();
      else control.stop('enough');
    },
  };
  return { observers: observer, signal: controller.signal };
};
const config = (name: string): { settings: object } & Record<string, unknown> =>
  JSON.parse(readFileSync(join(base, name, 'config.json'), 'utf8'));

describe('trainInFolder', () => {
  it('watches for NaN, unless the caller does: the step lies in the folder', async () => {
    class Poisoned extends ToyLoader {
      override async *epoch(epoch: number, from = 0): ReturnType<ToyLoader['epoch']> {
        for await (const batch of super.epoch(epoch, from)) {
          if (epoch === 1) batch.y.data[0] = NaN;
          yield batch;
        }
      }
    }
    const loader = new Poisoned() as never;
    await expect(run('nan', { loader })).rejects.toThrow(/of step 6 that is not finite is 'y' of the batch/);
    expect(existsSync(join(base, 'nan', 'nan-step-00000006.safetensors'))).toBe(true);
    const observers = nanWatch({ dir: join(base, 'elsewhere') });
    await expect(run('own', { loader, observers })).rejects.toThrow(/'y' of the batch/);
    expect(existsSync(join(base, 'own', 'nan-step-00000006.safetensors'))).toBe(false);
    expect(existsSync(join(base, 'elsewhere', 'nan-step-00000006.safetensors'))).toBe(true);
  });

  it('goes on after a stop to the bytes of the unbroken run, and says whether it is finished', async () => {
    const whole = await run('whole');
    expect([whole.finished, whole.steps]).toEqual([true, 12]);
    const part = await run('broken', stopAt(7, 'signal'));
    expect([part.finished, part.interrupted, part.steps]).toEqual([false, true, 7]);
    const rest = await run('broken');
    expect([rest.finished, rest.weights]).toEqual([true, whole.weights]);
    const ended = await run('ended', stopAt(7, 'observer'));
    expect([ended.finished, ended.interrupted, ended.stopReason]).toEqual([true, true, 'enough']);
  });

  it('keeps settings, reasons and what else there is, and tells them', async () => {
    const settings = { method: 'toy', batchSize: 8, long: Array.from({ length: 50 }, (_, i) => i) };
    const { notes, environment } = await run('told', {
      settings,
      reasons: { batchSize: 'there are few samples' },
      about: { encoder: { layers: 2 } },
    });
    expect(config('told')).toEqual({
      settings,
      reasons: { batchSize: 'there are few samples' },
      encoder: { layers: 2 },
    });
    expect(notes).toEqual(['settings: method "toy", batchSize 8 (there are few samples), long as in config.json']);
    expect(readFileSync(join(base, 'told', 'log.jsonl'), 'utf8')).toContain('there are few samples');
    expect(environment.versions['node']).toBe(process.versions.node);
  });

  it('refuses a begun run of other settings or another method by name, and changes nothing', async () => {
    await run('a', stopAt(3, 'signal'));
    const before = config('a');
    const error = await run('a', { settings: { method: 'other', batchSize: 8, normalize: { mean: 0.4 } } }).catch(
      (reason: unknown) => reason,
    );
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect(String(error)).toMatch(
      /begun.*method was "toy", is "other"; normalize.mean was 0.5, is 0.4.*config\.json.*another out/,
    );
    expect(config('a')).toEqual(before);
    // Reasons and what is beside the settings are not compared, and stay as they were when it began.
    expect((await run('a', { reasons: { batchSize: 'another word' }, about: { more: 1 } })).finished).toBe(true);
    expect(config('a')).toEqual(before);
  });

  it('leaves the settings of a run that cannot go on as they were, also where only the Trainer can tell', async () => {
    await run('a', stopAt(3, 'signal'));
    await expect(run('a', { seed: 2, about: { seed: 2 } })).rejects.toThrow(/seed was 1, is 2/);
    expect(config('a')).not.toHaveProperty('seed');
  });

  it('is free where an earlier call left settings and no step', async () => {
    const fails: TrainerObserver = {
      onStart: () => {
        throw new CheckpointError('no');
      },
    };
    await expect(run('a', { observers: [fails] })).rejects.toThrow('no');
    expect(existsSync(join(base, 'a', 'config.json'))).toBe(true);
    expect((await run('a', { settings: { method: 'toy', batchSize: 4 } })).finished).toBe(true);
  });

  it('refuses where the files go as an option of its own, and settings that are no JSON', async () => {
    for (const change of [{ logFile: 'x' }, { config: {} }, { settings: { rate: NaN } }, { out: 3 }])
      await expect(run('a', change as never)).rejects.toThrow(InvalidOptionError);
  });
});

describe('the run of a folder', () => {
  it('is none, begun or finished, with its settings', async () => {
    const out = join(base, 'a');
    expect(await readFolderRun(out, 'encoder.safetensors')).toEqual({ out, state: 'none' });
    const settings = { method: 'toy', batchSize: 8 };
    await run('a', { settings });
    expect(await readFolderRun(out, 'encoder.safetensors')).toEqual({ out, state: 'begun', settings });
    writeFileSync(join(out, 'encoder.safetensors'), '');
    const finished = await readFolderRun(out, 'encoder.safetensors');
    expect(finished).toEqual({ out, state: 'finished', settings });
    checkFolderRun(finished, settings);
    expect(() => checkFolderRun(finished, { ...settings, batchSize: 4 })).toThrow(/finished.*batchSize was 8, is 4/);
    for (const [text, message] of [
      ['{', /config\.json.*is not JSON/],
      ['{}', /has no 'settings'/],
    ] as const) {
      writeFileSync(join(out, 'config.json'), text);
      await expect(readFolderRun(out, 'encoder.safetensors')).rejects.toThrow(message);
    }
    rmSync(join(out, 'config.json'));
    const gone = await readFolderRun(out, 'encoder.safetensors');
    expect(() => checkFolderRun(gone, settings)).toThrow(/not known/);
    expect((await run('a', { settings })).finished).toBe(true);
  });
});
