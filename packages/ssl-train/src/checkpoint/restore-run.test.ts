import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Linear, loadSafetensors, saveSafetensors, withoutPrefix } from '@selfsup/ssl-nn';
import { CheckpointError, randomKey } from '@selfsup/ssl-tensor/host';
import { inputs, type Settings, type Toy, toy, ToyMethod, weights } from '../../test/toy-run.js';
import { cosine } from '../schedules/cosine.js';
import { clipByGlobalNorm } from '../stages/clip-by-global-norm.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-'));
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('resume', () => {
  const observers: TrainerObserver = { onEpochEnd: ({ epoch }) => ({ score: epoch }) };

  it.each([
    { name: 'within an epoch', accumulateSteps: 1, at: 8, total: 20 },
    { name: 'at the end of an epoch', accumulateSteps: 1, at: 10, total: 20 },
    { name: 'with accumulation', accumulateSteps: 2, at: 5, total: 8 },
  ])('equals the unbroken run bit for bit: $name', async ({ accumulateSteps, at, total }) => {
    const common = { accumulateSteps, gradientStages: [clipByGlobalNorm(5)], observers, ema: { momentum: 0.9 } };
    const unbroken = toy(common);
    const whole = await unbroken.trainer.fit();
    expect(whole.steps).toBe(total);
    const controller = new AbortController();
    const stop: TrainerObserver = { onStep: ({ step }) => (step === at ? controller.abort() : undefined) };
    const checkpoint = { dir: directory, everySteps: 3 };
    await toy({ ...common, observers: [observers, stop], checkpoint, signal: controller.signal }).trainer.fit();
    const resumed = toy({
      ...common,
      checkpoint: { ...checkpoint, resume: true },
      makeMethod: () => new ToyMethod(99),
    });
    const rest = await resumed.trainer.fit();
    expect(resumed.loader.requested[0]).toEqual([Math.floor(at / (total / 4)), (at % (total / 4)) * accumulateSteps]);
    expect(rest.history).toEqual(whole.history);
    expect(rest.evaluations).toEqual(whole.evaluations);
    expect(weights(resumed.method)).toEqual(weights(unbroken.method));
    expect(rest.interrupted).toBe(false);
    expect(readdirSync(directory)).toHaveLength(3);
  });

  it('of a finished run does nothing', async () => {
    const checkpoint = { dir: directory, resume: true };
    const first = await toy({ checkpoint }).trainer.fit();
    const second = toy({ checkpoint });
    const result = await second.trainer.fit();
    expect(second.loader.requested).toEqual([]);
    expect(result.history).toEqual(first.history);
    expect(result.seconds).toBeGreaterThan(0);
  });

  it('refuses another length of the run where a schedule depends on it', async () => {
    await toy({ steps: 4, checkpoint: { dir: directory } }).trainer.fit();
    await expect(toy({ steps: 6, checkpoint: { dir: directory, resume: true } }).trainer.fit()).rejects.toThrow(
      'emaMomentum after 2 steps was',
    );
  });

  it('may lengthen a run whose schedules do not depend on it', async () => {
    const common = { ema: { momentum: 0.9 }, schedule: 0.05 };
    const whole = await toy({ ...common, steps: 6 }).trainer.fit();
    await toy({ ...common, steps: 4, checkpoint: { dir: directory } }).trainer.fit();
    const longer = await toy({ ...common, steps: 6, checkpoint: { dir: directory, resume: true } }).trainer.fit();
    expect(longer.history).toEqual(whole.history);
  });

  it('cuts the log and continues it', async () => {
    const logFile = join(directory, 'log.jsonl');
    const dir = join(directory, 'checkpoints');
    const controller = new AbortController();
    const stop: TrainerObserver = { onStep: ({ step }) => (step === 4 ? controller.abort() : undefined) };
    await toy({ logFile, checkpoint: { dir }, observers: stop, signal: controller.signal }).trainer.fit();
    writeFileSync(
      logFile,
      `${readFileSync(logFile, 'utf8')}${JSON.stringify({ type: 'step', step: 5, loss: 77 })}\n{"type":"st`,
    );
    const resumed = await toy({ logFile, checkpoint: { dir, resume: true }, observers }).trainer.fit();
    const lines = readFileSync(logFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; step: number; loss?: number; metrics?: unknown });
    const steps = lines.filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(steps.map(({ loss }) => loss)).toEqual(resumed.history.map(({ loss }) => loss));
    expect(lines.filter(({ type }) => type === 'start').map(({ step }) => step)).toEqual([0, 4]);
    expect(lines.filter(({ type }) => type === 'evaluation').map(({ step, metrics }) => [step, metrics])).toEqual(
      [1, 2, 3, 4].map((epoch) => [5 * epoch, { score: epoch }]),
    );
    expect(lines.at(-1)).toMatchObject({ type: 'end', step: 20, interrupted: false });
  });

  describe('refuses', () => {
    const checkpoint = (): { dir: string; resume: true } => ({ dir: directory, resume: true });
    beforeEach(() =>
      toy({ steps: 5, ema: { momentum: 0.9 }, config: { batchSize: 8 }, checkpoint: { dir: directory } }).trainer.fit(),
    );
    const same = { ema: { momentum: 0.9 }, config: { batchSize: 8 } };

    it('a directory in use with resume: false', async () => {
      await expect(toy({ ...same, checkpoint: { dir: directory, resume: false } }).trainer.fit()).rejects.toThrow(
        'holds checkpoints of an earlier run (up to step 5), and checkpoint.resume is false',
      );
    });

    it('other settings, and says which', async () => {
      const error: unknown = await toy({ ...same, seed: 9, config: { batchSize: 16 }, checkpoint: checkpoint() })
        .trainer.fit()
        .catch((reason: unknown) => reason);
      expect(CheckpointError.isInstance(error) && error.path).toBe(join(directory, 'step-00000005.safetensors'));
      expect((error as Error).message).toContain('seed was 3, is 9; config.batchSize was 8, is 16');
    });

    it('another schedule', async () => {
      await expect(toy({ ...same, schedule: 0.05, checkpoint: checkpoint() }).trainer.fit()).rejects.toThrow(
        'learningRate after 2 steps was',
      );
    });

    it('another model, and names the tensor', async () => {
      const wider = (): Linear => new Linear(inputs, 2, { key: randomKey(1) });
      const method = Object.assign(new ToyMethod(), { linear: wider(), target: wider() });
      const error: unknown = await toy({ ...same, method, checkpoint: checkpoint() })
        .trainer.fit()
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ parameter: 'weight', path: join(directory, 'step-00000005.safetensors') });
      expect((error as Error).message).toContain(
        "module 'linear': Linear: the state dict does not fit: 'weight' has shape [1, 4], the model wants [2, 4]",
      );
      expect((error as Error).message).toContain('or give this one another checkpoint.dir');
    });

    it('another model where settings differ too: nothing else would help', async () => {
      const wider = (): Linear => new Linear(inputs, 2, { key: randomKey(1) });
      const method = Object.assign(new ToyMethod(), { linear: wider(), target: wider() });
      const told = async (change: Settings): Promise<string> =>
        toy({ ...same, ...change, checkpoint: checkpoint() })
          .trainer.fit()
          .then(
            () => 'no error',
            (error: Error) => error.message,
          );
      for (const change of [{ seed: 9 }, { schedule: 0.05 }, { steps: 4 }]) {
        const text = await told({ ...change, method });
        expect(text).toMatch(/is of another model: its 'linear\.weight' is \[1, 4\], the model's is \[2, 4\]\. Build/);
        expect(text).not.toContain('initFrom');
      }
      const none = Object.defineProperty(new ToyMethod(), 'modules', { value: {} });
      expect(await told({ seed: 9, method: none })).toMatch(/is of another model: it has '.*', and the model has not/);
      expect(await told({ seed: 9 })).toContain('initFrom: ');
    });

    it('a folder as the checkpoint to go on from, and what it says works', async () => {
      const dir = join(directory, 'other');
      const resuming = toy({ ...same, steps: 6, checkpoint: { dir, resume: directory } }).trainer.fit();
      await expect(resuming).rejects.toThrow(/checkpoint\.resume must be .* That is a folder: .* as checkpoint\.dir/);
      expect(await toy({ ...same, steps: 6, checkpoint: { dir: directory } }).trainer.fit()).toMatchObject({
        steps: 6,
      });
    });

    it('a checkpoint with a module that the method lacks', async () => {
      const method = new ToyMethod();
      Object.defineProperty(method, 'modules', { value: { linear: method.linear } });
      await expect(toy({ ...same, method, checkpoint: checkpoint() }).trainer.fit()).rejects.toThrow(
        'but the method has no such module (it has linear, ema-target-0)',
      );
    });

    it('a checkpoint beyond the end', async () => {
      await expect(toy({ ...same, steps: 4, checkpoint: checkpoint() }).trainer.fit()).rejects.toThrow(
        'is of step 5, beyond the 4 steps of this run',
      );
    });

    it('an older file where later ones lie', async () => {
      const older = join(directory, '..', `older-${Date.now()}.safetensors`);
      const { tensors, metadata } = await loadSafetensors(join(directory, 'step-00000005.safetensors'));
      await saveSafetensors(older, tensors, { ...metadata, run: metadata['run']!.replace('"step":5', '"step":4') });
      await expect(toy({ ...same, checkpoint: { dir: directory, resume: older } }).trainer.fit()).rejects.toThrow(
        'the directory holds later ones (step 5)',
      );
      rmSync(older);
    });

    it.each([
      ['weights that are no checkpoint', {}, 'is not a checkpoint of a training run'],
      ['another version', { format: 'ssl-train-checkpoint', version: '9' }, 'has checkpoint version 9'],
      ['metadata that is not JSON', { format: 'ssl-train-checkpoint', version: '1', run: '{' }, 'run is not JSON'],
      [
        'metadata without a step',
        { format: 'ssl-train-checkpoint', version: '1', run: '{"step":-1}' },
        'damaged metadata (step)',
      ],
    ])('%s', async (_, metadata, message) => {
      const path = join(directory, 'other.safetensors');
      await saveSafetensors(path, new Map(), metadata as Record<string, string>);
      await expect(toy({ ...same, checkpoint: { dir: directory, resume: path } }).trainer.fit()).rejects.toThrow(
        message,
      );
    });

    it('a truncated file', async () => {
      const path = join(directory, 'step-00000005.safetensors');
      writeFileSync(path, readFileSync(path).subarray(0, 500));
      await expect(toy({ ...same, checkpoint: checkpoint() }).trainer.fit()).rejects.toThrow(CheckpointError);
    });
  });
});

