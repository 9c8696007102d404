import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import { earlyStop, type TrainerObserver } from '@selfsup/ssl-train';
import { expect, it } from 'vitest';
import { contrast, points, SmallEncoder, trainPairs } from '../../test/small-run.js';
import { extractFeatures } from '../features/extract-features.js';
import { inBatches } from '../features/in-batches.js';
import { knnClassify } from '../knn/knn-classify.js';
import { collapseWatch } from './collapse-watch.js';
import { onlineKnn, type OnlineKnnOptions } from './online-knn.js';

const [bank, test] = [points(100, 1), points(50, 2)];
const knn = (encoder: SmallEncoder, more: Partial<OnlineKnnOptions<tf.Tensor2D>> = {}) =>
  onlineKnn({ features: (x: tf.Tensor2D) => encoder.forward(x), bank, test, batchSize: 32, ...more });

it('is the accuracy that extractFeatures and knnClassify give of the final weights', async () => {
  let traces = 0;
  const { encoder, evaluations } = await trainPairs(contrast, (own) => ({
    epochs: 4,
    observers: knn(own, { features: (x) => (traces++, own.forward(x)) }),
  }));
  // Whatever the number of batches and measurements.
  expect(traces).toBe(1);
  const features = ({ inputs }: typeof bank) =>
    extractFeatures((x: tf.Tensor2D) => encoder.forward(x), inBatches(inputs, 50));
  const { accuracy } = await knnClassify({
    train: await features(bank),
    trainLabels: bank.labels,
    test: await features(test),
    testLabels: test.labels,
  });
  expect(evaluations.at(-1)!.metrics).toEqual({ knn: accuracy });
  expect(accuracy).toBeGreaterThan(0.9);
});

it('measures after the first epoch, every so many, and at the end, also of a run that ends within an epoch', async () => {
  const at = async (steps: number, everyEpochs: number): Promise<readonly number[]> => {
    const { evaluations } = await trainPairs(contrast, (encoder) => ({
      epochs: undefined as never,
      steps,
      observers: knn(encoder, { everyEpochs, k: 3 }),
    }));
    return evaluations.map(({ step }) => step);
  };
  expect(await at(42, 3)).toEqual([6, 18, 36, 42]);
  expect(await at(14, 1)).toEqual([6, 12, 14]);
  expect(await at(4, 1)).toEqual([4]);
});

it('and the watch for collapse change nothing: the run ends in the same bytes', async () => {
  const run = async (observers: (encoder: SmallEncoder) => readonly TrainerObserver[]) => {
    const { encoder, history } = await trainPairs(contrast, (own) => ({ epochs: 3, observers: observers(own) }));
    const state = [...encoder.stateDict()].map(([name, { data }]) => [name, Buffer.from(data.buffer).toString('hex')]);
    return { state, losses: history.map(({ loss }) => loss) };
  };
  const alone = await run(() => []);
  expect(alone.state.map(([name]) => name)).toContain('norm.running_mean');
  const before = tf.memory().numTensors;
  const both = await run((encoder) => [
    knn(encoder),
    collapseWatch({ features: (x: tf.Tensor2D) => encoder.forward(x), inputs: test.inputs }),
  ]);
  expect(both).toEqual(alone);
  // Nothing of the observers is left: what the run itself made was made by the first one too.
  const own = tf.memory().numTensors - before;
  const again = tf.memory().numTensors;
  await run(() => []);
  expect(tf.memory().numTensors - again).toBe(own);
});

it('gives several their names, and earlyStop its number', async () => {
  const { evaluations, notes } = await trainPairs(contrast, (encoder) => ({
    epochs: 4,
    schedule: 1e-9,
    observers: [
      knn(encoder),
      knn(encoder, { name: 'second', everyEpochs: 9 }),
      earlyStop({ metric: 'knn', mode: 'max', patience: 2 }),
    ],
  }));
  expect(evaluations.map(({ metrics }) => Object.keys(metrics).join())).toEqual([
    'knn',
    'second',
    'knn',
    'knn',
    'knn',
    'second',
  ]);
  expect(notes).toEqual([expect.stringMatching(/^knn has not got better in 2 values/)]);
});

it('takes a small bank, and refuses at once what does not fit', async () => {
  const encoder = new SmallEncoder();
  const small = points(6, 3);
  const { evaluations } = await trainPairs(contrast, (own) => ({ epochs: 1, observers: knn(own, { bank: small }) }));
  expect(evaluations[0]!.metrics['knn']).toBeGreaterThanOrEqual(0);
  expect(() => knn(encoder, { bank: small, k: 7 })).toThrow(/at most the 6 inputs of the bank/);
  expect(() => knn(encoder, { bank: { ...bank, labels: small.labels } })).toThrow(ShapeError);
  expect(() => knn(encoder, { test: { ...test, labels: test.labels.map((c) => (c === 3 ? -1 : c)) } })).toThrow(
    DataError,
  );
  expect(() => knn(encoder, { everyEpochs: 1.5 })).toThrow(InvalidOptionError);
  expect(() => knn(encoder, { temperature: 0 })).toThrow(InvalidOptionError);
});
