import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { BatchNorm, Conv2d, Module, training } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { InvalidOptionError, RandomStream, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { linearProbe } from '../linear-probe/linear-probe.js';
import { extractFeatures } from '../features/extract-features.js';
import { inBatches } from '../features/in-batches.js';
import { ClassificationFineTuning } from './classification-fine-tuning.js';
import { Classifier } from './classifier.js';
import { evaluateClassifier } from './evaluate-classifier.js';
import { fineTune } from './fine-tune.js';

class Encoder extends Module {
  readonly conv = new Conv2d(1, 6, { kernelSize: 3, key: randomKey(5) });
  readonly bn = new BatchNorm(6);

  forward(images: tf.Tensor, ctx: ForwardContext): tf.Tensor2D {
    const x = tf.sub(tf.div(tf.cast(images, 'float32'), 127.5), 1) as tf.Tensor4D;
    return tf.mean(tf.relu(this.bn.forward(this.conv.forward(x), ctx)), [1, 2]);
  }
}

/** Stripes: rows (class 0), columns (class 1) or a diagonal (class 2), at random places. */
function stripes(count: number, seed: number): { inputs: NdArray<Uint8Array>; labels: Int32Array } {
  const stream = new RandomStream(randomKey(seed));
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const data = new Uint8Array(count * 36);
  labels.forEach((label, i) => {
    const at = stream.integer(6);
    for (let p = 0; p < 36; p++) {
      const [y, x] = [Math.floor(p / 6), p % 6];
      const on = [y === at, x === at, (x + y) % 6 === at][label]!;
      data[i * 36 + p] = (on ? 200 : 0) + stream.integer(40);
    }
  });
  return { inputs: { data, shape: [count, 6, 6, 1] }, labels };
}

const train = stripes(30, 1);
const test = stripes(60, 2);

function options(backbone = new Encoder()) {
  return {
    backbone,
    featureDim: 6,
    features: (x: tf.Tensor, ctx: ForwardContext) => backbone.forward(x, ctx),
    ...train,
    batchSize: 15,
    learningRate: 0.02,
    seed: 3,
  };
}

/** The options of a run that are those of a classifier. */
function encoderOf({ backbone, featureDim, features }: ReturnType<typeof options>) {
  return { backbone, featureDim, features, classes: 3, key: randomKey(1) };
}

describe('fineTune', () => {
  it('learns: test accuracy rises far above the fresh classifier', async () => {
    const own = options();
    const fresh = new Classifier<NdArray<Uint8Array>>(encoderOf(own));
    const before = await evaluateClassifier({ classifier: fresh, ...test, batchSize: 32 });
    const { classifier, training: run } = await fineTune({ ...own, steps: 60, bodyLearningRateScale: 1 });
    const after = await evaluateClassifier({ classifier, ...test, batchSize: 32 });
    expect(run.steps).toBe(60);
    expect(before.accuracy).toBeLessThan(0.6);
    expect(after.accuracy).toBeGreaterThan(0.9);
    expect(after.confusion.shape).toEqual([3, 3]);
    expect(after.perClass.map(({ support }) => support)).toEqual([20, 20, 20]);
    expect(after.logits.shape).toEqual([60, 3]);
  });

  it('logs, and starts from the weights of another run as its message about a changed one says', async () => {
    const base = mkdtempSync(join(tmpdir(), 'fine-tune-from-'));
    try {
      const [dir, logFile] = [join(base, 'first'), join(base, 'log.jsonl')];
      const first = await fineTune({ ...options(), steps: 4, checkpoint: { dir }, logFile });
      expect(readFileSync(logFile, 'utf8').trimEnd().split('\n')).toHaveLength(4);
      const changed = { ...options(), steps: 4, learningRate: 0.01 };
      const told = await fineTune({ ...changed, checkpoint: { dir } }).then(
        () => 'no error',
        (error: Error) => error.message,
      );
      const initFrom = JSON.parse(/initFrom: (".*?")/.exec(told)![1]!) as string;
      const { training: anew } = await fineTune({ ...changed, initFrom, checkpoint: { dir: join(base, 'second') } });
      expect(anew).toMatchObject({ steps: 4, notes: [expect.stringMatching(/from the weights of step 4 in /)] });
      expect(anew.history[0]!.loss).toBeLessThan(first.training.history[0]!.loss);
    } finally {
      rmSync(base, { recursive: true });
    }
  });

  it('goes on from its checkpoint when the same is run again after Ctrl-C, which it says and tells by the exit status', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ssl-fine-tune-'));
    const [{ exitCode }, written] = [process, vi.spyOn(process.stderr, 'write').mockReturnValue(true)];
    try {
      const whole = await fineTune({ ...options(), steps: 6 });
      const settings = { steps: 6, checkpoint: { dir } };
      const observers = { onStep: ({ step }: { step: number }) => void (step === 4 && process.emit('SIGINT')) };
      const { training: stopped } = await fineTune({ ...options(), ...settings, observers });
      expect([stopped.steps, stopped.interrupted, process.exitCode]).toEqual([4, true, 130]);
      expect(written.mock.calls.map(([text]) => text).join('')).toContain('Not finished: 4 of 6 steps. Saved in ');
      const rest = await fineTune({ ...options(), ...settings, handleSignals: false });
      expect(rest.training.interrupted).toBe(false);
      expect(rest.classifier.stateDict()).toEqual(whole.classifier.stateDict());
    } finally {
      written.mockRestore();
      process.exitCode = exitCode;
      rmSync(dir, { recursive: true });
    }
  });

  it('gives the same weights for the same seed and others for another', async () => {
    const weights = async (seed: number): Promise<unknown> =>
      (await fineTune({ ...options(), steps: 3, seed })).classifier.stateDict();
    const first = await weights(1);
    expect(await weights(1)).toEqual(first);
    expect(await weights(2)).not.toEqual(first);
  });

  it('leaves the body alone at scale 0, and running statistics at backboneMode evaluation', async () => {
    const own = options();
    const before = own.backbone.stateDict();
    const { classifier } = await fineTune({ ...own, steps: 3, bodyLearningRateScale: 0, backboneMode: 'evaluation' });
    expect(own.backbone.stateDict()).toEqual(before);
    expect(classifier.head.weight.variable.dataSync().some((value) => Math.abs(value) > 0.03)).toBe(true);
    await fineTune({ ...own, steps: 1, bodyLearningRateScale: 0, backboneMode: 'training' });
    expect(own.backbone.stateDict().get('bn.running_mean')).not.toEqual(before.get('bn.running_mean'));
  });

  it('starts from a linear probe and then agrees with it', async () => {
    const own = options();
    const features = (x: tf.Tensor): tf.Tensor2D => own.backbone.forward(x, { training: false });
    const extract = (inputs: NdArray<Uint8Array>) => extractFeatures(features, inBatches(inputs, 30));
    const probe = linearProbe({
      train: await extract(train.inputs),
      trainLabels: train.labels,
      test: await extract(test.inputs),
    });
    const classifier = new Classifier<NdArray<Uint8Array>>({ ...encoderOf(own), head: probe });
    const { predictions } = await evaluateClassifier({ classifier, ...test });
    expect(predictions).toEqual(probe.predictions);
  });

  it('refuses what does not fit', async () => {
    const own = options();
    await expect(fineTune({ ...own, steps: 0 })).rejects.toThrow(InvalidOptionError);
    await expect(fineTune({ ...own, steps: 1, labels: train.labels.subarray(1) })).rejects.toThrow(ShapeError);
    const head = {
      weight: { data: new Float32Array(6), shape: [1, 6] },
      bias: { data: new Float32Array(1), shape: [1] },
    };
    await expect(fineTune({ ...own, steps: 1, head })).rejects.toThrow('weight [3, 6]');
    expect(
      () =>
        new ClassificationFineTuning(new Classifier<NdArray<Uint8Array>>(encoderOf(own)), {
          backboneMode: 'eval' as 'training',
        }),
    ).toThrow(InvalidOptionError);
  });
});

