import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import type { Method } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  type TrainingCase,
  tensorsOf,
  type Views,
} from '../../../../../test/golden/vision/expect-training.js';
import { DiscreteVae, type DiscreteVaeOptions } from './discrete-vae.js';
import { VisualTokenizer, type VisualTokenizerOptions } from './visual-tokenizer.js';

interface VaeCase extends TrainingCase {
  readonly noise: readonly number[][];
  readonly temperatures: readonly number[];
  readonly weights: readonly number[];
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/discrete-vae.json', import.meta.url), 'utf8'),
) as { cases: VaeCase[] };
const key = randomKey(0);
const small = { key, downsampling: 2, vocabulary: 6, width: 4, codeWidth: 5, blocks: 1 };
const tokenizer = (options: Partial<VisualTokenizerOptions> = {}) => new VisualTokenizer({ ...small, ...options });
const build = (options: Partial<DiscreteVaeOptions> = {}) => new DiscreteVae({ tokenizer: tokenizer(), ...options });
const run = { totalSteps: 1000, stepsPerEpoch: 100 };
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32'), phase: 'train' };

/** The method with the golden's numbers in place of drawn noise and of its schedules. */
function fixed(golden: VaeCase): Method<Views, string> {
  const method = build();
  return {
    name: method.name,
    settings: method.settings,
    modules: method.modules,
    trainable: () => method.trainable(),
    schedules: () => ({
      temperature: (step: number) => golden.temperatures[step]!,
      klWeight: (step: number) => golden.weights[step]!,
    }),
    loss: ({ views, labels }, { values }) => {
      const noise = tf.div(tf.add(tf.cast(labels!, 'float32'), 0.5), 2 ** 20) as tf.Tensor4D;
      const images = tf.div(tf.cast(views[0]!, 'float32'), 255) as tf.Tensor4D;
      const { temperature, klWeight } = values as Record<string, tf.Scalar>;
      return { loss: method.lossOf(images, noise, temperature!, klWeight!).loss };
    },
  };
}

describe('DiscreteVae', () => {
  it.each(cases)("three updates equal those of DALL-E's arithmetic", async (golden) => {
    const batchAt = (step: number): Views => ({
      ...batchOf(step, 1),
      labels: { data: Int32Array.from(golden.noise[step]!), shape: [8, 4, 4, 6] },
    });
    await expectTraining(() => fixed(golden), golden, batchAt);
  });

  it('anneals by cosines and then stays', () => {
    const { temperature, klWeight } = build({ klWeight: 2, klWarmup: 0.1, annealing: 0.5 }).schedules(run);
    expect([0, 250, 500, 999].map((step) => temperature(step))).toEqual([1, 17 / 32, 1 / 16, 1 / 16]);
    expect([0, 100, 999].map((step) => klWeight(step))).toEqual([0, 2, 2]);
    expect(klWeight(50)).toBeCloseTo(1, 10);
    const { temperature: none } = build({ annealing: 0 }).schedules(run);
    expect(none(0)).toBe(1 / 16);
  });

  it('draws other tokens with another key, and tells its parts', () => {
    const { views } = tensorsOf(batchOf(0, 1));
    const values = { temperature: tf.scalar(0.5), klWeight: tf.scalar(3) };
    const method = build();
    const { loss, metrics } = method.loss({ views }, { ...ctx, values });
    const [total, reconstruction, kl] = [loss, metrics!['reconstruction']!, metrics!['kl']!].map(
      (x) => x.dataSync()[0]!,
    );
    // Twelve numbers a place.
    expect(total).toBeCloseTo(reconstruction! + (3 * kl!) / 12, 4);
    const other = { ...ctx, key: tf.tensor1d(keyArray(randomKey(2)).data, 'int32') };
    expect(method.loss({ views }, { ...other, values }).loss.dataSync()[0]).not.toBe(total);
    expect(() => method.loss({ views }, { ...training, values, phase: 'train' })).toThrow('a random key');
  });

  it('information is 0 where all places get the same, and the logarithm of the tokens where each is sure of its own', () => {
    const method = build();
    const { output } = method.modules.tokenizer.encoder;
    output.weight.variable.assign(tf.zerosLike(output.weight.variable));
    const { views } = tensorsOf(batchOf(0, 1));
    const values = { temperature: tf.scalar(0.5), klWeight: tf.scalar(1) };
    const told = () => method.loss({ views }, { ...ctx, values }).metrics!;
    expect(told()['information']!.dataSync()[0]).toBeCloseTo(0, 5);
    expect(told()['kl']!.dataSync()[0]).toBeCloseTo(0, 5);
    output.bias!.write({ data: Float32Array.of(40, 0, 0, 0, 0, 0), shape: [6] });
    expect(told()['information']!.dataSync()[0]).toBeCloseTo(0, 5);
    expect(told()['kl']!.dataSync()[0]).toBeCloseTo(Math.log(6), 4);
  });

  it('refuses what does not fit', () => {
    expect(() => tokenizer({ downsampling: 6 })).toThrow('a power of two');
    expect(() => tokenizer({ width: 6 })).toThrow('a multiple of 4');
    expect(() => tokenizer({ vocabulary: 0 })).toThrow(InvalidOptionError);
    expect(() => tokenizer().tokens(tf.zeros([1, 7, 8, 3]))).toThrow(ShapeError);
    expect(() => tokenizer().tokens(tf.zeros([1, 8, 8, 1]))).toThrow(ShapeError);
    expect(() => build({ tokenizer: undefined as unknown as VisualTokenizer })).toThrow(InvalidOptionError);
    expect(() => build({ klWeight: -1 })).toThrow(InvalidOptionError);
    expect(() => build({ temperature: [1, 0] })).toThrow(InvalidOptionError);
    expect(() => build({ temperature: [1] as unknown as [number, number] })).toThrow('two numbers');
    expect(() => build({ annealing: 2 })).toThrow(InvalidOptionError);
  });
});

describe('VisualTokenizer', () => {
  it('gives tokens row by row, and pictures of the size they had', () => {
    const model = tokenizer({ downsampling: 4 });
    const images = tf.randomUniform([2, 8, 12, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
    const logits = model.logits(images);
    expect(logits.shape).toEqual([2, 2, 3, 6]);
    const tokens = model.tokens(images);
    expect([tokens.shape, tokens.dtype]).toEqual([[2, 6], 'int32']);
    expect([...tokens.dataSync()]).toEqual([...tf.argMax(logits, 3).dataSync()]);
    const again = model.reconstruct(images);
    expect(again.shape).toEqual(images.shape);
    expect(tf.min(again).dataSync()[0]).toBeGreaterThanOrEqual(0);
    expect(tf.max(again).dataSync()[0]).toBeLessThanOrEqual(1);
  });

  it('is saved and loaded as any module', () => {
    const images = tf.randomUniform([2, 8, 8, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
    const [first, second] = [tokenizer(), tokenizer({ key: randomKey(9) })];
    second.loadStateDict(first.stateDict());
    expect([...second.logits(images).dataSync()]).toEqual([...first.logits(images).dataSync()]);
  });
});
