import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { labelledRows } from '@selfsup/ssl-data';
import { Linear } from '@selfsup/ssl-nn';
import { DataError, InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { Trainer, AdamW, NonFiniteLossError } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import { ClassificationFineTuning } from '../fine-tune/classification-fine-tuning.js';
import type { LabelledBatch } from '../fine-tune/classification-fine-tuning.js';
import { Classifier } from '../fine-tune/classifier.js';
import { evaluateClassifier } from '../fine-tune/evaluate-classifier.js';
import { fineTune } from '../fine-tune/fine-tune.js';
import { LabelledBatches } from '../fine-tune/labelled-batches.js';
import { knnClassify } from '../knn/knn-classify.js';
import { linearProbe } from '../linear-probe/linear-probe.js';
import { accuracy } from '../metrics/accuracy.js';
import { confusionMatrix } from '../metrics/confusion-matrix.js';
import { topKAccuracy } from '../metrics/top-k-accuracy.js';
import { checkLabels } from './check-labels.js';
import { gatherRows } from './gather-rows.js';
import { labelDraws } from './label-draws.js';

const stream = new RandomStream(randomKey(4));
const rows = 8;
const features: NdArray<Float32Array> = {
  data: Float32Array.from({ length: rows * 3 }, () => stream.normal()),
  shape: [rows, 3],
};
const good = Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3);
const backbone = new Linear(3, 4, { key: randomKey(1) });
const encoder = {
  backbone,
  featureDim: 4,
  features: (x: tf.Tensor) => backbone.forward(x as tf.Tensor2D),
};
const classifier = (classes = 4) => new Classifier<NdArray<Float32Array>>({ ...encoder, key: randomKey(2), classes });

/** Everything that takes labels, called with some. */
const takers: Readonly<Record<string, (labels: Int32Array, data: NdArray<Float32Array>) => unknown>> = {
  checkLabels: (labels) => checkLabels('checkLabels', 'labels', labels, labels.length, 4),
  'knnClassify, train': (trainLabels, data) => knnClassify({ train: data, trainLabels, test: data, k: 2, classes: 4 }),
  'knnClassify, test': (testLabels, data) =>
    knnClassify({ train: features, trainLabels: good, test: data, testLabels, k: 2, classes: 4 }),
  'linearProbe, train': (trainLabels, data) => linearProbe({ train: data, trainLabels, test: data, classes: 4 }),
  'linearProbe, test': (testLabels, data) =>
    linearProbe({ train: features, trainLabels: good, test: data, testLabels, classes: 4 }),
  fineTune: (labels, inputs) => fineTune({ ...encoder, inputs, labels, steps: 1, classes: 4, batchSize: 4 }),
  LabelledBatches: (labels, inputs) =>
    new LabelledBatches({ inputs, labels, batchSize: 4, key: randomKey(1), classes: 4 }),
  evaluateClassifier: (labels, inputs) => evaluateClassifier({ classifier: classifier(), inputs, labels }),
  topKAccuracy: (labels) =>
    topKAccuracy({ data: new Float32Array(4 * labels.length), shape: [labels.length, 4] }, labels, 2),
  confusionMatrix: (labels) => confusionMatrix(new Int32Array(labels.length), labels, 4),
};
const attempt = async (call: () => unknown): Promise<Error> => {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('was taken');
};
const changed = (at: number, label: number): Int32Array => good.map((own, i) => (i === at ? label : own));

describe.each(Object.entries(takers))('%s', (_, take) => {
  it('takes labels of the classes', async () => {
    await expect(Promise.resolve(take(good, features))).resolves.toBeDefined();
  });

  it('refuses -1 with a way out that works', async () => {
    const labels = changed(3, -1);
    const error = await attempt(() => take(labels, features));
    expect(DataError.isInstance(error)).toBe(true);
    expect(error.message).toMatch(/1 of 8 \w+ are -1, which is 'no label', the first of them \w+\[3\]\..*labelledRows/);
    expect(error.message).toMatch(/the classes 0 \.\. 3$/);
    const kept = labelledRows(labels);
    await take(gatherRows({ data: labels, shape: [rows] }, kept).data, gatherRows(features, kept));
  });

  it.each([4, -2, -100])('refuses %i, and ends with the classes that there are', async (label) => {
    const error = await attempt(() => take(changed(5, label), features));
    expect(DataError.isInstance(error)).toBe(true);
    expect(error.message).toMatch(new RegExp(`\\w+\\[5\\] is ${label}, outside the classes 0 \\.\\. 3$`));
  });
});

it('names the classes also where the labels alone say them', () => {
  expect(() => checkLabels('f', 'labels', [0, 4, -3], 3)).toThrow('f: labels[2] is -3, outside the classes 0 .. 4');
  expect(() => checkLabels('f', 'labels', [0, 1.5], 2)).toThrow('f: labels[1] is 1.5, outside the classes 0 .. 0');
  expect(() => checkLabels('f', 'labels', [0, NaN], 2)).toThrow(DataError);
  expect(() => checkLabels('f', 'labels', [0], 2)).toThrow(ShapeError);
});

