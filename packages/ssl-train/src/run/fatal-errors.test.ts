import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { CheckpointError, DataError } from '@selfsup/ssl-tensor/host';
import { toy, type Settings, type ToyBatch, ToyLoader, ToyMethod, weights } from '../../test/toy-run.js';
import { readCheckpoint } from '../checkpoint/checkpoint-file.js';
import type { MethodLoss } from '../step/method.js';
import type { Tensors } from '../step/tensors.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';

let directory: string;
let dir: string;
let logFile: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-'));
  dir = join(directory, 'checkpoints');
  logFile = join(directory, 'log.jsonl');
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const failure = async (settings: Settings): Promise<Error> => {
  const error: unknown = await toy(settings)
    .trainer.fit()
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
};
const linesOf = (path: string): { type: string; step: number; text?: string }[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; step: number });
const saved = (step: number): string => join(dir, `step-${String(step).padStart(8, '0')}.safetensors`);

describe('an error that is not the checkpoint’s own saves the state first, and the run continues to the same numbers', () => {
  const broken = (step: number): TrainerObserver => ({
    onEpochEnd: ({ epoch }) => ({ score: epoch }),
    onStep: (event) => {
      if (event.step === step) throw new DataError(`evaluation broke at ${step}`);
    },
  });
  const cases: readonly (readonly [string, number, (where: { dir: string }) => Settings, string])[] = [
    ['of the loader', 7, () => ({ loader: failingAt(7) }), 'broken image'],
    ['of the step itself', 7, () => ({ loader: misshapenAt(7) }), 'hape'],
    ['of a step’s observer', 8, () => ({ observers: broken(8) }), 'evaluation broke at 8'],
    ['of an observer at the end of an epoch, before the epoch’s', 10, () => ({ observers: broken(10) }), 'broke at 10'],
    [
      'of an epoch’s observer',
      10,
      () => ({
        observers: {
          onEpochEnd: ({ epoch }) => {
            if (epoch === 2) throw new TypeError('no such neighbour');
            return { score: epoch };
          },
        },
      }),
      'no such neighbour',
    ],
  ];

  /** Fails at a step counted over epochs of five. */
  function failingAt(step: number): ToyLoader {
    const loader = new ToyLoader();
    const { epoch } = loader;
    loader.epoch = (index, from) => epoch.call(index * 5 + 5 > step ? new ToyLoader(5, step % 5) : loader, index, from);
    return loader;
  }

  /** Gives a batch of another width at a step. */
  function misshapenAt(step: number): ToyLoader {
    class Misshapen extends ToyLoader {
      override async *epoch(index: number, from = 0): AsyncGenerator<ToyBatch> {
        let position = from;
        for await (const batch of super.epoch(index, from)) {
          const wrong = index * 5 + position++ === step;
          yield wrong ? { ...batch, x: { data: new Float32Array(8 * 5), shape: [8, 5] } } : batch;
        }
      }
    }
    return new Misshapen();
  }

  it.each(cases)('%s', async (_, step, settings, message) => {
    const observers: TrainerObserver = { onEpochEnd: ({ epoch }) => ({ score: epoch }) };
    const unbroken = toy({ observers });
    const whole = await unbroken.trainer.fit();
    const error = await failure({ observers, logFile, checkpoint: { dir, everySteps: 4 }, ...settings({ dir }) });
    expect(error.message).toContain(message);
    expect(error.message).toContain(
      `The state of step ${step} is saved in ${saved(step)}; checkpoint.resume: true continues from it`,
    );
    expect(error.stack).toContain(saved(step));
    expect(linesOf(logFile).at(-1)).toEqual({ type: 'error', step, text: error.message });
    const seen: number[] = [];
    const resumed = toy({
      observers: [observers, { onStep: (event) => void seen.push(event.step) }],
      logFile,
      checkpoint: { dir, resume: true },
      makeMethod: () => new ToyMethod(9),
    });
    const rest = await resumed.trainer.fit();
    expect(rest.history).toEqual(whole.history);
    expect(rest.evaluations).toEqual(whole.evaluations);
    expect(weights(resumed.method)).toEqual(weights(unbroken.method));
    const lines = linesOf(logFile);
    expect(lines.filter(({ type }) => type === 'step').map((line) => line.step)).toEqual(
      Array.from({ length: 20 }, (__, index) => index + 1),
    );
    expect(lines.filter(({ type }) => type === 'evaluation').map((line) => line.step)).toEqual([5, 10, 15, 20]);
    // What the error cut off is called again.
    expect(seen[0]).toBe(message.includes('broke at') ? step : step + 1);
  });

  it.skipIf(!existsSync('/dev/full'))('of a log on a full disk', async () => {
    const error = await failure({ logFile: '/dev/full', checkpoint: { dir }, logEvery: 7 });
    // The first line already fails, so that nothing is lost.
    expect(error.message).toContain('/dev/full: the log cannot be written: the disk is full (ENOSPC). Free some room');
    symlinkSync('/dev/full', logFile);
    const late = await failure({
      logFile: join(directory, 'late.jsonl'),
      checkpoint: { dir },
      observers: {
        onStep: ({ step }) => {
          if (step !== 3) return;
          rmSync(join(directory, 'late.jsonl'));
          symlinkSync('/dev/full', join(directory, 'late.jsonl'));
        },
      },
    });
    expect(late.message).toContain('the log was replaced by another file while the run went on');
    expect((await readCheckpoint(saved(4))).record.step).toBe(4);
  });

  it('and observers are told of the checkpoint, whose own errors do not hide it', async () => {
    const told: number[] = [];
    const observers: TrainerObserver = {
      onStep: ({ step }) => (step === 3 ? Promise.reject(new DataError('first')) : undefined),
      onCheckpoint: ({ step }) => {
        told.push(step);
        throw new DataError('second');
      },
    };
    const error = await failure({ checkpoint: { dir }, observers });
    expect(error.message).toMatch(/^first. The state of step 3 is saved in .* Also: second$/);
    expect(told).toEqual([3]);
  });

  it('thrown as something that is no error, or that does not change, passes through', async () => {
    const frozen = Object.freeze(new DataError('frozen'));
    for (const thrown of ['text', frozen, new DOMException('stopped', 'AbortError')]) {
      const here = join(directory, typeof thrown, (thrown as Error).name ?? '');
      const reason: unknown = await toy({
        checkpoint: { dir: here },
        observers: { onStep: ({ step }) => (step === 2 ? Promise.reject(thrown as Error) : undefined) },
      })
        .trainer.fit()
        .catch((error: unknown) => error);
      expect(reason).toBe(thrown);
      expect(readdirSync(here)).toEqual(['step-00000002.safetensors']);
    }
  });
});