describe('ClassificationFineTuning', () => {
  it('is the mean cross-entropy, with every parameter reached', () => {
    const classifier = new Classifier<NdArray<Uint8Array>>(encoderOf(options()));
    const method = new ClassificationFineTuning(classifier);
    const inputs = tf.tensor(Int32Array.from(train.inputs.data), [...train.inputs.shape], 'int32');
    const labels = tf.tensor1d(train.labels, 'int32');
    const variables = [...method.trainable().values()].map(({ variable }) => variable);
    const { value, grads } = tf.variableGrads(() => method.loss({ inputs, labels }, training).loss, variables);
    const probabilities = tf.softmax(classifier.forward(inputs, training)).arraySync() as number[][];
    const expected = -probabilities.reduce((sum, row, i) => sum + Math.log(row[train.labels[i]!]!), 0) / 30;
    expect(value.dataSync()[0]).toBeCloseTo(expected, 5);
    for (const variable of variables) expect(tf.max(tf.abs(grads[variable.name]!)).dataSync()[0]).toBeGreaterThan(0);
    expect([...method.trainable().keys()]).toEqual([
      'backbone.conv.weight',
      'backbone.conv.bias',
      'backbone.bn.weight',
      'backbone.bn.bias',
      'head.weight',
      'head.bias',
    ]);
  });
});