describe('labels that are identifiers', () => {
  const huge = changed(3, 2 ** 31 - 1);
  it.each(['knnClassify, train', 'linearProbe, train', 'confusionMatrix'])('%s refuses them', async (name) => {
    const alone: Record<string, (labels: Int32Array) => unknown> = {
      'knnClassify, train': (trainLabels) => knnClassify({ train: features, trainLabels, test: features, k: 2 }),
      'linearProbe, train': (trainLabels) => linearProbe({ train: features, trainLabels, test: features }),
      confusionMatrix: (labels) => confusionMatrix(new Int32Array(labels.length), labels),
    };
    const error = await attempt(() => alone[name]!(huge));
    expect(DataError.isInstance(error)).toBe(true);
    expect(error.message).toMatch(/has the label 2147483647; .*Number the classes that there are 0, 1, 2/);
    // The advice, followed.
    const numbers = new Map([...new Set(huge)].sort((a, b) => a - b).map((label, number) => [label, number]));
    await alone[name]!(huge.map((label) => numbers.get(label)!));
  });

  it('a confusion matrix of 100,000 classes is refused', () =>
    expect(() => confusionMatrix(changed(0, 99_999), good)).toThrow('100000 classes by 100000 classes are more than'));
});

it.each([0, -1, 4.5, NaN, '4' as unknown as number])('refuses %s classes', async (classes) => {
  for (const call of [
    () => knnClassify({ train: features, trainLabels: good, test: features, k: 2, classes }),
    () => linearProbe({ train: features, trainLabels: good, test: features, classes }),
    () => confusionMatrix(good, good, classes),
    () => new LabelledBatches({ inputs: features, labels: good, batchSize: 4, key: randomKey(1), classes }),
  ])
    expect((await attempt(call)).message).toContain('classes must be a ');
});

it('refuses an array with its shape in the place of labels or rows', () => {
  const labels = { data: good, shape: [rows] } as never;
  expect(() => labelDraws(labels, 1, 1, randomKey(0))).toThrow(InvalidOptionError);
  expect(() => gatherRows(features, labels)).toThrow(InvalidOptionError);
  expect(() => confusionMatrix(good, labels)).toThrow(InvalidOptionError);
  expect(() => labelDraws(new Int32Array(4).fill(-1), 1, 1, randomKey(0))).toThrow('no sample has a label');
});

it('gathers rows of a Buffer without a warning', () => {
  const { data } = gatherRows({ data: Buffer.from([1, 2, 3, 4]), shape: [2, 2] }, [1]);
  expect([...data]).toEqual([3, 4]);
});

it('accuracy does not take a missing label for a hit', () => {
  expect(() => accuracy(Int32Array.of(0, -1), Int32Array.of(0, -1))).toThrow(DataError);
  expect(accuracy(Int32Array.of(0, -1), Int32Array.of(0, 1))).toBe(0.5);
});

describe('ClassificationFineTuning on batches of its own', () => {
  const batch = (labels: Int32Array): LabelledBatch<NdArray<Float32Array>> => ({
    inputs: features,
    labels: { data: labels, shape: [rows] },
  });
  const train = async (labels: Int32Array) => {
    const method = new ClassificationFineTuning(classifier());
    const loader = {
      batchesPerEpoch: 1,
      epoch: async function* () {
        yield batch(labels);
      },
      close: async () => {},
    };
    const trainer = new Trainer({
      method,
      loader,
      optimizer: new AdamW([{ parameters: method.trainable() }]),
      schedule: () => 0,
      steps: 1,
      seed: 0,
      progress: 'silent',
    });
    return (await trainer.fit()).history[0]!;
  };

  it('leaves out what has no label, in loss and accuracy', async () => {
    const kept = Int32Array.of(0, 1, 2, 5, 7);
    const labels = Int32Array.from(good, (label, i) => (kept.includes(i) ? label : i === 3 ? -100 : -1));
    const own = classifier();
    const logits = own.forward(tf.tensor2d(gatherRows(features, kept).data, [5, 3]) as never);
    const expected = tf.mean(
      tf.losses.softmaxCrossEntropy(
        tf.oneHot(
          tf.tensor1d(
            [...kept].map((i) => good[i]!),
            'int32',
          ),
          4,
        ),
        logits,
      ),
    );
    const entry = await train(labels);
    expect(entry.loss).toBeCloseTo(expected.dataSync()[0]!, 5);
    // What counts in the mean is what the batch counts by within an update of several.
    const { weight } = new ClassificationFineTuning(classifier()).loss(
      { inputs: tf.tensor2d(features.data, [rows, 3]) as never, labels: tf.tensor1d(labels, 'int32') },
      { training: false } as never,
    );
    expect(weight!.dataSync()[0]).toBe(5);
    const best = tf.argMax(logits, 1).dataSync();
    expect(entry.metrics['accuracy']).toBeCloseTo([...kept].filter((i, at) => best[at] === good[i]).length / 5, 6);
  });

  it.each([
    ['a label beyond the classes', changed(2, 4)],
    ['a negative label', changed(2, -7)],
    ['no label at all', good.map(() => -1)],
  ])('stops at %s', async (_, labels) => {
    await expect(train(labels)).rejects.toThrow(NonFiniteLossError);
    await expect(train(labels)).rejects.toThrow(/label/);
  });
});

it('evaluateClassifier says so when the classifier diverged', async () => {
  const broken = classifier();
  broken.head.bias!.variable.assign(tf.fill([4], NaN));
  await expect(evaluateClassifier({ classifier: broken, inputs: features, labels: good })).rejects.toThrow(
    'evaluateClassifier: logits holds NaN in row 0',
  );
});