describe('nothing is saved', () => {
  it('of a model whose loss is not finite: the good checkpoint stays, and is named', async () => {
    class Broken extends ToyMethod {
      calls = 0;
      override loss(batch: Tensors<ToyBatch>, ctx: ForwardContext): MethodLoss {
        const { loss } = super.loss(batch, ctx);
        return { loss: tf.div(loss, tf.sub(tf.sum(tf.square(this.linear.weight.variable)), 1e30)) as tf.Scalar };
      }
    }
    const error = await failure({
      makeMethod: () => new Broken(),
      schedule: (step) => (step < 6 ? 0.01 : 1e38),
      checkpoint: { dir, everySteps: 5 },
    });
    expect(error.message).toMatch(/the loss is (NaN|Infinity) at step/);
    expect(error.message).toContain(`The newest checkpoint is ${saved(5)}; give it as checkpoint.resume to continue`);
    expect(readdirSync(dir)).toEqual(['step-00000005.safetensors']);
  });

  it('of weights that are not finite', async () => {
    const method = new ToyMethod();
    const error = await failure({
      method,
      checkpoint: { dir },
      observers: {
        onStep: ({ step }) => {
          if (step !== 6) return;
          method.linear.weight.variable.assign(tf.fill(method.linear.weight.variable.shape, NaN));
          throw new DataError('evaluation broke');
        },
      },
    });
    expect(error.message).toContain(
      `The state of step 6 was not saved: 'modules.linear.weight' holds values that are not finite. The newest checkpoint is ${saved(5)}`,
    );
    expect(readdirSync(dir)).toEqual(['step-00000005.safetensors']);
  });

  it('twice: an error before the first step; right after a checkpoint, the step in which that was written', async () => {
    const start = await failure({
      checkpoint: { dir },
      observers: { onStart: () => Promise.reject(new DataError('a')) },
    });
    expect([start.message, readdirSync(dir)]).toEqual(['a', []]);
    const after = await failure({
      checkpoint: { dir },
      observers: { onCheckpoint: ({ step }) => (step === 5 ? Promise.reject(new DataError('b')) : undefined) },
    });
    expect(after.message).toBe(
      `b. The state of step 6 is saved in ${saved(6)}; checkpoint.resume: true continues from it`,
    );
    expect(await toy({ checkpoint: { dir } }).trainer.fit()).toMatchObject({ steps: 20 });
  });
});