describe('initFrom', () => {
  const common = { ema: { momentum: 0.9 }, schedule: 0.05 };
  const message = async (settings: Settings): Promise<string> =>
    toy({ ...common, ...settings })
      .trainer.fit()
      .then(
        () => 'no error',
        (error: Error) => error.message,
      );
  const other = (): string => join(directory, 'second');
  let first: Toy;
  beforeEach(async () => {
    first = toy({ ...common, steps: 10, checkpoint: { dir: directory } });
    await first.trainer.fit();
  });

  it.each([
    ['another schedule', { schedule: cosine({ base: 0.05, totalSteps: 40 }), steps: 40 }],
    ['other data', { config: { images: 9000 } }],
    ['a shorter run', { steps: 5 }],
    ['resume: false', { checkpoint: { resume: false } }],
  ])('is what an error about %s names, and what it says works', async (_, change) => {
    const settings: Omit<Settings, 'checkpoint'> & { checkpoint?: { resume?: boolean } } = {
      ...common,
      steps: 10,
      ...change,
    };
    const path = join(directory, 'step-00000010.safetensors');
    const told = await message({ ...settings, checkpoint: { ...settings.checkpoint, dir: directory } });
    expect(told).toContain(
      `for a new run from its weights, add initFrom: ${JSON.stringify(path)} to the Trainer's options and give another checkpoint.dir`,
    );
    const initFrom = JSON.parse(/initFrom: (".*?")/.exec(told)![1]!) as string;
    const progress = new Told();
    const second = toy({
      ...settings,
      initFrom,
      progress,
      checkpoint: { dir: other() },
      makeMethod: () => new ToyMethod(9),
    });
    let start: number[][] = [];
    Object.assign(progress, { start: () => (start = weights(second.method)) });
    const { notes, steps, history } = await second.trainer.fit();
    expect(start).toEqual(weights(first.method));
    expect([steps, history[0]!.step]).toEqual([settings.steps, 1]);
    const line = `the run starts from the weights of step 10 in ${path}, with a new optimiser state`;
    expect([notes[0], progress.notes[0]]).toEqual([line, line]);
    // The first run has lost nothing.
    expect(readdirSync(directory)).toContain('step-00000010.safetensors');
  });

  it('takes the newest whole one of a directory, and a run that has its own checkpoints goes on with these', async () => {
    const path = join(directory, 'step-00000010.safetensors');
    writeFileSync(path, readFileSync(path).subarray(0, 500));
    const settings: Settings = { ...common, steps: 6, initFrom: directory, checkpoint: { dir: other() } };
    const whole = await toy({ ...settings, checkpoint: { dir: join(directory, 'whole') } }).trainer.fit();
    expect(whole.notes[0]).toContain('from the weights of step 5 in ');
    expect(readdirSync(directory)).toContain('step-00000010.safetensors');
    const controller = new AbortController();
    const observers: TrainerObserver = { onStep: ({ step }) => (step === 3 ? controller.abort() : undefined) };
    await toy({ ...settings, observers, signal: controller.signal }).trainer.fit();
    const progress = new Told();
    const rest = await toy({ ...settings, progress, makeMethod: () => new ToyMethod(9) }).trainer.fit();
    expect(rest.history).toEqual(whole.history);
    expect(progress.notes).toEqual([
      `The run goes on after step 3 of 6 (epoch 1 of 2, 3 of 5 steps), from ${join(other(), 'step-00000003.safetensors')}`,
    ]);
    const again = new Told();
    await toy({ ...settings, progress: again }).trainer.fit();
    expect(again.notes[0]).toMatch(/^All 6 steps are done already .*nothing is trained/);
  });

  it('refuses what is no checkpoint or does not fit', async () => {
    const empty = mkdtempSync(join(directory, 'empty-'));
    expect(await message({ initFrom: empty })).toBe(
      `${empty}: holds no checkpoint to start from (initFrom): give the directory or the file of one`,
    );
    expect(await message({ initFrom: join(directory, 'missing') })).toContain('missing: no such file');
    const plain = join(directory, 'plain.safetensors');
    await saveSafetensors(plain, first.method.linear.stateDict());
    expect(await message({ initFrom: plain })).toContain('is not a checkpoint of a training run');
    const wider = (): Linear => new Linear(inputs, 2, { key: randomKey(1) });
    const method = Object.assign(new ToyMethod(), { linear: wider(), target: wider() });
    expect(await message({ method, initFrom: directory })).toContain(
      "module 'linear': Linear: the state dict does not fit: 'weight' has shape [1, 4], the model wants [2, 4]",
    );
    const narrower = new ToyMethod();
    Object.defineProperty(narrower, 'modules', { value: { linear: narrower.linear, target: narrower.target } });
    const told = await message({ method: narrower, initFrom: directory });
    expect(told).toContain('has no such module');
    const [, file, prefix] = /loadSafetensors\((".*?")\)\)\.tensors, '(.*?)backbone\.'\), \{ strict: false \}/.exec(
      told,
    )!;
    const { tensors } = await loadSafetensors(JSON.parse(file!) as string);
    const linear = new Linear(inputs, 1, { key: randomKey(8) });
    linear.loadStateDict(withoutPrefix(tensors, `${prefix}linear.`), { strict: false });
    expect(linear.stateDict()).toEqual(first.method.linear.stateDict());
    expect(await message({ method, initFrom: directory })).not.toContain('Check the prefix');
    for (const initFrom of ['', true as unknown as string])
      expect(() => toy({ initFrom })).toThrow('initFrom must be a checkpoint or a directory with checkpoints');
  });
});

/** What a run tells. */
class Told {
  readonly notes: string[] = [];
  start(): void {}
  update(): void {}
  stop(): void {}
  note(line: string): void {
    this.notes.push(line);
  }
}
