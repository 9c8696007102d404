import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { decodeSafetensors, encodeSafetensors, training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { type Method, Sgd, Trainer } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import {
  type Digests,
  expectDigests,
  fillFromGolden,
  gradientState,
  parameterVariables,
} from '../../../../../test/golden/vision/expect-backbone.js';
import { hashArray } from '../../../../../test/golden/vision/hash-fill.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { Mae } from './mae.js';
import {
  MaskedAutoencoder3d,
  maskedAutoencoder3dDefaults,
  maskedAutoencoder3dSmall,
  type MaskedAutoencoder3dOptions,
} from './masked-autoencoder3d.js';
import { randomMasking } from './random-masking.js';

interface Case {
  readonly maskRatio: number;
  readonly normalizeTargets: boolean;
  readonly qkvBias: boolean;
  readonly losses: number[];
  readonly shapes: Record<string, number[]>;
  readonly masked: number[][];
  readonly gradients: Digests;
  readonly weights: Digests;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/mae3d.json', import.meta.url), 'utf8'),
) as {
  batch: number;
  patches: number;
  rate: number;
  momentum: number;
  options: Omit<MaskedAutoencoder3dOptions, 'key'> & { volumeSize: [number, number, number]; inChannels: number };
  cases: Case[];
};
const [volumeSeed, noiseSeed] = [2101, 2201];
const normalize = { mean: 0, std: 1, scale: 'values' } as const;
const shape = [golden.batch, ...golden.options.volumeSize, golden.options.inChannels];
const build = (qkvBias = false): MaskedAutoencoder3d =>
  new MaskedAutoencoder3d({ ...golden.options, qkvBias, key: randomKey(1) });
const filled = ({ qkvBias, shapes }: Case): MaskedAutoencoder3d => {
  const model = build(qkvBias);
  expect(Object.fromEntries([...model.stateDict()].map(([name, array]) => [name, [...array.shape]]))).toEqual(shapes);
  fillFromGolden(model, shapes);
  return model;
};
const noiseOf = (step: number) => hashArray([golden.batch, golden.patches], noiseSeed + step);
const volumesOf = (step: number) => hashArray(shape, volumeSeed + step);
const tensor = ({ data, shape: own }: { data: Float32Array; shape: readonly number[] }): tf.Tensor =>
  tf.tensor(data, [...own]);

/** The method with the noise of a batch. */
const given = (method: Mae<MaskedAutoencoder3d>): Method<never, string> =>
  ({
    name: method.name,
    settings: method.settings,
    modules: method.modules,
    trainable: () => method.trainable(),
    loss: ({ views, noise }: { views: tf.Tensor[]; noise: tf.Tensor }, ctx: never) => ({
      loss: method.lossOf(normalizeImages(views[0]!, normalize), noise as tf.Tensor2D, ctx),
    }),
  }) as unknown as Method<never, string>;

describe('Mae of volumes', () => {
  it.each(golden.cases)(
    'loss and gradients equal those on MONAI: $maskRatio hidden, normalised targets $normalizeTargets',
    (expected) => {
      const { maskRatio, normalizeTargets } = expected;
      const model = filled(expected);
      const method = new Mae({ model, normalize, maskRatio, normalizeTargets });
      const noise = tensor(noiseOf(0)) as tf.Tensor2D;
      const { masked } = randomMasking(noise, maskRatio);
      expect(tf.sum(tf.oneHot(masked, golden.patches), 1).arraySync()).toEqual(expected.masked);
      const { value, grads } = tf.variableGrads(
        () => method.lossOf(tensor(volumesOf(0)), noise, training),
        parameterVariables(method.trainable()),
      );
      expect(value.dataSync()[0]).toBeCloseTo(expected.losses[0]!, 5);
      expect(Object.keys(grads)).toHaveLength(method.trainable().size);
      expectDigests(gradientState(model, grads), expected.gradients, 1e-4);
    },
  );

  it.each(golden.cases)('three updates equal those on MONAI: $maskRatio hidden', async (expected) => {
    const { maskRatio, normalizeTargets, losses } = expected;
    const model = filled(expected);
    const method = given(new Mae({ model, normalize, maskRatio, normalizeTargets }));
    const { history } = await new Trainer<never>({
      method,
      loader: {
        batchesPerEpoch: losses.length,
        async *epoch() {
          for (const step of losses.keys()) yield { views: [volumesOf(step)], noise: noiseOf(step) } as never;
        },
        close: async () => {},
      },
      optimizer: new Sgd([{ parameters: method.trainable() }], { momentum: golden.momentum }),
      schedule: golden.rate,
      steps: losses.length,
      seed: 1,
      logEvery: 1,
      progress: 'silent',
      handleSignals: false,
    }).fit();
    history.forEach(({ loss }, step) => expect(loss).toBeCloseTo(losses[step]!, 4));
    expectDigests(model.stateDict(), expected.weights, 1e-4);
  });

  it("gives MONAI's files back with equal bytes, and its encoder's under the names of its ViT", () => {
    const model = filled(golden.cases[0]!);
    const file = encodeSafetensors(model.stateDict());
    const other = build();
    other.loadStateDict(decodeSafetensors(file).tensors);
    expect(encodeSafetensors(other.stateDict())).toEqual(file);
    const names = [...model.backbone.stateDict().keys()];
    expect(names).toContain('norm.weight');
    expect(names.some((name) => name.startsWith('blocks.2.'))).toBe(false);
    const alone = build().backbone;
    alone.loadStateDict(model.backbone.stateDict());
    expect(alone.norm.weight.variable.dataSync()).toEqual(model.backbone.norm.weight.variable.dataSync());
  });

  it('never looks at hidden patches', () => {
    const model = build();
    const volumes = tensor(volumesOf(0)) as tf.Tensor5D;
    const hidden = randomMasking(tensor(noiseOf(0)) as tf.Tensor2D, 0.5);
    const predict = (input: tf.Tensor5D): Float32Array => model.forward(input, hidden).dataSync() as Float32Array;
    const [depth, height, width] = model.backbone.patchEmbed.grid;
    const marks = tf.sum(tf.oneHot(hidden.masked, golden.patches), 1);
    const cover = tf.tile(tf.reshape(marks, [golden.batch * depth, 1, height, 1, width, 1]), [
      1,
      4,
      1,
      2,
      1,
      4 * golden.options.inChannels,
    ]);
    const covered = tf.reshape(cover, shape as [number]) as tf.Tensor as tf.Tensor5D;
    expect(predict(tf.add(volumes, tf.mul(covered, 5)))).toEqual(predict(volumes));
    expect(predict(tf.add(volumes, tf.mul(tf.sub(1, covered), 5)))).not.toEqual(predict(volumes));
  });

  it('draws its mask from the key of the step, and takes the batches of a loader of volumes', () => {
    const method = new Mae({ model: build(), normalize });
    const batch = { views: [tensor(volumesOf(0))] };
    const loss = (seed: number): number => {
      const key = tf.tensor1d(keyArray(randomKey(seed)).data, 'int32');
      return method.loss(batch, { ...training, key }).loss.dataSync()[0]!;
    };
    expect(loss(1)).toBe(loss(1));
    expect(loss(1)).not.toBe(loss(2));
    expect(() => method.loss(batch, training)).toThrow(InvalidOptionError);
    expect(() => method.loss({ views: [tf.zeros([2, 8, 4, 12])] }, training)).toThrow(ShapeError);
    expect(() => method.loss({ views: [tf.zeros([2, 8, 4, 10, 2])] }, training)).toThrow("the patch's 4 x 2 x 4");
  });

  it('starts as the reference of images, and has presets', () => {
    const state = build().stateDict();
    const largest = (name: string): number =>
      (state.get(name)!.data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // Xavier's bound for patches of 64 numbers and 24 features.
    expect(largest('patch_embedding.patch_embeddings.weight')).toBeLessThanOrEqual(Math.sqrt(6 / 88));
    expect(largest('patch_embedding.patch_embeddings.weight')).toBeGreaterThan(0.95 * Math.sqrt(6 / 88));
    expect(largest('cls_token')).toBeGreaterThan(0.01);
    expect(largest('mask_tokens')).toBeGreaterThan(0.01);
    const small = new MaskedAutoencoder3d({ ...maskedAutoencoder3dSmall, key: randomKey(1) });
    expect(small.backbone.patchEmbed.grid).toEqual([4, 4, 4]);
    expect(maskedAutoencoder3dDefaults.decoder.dim % 6).toBe(0);
  });

  it('refuses what does not fit', () => {
    const options = { ...golden.options, key: randomKey(1) };
    const decoder = { dim: 12, depth: 1, heads: 2 };
    expect(() => new MaskedAutoencoder3d({ ...options, dim: 16, heads: 2 })).toThrow('a multiple of 6');
    expect(() => new MaskedAutoencoder3d({ ...options, volumeSize: 10 })).toThrow('multiples of patchSize 4 x 2 x 4');
    expect(() => new MaskedAutoencoder3d({ ...options, decoder: { ...decoder, dim: 16 } })).toThrow('a multiple of 6');
    expect(() => new MaskedAutoencoder3d({ ...options, decoder: { ...decoder, depth: 0 } })).toThrow(
      InvalidOptionError,
    );
    expect(() => new MaskedAutoencoder3d({ ...options, positions: 'learnt' } as never)).toThrow(InvalidOptionError);
  });
});