describe('a folder that is removed during the run', () => {
  const removing: TrainerObserver = {
    onStep: ({ step }) => {
      if (step === 7) rmSync(directory, { recursive: true });
    },
  };

  it('ends the run with an error, its state saved in a new one', async () => {
    const error = await failure({ checkpoint: { dir }, observers: removing });
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect(error.message).toContain(
      `${dir}: the checkpoint directory was removed while the run went on, with what it held. The state of step 10 is saved in step-00000010.safetensors of a new one`,
    );
    expect(readdirSync(dir)).toEqual(['step-00000010.safetensors']);
    expect((await toy({ checkpoint: { dir, resume: true } }).trainer.fit()).steps).toBe(20);
  });

  it('after the last checkpoint is no success either', async () => {
    const observers: TrainerObserver = {
      onCheckpoint: ({ step }) => (step === 20 ? rmSync(directory, { recursive: true }) : undefined),
    };
    const error = await failure({ checkpoint: { dir }, observers });
    expect(error.message).toContain('The state of step 20 is saved in step-00000020.safetensors of a new one');
    expect((await readCheckpoint(saved(20))).record.step).toBe(20);
    expect(error.message).not.toContain('newest');
  });

  it('with the log in it: that is told at the next line', async () => {
    const error = await failure({ checkpoint: { dir }, logFile, observers: removing });
    expect(DataError.isInstance(error)).toBe(true);
    expect(error.message).toContain(`${logFile}: the log was removed while the run went on`);
    expect(error.message).toContain(`is saved in ${saved(8)} (the directory had been removed and was made anew)`);
    const { steps, notes } = await toy({ checkpoint: { dir, resume: true }, logFile }).trainer.fit();
    expect([steps, notes]).toEqual([20, [expect.stringContaining('it begins after step 7')]]);
  });
});

