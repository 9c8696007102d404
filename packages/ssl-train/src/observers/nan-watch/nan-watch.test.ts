import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { CheckpointError, DataError } from '@selfsup/ssl-tensor/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Settings, toy, type ToyBatch, ToyLoader, ToyMethod, weights } from '../../../test/toy-run.js';
import { NonFiniteLossError } from '../../step/non-finite-loss-error.js';
import type { MethodLoss } from '../../step/method.js';
import type { Tensors } from '../../step/tensors.js';
import { skipNonFinite } from '../../stages/skip-non-finite.js';
import { Sgd } from '../../optimizers/sgd.js';
import type { TrainerObserver } from '../trainer-observer.js';
import { nanWatch } from './nan-watch.js';
import { replayStep } from './replay-step.js';

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'nan-watch-')), 'steps');
});
afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

/** Batches of which one, from the run's start on, has something changed. */
class ChangedLoader extends ToyLoader {
  constructor(
    readonly at: number,
    readonly change: (batch: ToyBatch) => void,
  ) {
    super();
  }
  override async *epoch(epoch: number, from = 0): AsyncGenerator<ToyBatch> {
    let position = epoch * this.batchesPerEpoch + from;
    // Written over by the loader as soon as it goes on.
    for await (const batch of super.epoch(epoch, from)) {
      if (position++ === this.at) this.change(batch);
      yield batch;
      batch.x.data.fill(7);
    }
  }
}

/** The toy with another loss of its prediction error. */
class Other extends ToyMethod {
  constructor(readonly of: (prediction: tf.Tensor, y: tf.Tensor) => tf.Scalar) {
    super();
  }
  override loss({ x, y }: Tensors<ToyBatch>, ctx: ForwardContext): MethodLoss {
    return { loss: this.of(this.linear.forward(this.norm.forward(x, ctx)), y) };
  }
}

const files = (): string[] => readdirSync(dir);

/** What a run ends with. */
async function failed(settings: Settings): Promise<Error> {
  const observers = [nanWatch({ dir }), ...[settings.observers ?? []].flat()] as TrainerObserver[];
  const error: unknown = await toy({ ...settings, observers })
    .trainer.fit()
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NonFiniteLossError);
  return error as Error;
}

/** The step of the only file, by the line that the message names. */
async function replayed(makeMethod = () => new ToyMethod(5)): ReturnType<typeof replayStep<ToyBatch>> {
  expect(files()).toHaveLength(1);
  return replayStep<ToyBatch>(join(dir, files()[0]!), { method: makeMethod() });
}