describe('a place that cannot be written to is told before the first step, with its reason', () => {
  let steps: number;
  const counting: TrainerObserver = { onStep: () => void steps++ };
  beforeEach(() => (steps = 0));

  it('a file in the way', async () => {
    writeFileSync(join(directory, 'file'), '');
    const at = join(directory, 'file', 'deep');
    expect((await failure({ checkpoint: { dir: at }, observers: counting })).message).toContain('(ENOTDIR)');
    expect((await failure({ logFile: join(at, 'log'), observers: counting })).message).toContain('(ENOTDIR)');
    const file = await failure({ checkpoint: { dir: join(directory, 'file') }, observers: counting });
    expect(file.message).toContain('something else has that name (EEXIST)');
    expect(steps).toBe(0);
  });

  /** A small file system of memory; undefined where one may not be mounted. */
  function mounted(options: string): string | undefined {
    const at = join(directory, 'mounted');
    mkdirSync(at, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at], { stdio: 'ignore' });
      return at;
    } catch {
      return undefined;
    }
  }
  const canMount = ((): boolean => {
    directory = mkdtempSync(join(tmpdir(), 'ssl-train-'));
    const at = mounted('size=64k');
    if (at !== undefined) execFileSync('umount', [at]);
    rmSync(directory, { recursive: true });
    return at !== undefined;
  })();

  describe.skipIf(!canMount)('on a file system of its own (skipped where none may be mounted)', () => {
    let at: string | undefined;
    afterEach(() => {
      if (at !== undefined) execFileSync('umount', [at]);
    });

    it('read-only: EROFS, not a missing folder', async () => {
      at = mounted('size=64k,ro')!;
      for (const settings of [{ checkpoint: { dir: join(at, 'a', 'b') } }, { logFile: join(at, 'a', 'b', 'log') }]) {
        const error = await failure({ ...settings, observers: counting });
        expect(error.message).toContain('the file system is read-only (EROFS)');
      }
      const there = await failure({ checkpoint: { dir: at }, observers: counting });
      expect(there.message).toContain('the file system is read-only (EROFS)');
      expect(steps).toBe(0);
    });

    it('full with the log: the state is saved elsewhere, the log keeps whole lines', async () => {
      at = mounted('size=16k')!;
      const small = join(at, 'log.jsonl');
      const settings: Settings = {
        logFile: small,
        checkpoint: { dir, resume: true },
        config: { words: 'x'.repeat(10_000) },
        steps: 60,
        schedule: 0.01,
        ema: { momentum: 0.9 },
      };
      const error = await failure(settings);
      expect(error.message).toContain(`${small}: the log cannot be written: the disk is full (ENOSPC)`);
      const step = Number(/state of step (\d+) is saved/.exec(error.message)?.[1]);
      expect(readdirSync(dir)).toContain(`step-${String(step).padStart(8, '0')}.safetensors`);
      expect(readFileSync(small, 'utf8').endsWith('\n')).toBe(true);
      expect(linesOf(small).at(-1)!.step).toBe(step - 1);
      execFileSync('mount', ['-o', 'remount,size=1m', at]);
      const { logFile: _, checkpoint: __, ...same } = settings;
      const whole = await toy(same).trainer.fit();
      expect((await toy(settings).trainer.fit()).history).toEqual(whole.history);
      const steps60 = Array.from({ length: 60 }, (___, index) => index + 1);
      expect(linesOf(small).flatMap((line) => (line.type === 'step' ? [line.step] : []))).toEqual(steps60);
    });

    it('full with checkpoints: the older ones stay, and are named', async () => {
      at = mounted('size=64k')!;
      const full = join(at, 'checkpoints');
      const error = await failure({
        checkpoint: { dir: full, everySteps: 2 },
        observers: { onStep: ({ step }) => (step === 5 ? fill(at!) : undefined) },
      });
      expect(error.message).toMatch(/step-00000006.safetensors: cannot be written: the disk is full \(ENOSPC\)/);
      expect(error.message).toContain('The newest checkpoint is');
      expect(readdirSync(full)).toEqual(['step-00000002.safetensors', 'step-00000004.safetensors']);
      rmSync(join(at, 'filling'));
      const { steps: end } = await toy({ checkpoint: { dir: full, resume: true } }).trainer.fit();
      expect(end).toBe(20);
    });

    it('full when an error wants to save: the first error, with the reason of the second', async () => {
      at = mounted('size=32k')!;
      const error = await failure({
        checkpoint: { dir: join(at, 'checkpoints') },
        observers: {
          onStep: ({ step }) => {
            if (step !== 7) return;
            fill(at!);
            throw new DataError('evaluation broke');
          },
        },
      });
      expect(error.message).toMatch(
        /^evaluation broke. The state of step 7 could not be saved: .*step-00000007.safetensors: cannot be written: the disk is full \(ENOSPC\)/,
      );
    });

    function fill(where: string): void {
      try {
        writeFileSync(join(where, 'filling'), new Uint8Array(2 ** 20));
      } catch {
        // It is full now.
      }
    }
  });
});