describe('names the first tensor that is not finite, and the file replays it', () => {
  it('NaN in a batch', async () => {
    const loader = new ChangedLoader(6, ({ x }) => x.data.fill(NaN, 3, 5));
    const { message } = await failed({ loader });
    expect(message).toMatch(
      /The first tensor of step 7 that is not finite is 'x' of the batch \(2 NaN of 32 values\)\. Look at what the loader makes.*nan-step-00000007\.safetensors holds the step/,
    );
    const { losses, found, step, batches } = await replayed();
    expect([step, losses]).toEqual([7, [NaN]]);
    expect(found[0]).toEqual({ kind: 'batch', name: 'x', part: 0, nan: 2, infinite: 0, size: 32 });
    expect(batches[0]!.x.data.slice(3, 5)).toEqual(Float32Array.of(NaN, NaN));
    expect(batches[0]!.y.shape).toEqual([8, 1]);
  });

  it('NaN in a batch of several that make an update', async () => {
    const loader = new ChangedLoader(8, ({ y }) => void (y.data[0] = -Infinity));
    const { message } = await failed({ loader, accumulateSteps: 2, epochs: 4 });
    expect(message).toContain("of step 4 that is not finite is 'y' of batch 2 of 2 (1 infinite of 8 values)");
    const { losses, batches } = await replayed();
    expect(losses.map(Number.isFinite)).toEqual([true, false]);
    expect(batches).toHaveLength(2);
  });

  it('a parameter that was so at the start', async () => {
    const makeMethod = (): ToyMethod => {
      const method = new ToyMethod();
      tf.tidy(() => method.linear.weight.variable.assign(tf.tensor2d([[1], [NaN], [0], [0]])));
      return method;
    };
    const { message } = await failed({ makeMethod });
    expect(message).toMatch(
      /of step 1 that is not finite is the parameter 'linear\.weight' before the step \(1 NaN of 4/,
    );
    const { found, losses } = await replayed();
    expect([found[0]!.kind, found[0]!.name, losses]).toEqual(['parameter', 'linear.weight', [NaN]]);
  });

  it('a module that overflows, before the NaN that comes of it', async () => {
    class Overflowing extends ToyMethod {
      override loss({ x, y }: Tensors<ToyBatch>, ctx: ForwardContext): MethodLoss {
        const large = this.linear.forward(tf.mul(this.norm.forward(x, ctx), 2e38));
        return { loss: tf.mean(tf.square(tf.sub(this.target.forward(tf.mul(large, tf.zeros([1, 4]))), y))) };
      }
    }
    const { message } = await failed({ method: new Overflowing() });
    expect(message).toMatch(
      /of step 1 that is not finite is the output of module 'linear' \(\d infinite of 8 values, and in 1 more of this kind\); the first NaN is in the output of module 'ema-target-0'\./,
    );
    const { found } = await replayed(() => new Overflowing());
    expect(found.map(({ kind, name }) => `${kind} ${name}`).slice(0, 3)).toEqual([
      'output linear',
      'output ema-target-0',
      'loss loss',
    ]);
  });

  it('the loss, where all outputs are finite', async () => {
    const ofLog = (prediction: tf.Tensor): tf.Scalar => tf.neg(tf.mean(tf.log(tf.mul(prediction, 0))));
    const { message } = await failed({ method: new Other(ofLog) });
    expect(message).toMatch(
      /of step 1 that is not finite is the loss itself \(1 infinite of 1 value\)\. All outputs.*log of 0/,
    );
    const { losses } = await replayed(() => new Other(ofLog));
    expect(losses).toEqual([Infinity]);
  });

  it('a gradient, at the step before the one whose loss tells', async () => {
    // The root of 0 has no slope; the loss is finite.
    const ofRoot = (prediction: tf.Tensor): tf.Scalar => tf.mean(tf.sqrt(tf.mul(prediction, 0)));
    const { message } = await failed({ method: new Other(ofRoot) });
    expect(message).toContain('at step 2');
    expect(message).toMatch(
      /of step 1 that is not finite is the gradient of 'linear\.bias' \(1 NaN of 1 value, and in 3 more of this kind\)\. The loss \(0\) and all outputs.*nan-step-00000001/,
    );
    const { losses, found, text } = await replayed(() => new Other(ofRoot));
    expect(losses).toEqual([0]);
    expect(found[0]).toMatchObject({ kind: 'gradient', name: 'linear.bias' });
    expect(found.at(-1)!.kind).toBe('update');
    expect(message).toContain(text);
  });

  it('an update that no gradient made so', async () => {
    const method = new ToyMethod();
    const optimizer = new Sgd([{ parameters: method.trainable() }]);
    const { message } = await failed({ method, optimizer, schedule: 3e38 });
    expect(message).toMatch(
      /that is not finite is '[\w.]+' after the update .* Loss and gradients are finite: the learning rate \(3e\+38\) is too high/,
    );
    expect((await replayed()).found[0]!.kind).toBe('update');
  });
});

it('changes no number of a run, and leaves the model as it was before the step', async () => {
  const at12 = new ChangedLoader(12, ({ x }) => x.data.fill(NaN));
  const same = { ema: { momentum: 0.9 } };
  const plain = toy({ ...same, loader: new ChangedLoader(99, () => {}), steps: 12 });
  await plain.trainer.fit();
  const method = new ToyMethod();
  await failed({ ...same, method, loader: at12 });
  expect(weights(method)).toEqual(weights(plain.method));
  const watched = toy({ ...same, observers: nanWatch({ dir }), loader: new ChangedLoader(99, () => {}), steps: 12 });
  const { history } = await watched.trainer.fit();
  expect(weights(watched.method)).toEqual(weights(plain.method));
  expect(history).toHaveLength(12);
  expect(files()).toEqual(['nan-step-00000013.safetensors']);
});

it('leaves no tensor behind, over steps and at the end', async () => {
  const [counts, ends]: [number[], number[]] = [[], []];
  const counting: TrainerObserver = {
    onBatch: () => void counts.push(tf.memory().numTensors),
    onError: () => void ends.push(tf.memory().numTensors),
  };
  await failed({ loader: new ChangedLoader(9, ({ x }) => x.data.fill(NaN)), observers: counting });
  expect(counts).toHaveLength(10);
  expect(new Set([...counts.slice(2), ...ends]).size).toBe(1);
});

it('takes tensors of a batch as well', async () => {
  const loader = {
    batchesPerEpoch: 2,
    async *epoch(_: number, from = 0) {
      for (let at = from; at < 2; at++) yield { x: tf.fill([8, 4], at === 1 ? NaN : 1), y: tf.ones([8, 1]) };
    },
    close: async () => {},
  };
  const { message } = await failed({ loader: loader as never });
  expect(message).toContain("of step 2 that is not finite is 'x' of the batch (32 NaN of 32 values)");
  expect((await replayed()).losses).toEqual([NaN]);
});

it('is in the log, and says nothing of other errors or of updates that are skipped', async () => {
  mkdirSync(dir);
  const logFile = join(dir, '..', 'log.jsonl');
  await failed({ loader: new ChangedLoader(1, ({ x }) => x.data.fill(NaN)), logFile });
  expect(readFileSync(logFile, 'utf8')).toMatch(/"type":"error".*'x' of the batch/);
  rmSync(dir, { recursive: true });
  const broken = toy({ loader: new ToyLoader(5, 3), observers: nanWatch({ dir }) });
  await expect(broken.trainer.fit()).rejects.toThrow(/broken image(?!.*first tensor)/);
  const ofRoot = (prediction: tf.Tensor): tf.Scalar => tf.mean(tf.sqrt(tf.mul(prediction, 0)));
  const skipping = toy({ method: new Other(ofRoot), gradientStages: [skipNonFinite()], observers: nanWatch({ dir }) });
  expect((await skipping.trainer.fit()).skipped).toBe(20);
  expect(() => readdirSync(dir)).toThrow('ENOENT');
});

it('tells why a step could not be written, and which files are none', async () => {
  writeFileSync(dir, 'a file');
  const { message } = await failed({ loader: new ChangedLoader(0, ({ x }) => x.data.fill(NaN)) });
  expect(message).toMatch(/'x' of the batch .* The step could not be written: /);
  rmSync(dir);
  await failed({ loader: new ChangedLoader(0, ({ x }) => x.data.fill(NaN)) });
  const [path, method] = [join(dir, files()[0]!), new ToyMethod()];
  await expect(replayStep(join(dir, 'none'), { method })).rejects.toThrow(CheckpointError);
  const checkpoint = { dir: join(dir, 'c') };
  const { checkpoint: other } = await toy({ checkpoint, epochs: 1 }).trainer.fit();
  await expect(replayStep(other!, { method })).rejects.toThrow(DataError);
  await expect(replayStep(path, { method: Object.assign(new ToyMethod(), { name: 'other' }) })).rejects.toThrow(
    "is a step of the method 'toy'",
  );
  await expect(replayStep(path, {} as never)).rejects.toThrow(/method/);
  expect(() => nanWatch({ dir: '' })).toThrow(/dir/);
  expect(() => nanWatch({ folder: dir } as never)).toThrow(/folder/);
});
