import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, compile, keyArray, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  expectDigests,
  fillFromGolden,
  gradientState,
  parameterVariables,
  referenceShapes,
} from '../../../../../test/golden/vision/expect-backbone.js';
import type { Digests } from '../../../../../test/golden/vision/expect-backbone.js';
import { hashArray } from '../../../../../test/golden/vision/hash-fill.js';
import { resizePositions } from '../../encoders/vision-transformer/resize-positions.js';
import { Mae } from './mae.js';
import { MaskedAutoencoder } from './masked-autoencoder.js';
import type { MaskedAutoencoderOptions } from './masked-autoencoder.js';
import { randomMasking } from './random-masking.js';

interface Golden {
  readonly options: Omit<MaskedAutoencoderOptions, 'key'>;
  readonly image: [number, number, number, number];
  readonly patches: number;
  readonly shapes: Record<string, number[]>;
  readonly cases: {
    maskRatio: number;
    normalizeTargets: boolean;
    loss: number;
    kept: number[][];
    masked: number[][];
    prediction: [number, number];
    gradients: Digests;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/mae.json', import.meta.url), 'utf8'),
) as Golden;
const [inputSeed, noiseSeed] = [1001, 1004];
/** Leaves inputs that are not pixels as they are. */
const identity = { mean: 0, std: 1 / 255 };
const build = (key = randomKey(0)): MaskedAutoencoder => new MaskedAutoencoder({ ...golden.options, key });
const images = hashArray(golden.image, inputSeed);
const noise = hashArray([golden.image[0], golden.patches], noiseSeed);
const context = (seed: number): ForwardContext => ({
  ...training,
  key: tf.tensor1d(keyArray(randomKey(seed)).data, 'int32'),
});
const batch = { views: [tf.tensor(images.data, golden.image)] };

describe('Mae', () => {
  describe.each(['eager', 'compiled'] as const)('%s', (mode) => {
    it.each(golden.cases)(
      'loss, prediction and gradients equal the reference: $maskRatio hidden, normalised targets $normalizeTargets',
      async ({ maskRatio, normalizeTargets, loss, kept, masked, prediction, gradients }) => {
        const model = build();
        expect(referenceShapes(model)).toEqual(
          Object.fromEntries(Object.entries(golden.shapes).map(([name, shape]) => [name, shape])),
        );
        fillFromGolden(model, golden.shapes);
        const method = new Mae({ model, normalize: identity, maskRatio, normalizeTargets });
        const pass = (x: tf.Tensor, uniform: tf.Tensor) => {
          const hidden = randomMasking(uniform as tf.Tensor2D, maskRatio);
          const predicted = model.forward(x as tf.Tensor4D, hidden, training);
          const { value, grads } = tf.variableGrads(
            () => method.lossOf(x as tf.Tensor4D, uniform as tf.Tensor2D, training),
            parameterVariables(method.trainable()),
          );
          return { hidden: { ...hidden }, predicted, value, grads };
        };
        const result =
          mode === 'eager'
            ? pass(tf.tensor(images.data, golden.image), tf.tensor(noise.data, [...noise.shape]))
            : await compile(pass)(images, noise);
        expect(result.hidden.kept.arraySync()).toEqual(kept);
        expect(result.hidden.masked.arraySync()).toEqual(masked);
        expect(result.value.dataSync()[0]).toBeCloseTo(loss, 5);
        const { predicted } = result;
        expectDigests(
          new Map([['prediction', { data: predicted.dataSync() as Float32Array, shape: predicted.shape }]]),
          { prediction },
          1e-5,
        );
        expectDigests(gradientState(model, result.grads), gradients, 1e-4);
      },
    );
  });

  it('draws its mask from the key of the step', () => {
    const method = new Mae({ model: build(), normalize: identity });
    const loss = (seed: number): number => method.loss(batch, context(seed)).loss.dataSync()[0]!;
    expect(loss(1)).toBe(loss(1));
    expect(loss(1)).not.toBe(loss(2));
    expect(() => method.loss(batch, training)).toThrow(InvalidOptionError);
  });

  it('never looks at hidden patches', () => {
    const method = new Mae({ model: build(), normalize: identity, maskRatio: 0.5 });
    const x = tf.tensor4d(images.data, golden.image);
    const hidden = randomMasking(tf.tensor2d(noise.data, noise.shape as [number, number]), 0.5);
    const predict = (input: tf.Tensor4D): Float32Array =>
      method.modules.decoder
        .forward(method.modules.backbone.encode(input, undefined, { keep: hidden.kept }).tokens, hidden)
        .dataSync() as Float32Array;
    // Pixels of every hidden patch change.
    const cover = tf.tidy(() => {
      const marks = tf.buffer([2, 4, 4, 1]);
      hidden.masked
        .arraySync()
        .forEach((row, image) => row.forEach((patch) => marks.set(1, image, Math.floor(patch / 4), patch % 4, 0)));
      const marked = tf.tile(tf.reshape(marks.toTensor(), [2, 4, 1, 4, 1, 1]), [1, 1, 4, 1, 4, 3]);
      return tf.reshape(marked, golden.image) as tf.Tensor4D;
    });
    expect(predict(tf.add(x, tf.mul(cover, 5)))).toEqual(predict(x));
    expect(predict(tf.add(x, tf.mul(tf.sub(1, cover), 5)))).not.toEqual(predict(x));
  });

  it('takes images of another size, of which every patch is drawn', () => {
    const method = new Mae({ model: build(), normalize: identity, maskRatio: 0.5 });
    const { backbone } = method.modules;
    const [height, width, channels] = golden.image.slice(1) as [number, number, number];
    const [rows, columns] = backbone.patchEmbed.grid;
    const size = [2, height, 2 * width, channels] as [number, number, number, number];
    const large = hashArray(size, 3);
    expect(method.loss({ views: [tf.tensor(large.data, size)] }, context(1)).loss.dataSync()[0]).toBeGreaterThan(0);
    // Equal to a model of that size with resized positions, whose places go beyond the smaller grid's.
    const model = build(randomKey(5));
    const other = new MaskedAutoencoder({ ...golden.options, imageSize: [height, 2 * width], key: randomKey(6) });
    const state = model.stateDict();
    expect(() => other.loadStateDict(state)).toThrow("state.set('decoder_pos_embed', resizePositions(");
    for (const name of ['pos_embed', 'decoder_pos_embed'])
      state.set(name, resizePositions(state.get(name) as NdArray<Float32Array>, { to: [rows, 2 * columns] }));
    other.loadStateDict(state);
    const uniform = hashArray([2, 2 * rows * columns], 4);
    const hidden = randomMasking(tf.tensor2d(uniform.data, [2, 2 * rows * columns]), 0.5);
    const input = tf.tensor4d(large.data, size);
    const [predicted, expected] = [model.forward(input, hidden), other.forward(input, hidden)];
    expect(predicted.shape).toEqual([2, rows * columns, backbone.patchEmbed.pixels]);
    expect(tf.max(tf.abs(tf.sub(predicted, expected))).dataSync()[0]).toBeLessThan(1e-5);
    const small = tf.zeros([2, rows * columns]) as tf.Tensor2D;
    expect(() => method.lossOf(input, small, training)).toThrow(ShapeError);
  });

  it('trains all but the positions, and starts as the reference does', () => {
    const model = build(randomKey(3));
    const method = new Mae({ model, normalize: identity });
    const names = [...method.trainable().keys()];
    expect(names).toContain('backbone.cls_token');
    expect(names).toContain('decoder.mask_token');
    expect(names.filter((name) => name.includes('pos_embed'))).toEqual([]);
    expect(names.length).toBe(Object.keys(golden.shapes).length - 2);
    const state = model.stateDict();
    // Xavier's bound for 48 pixels and 24 features, and for queries, keys and values as one layer of 24 and 72.
    const largest = (name: string): number =>
      (state.get(name)!.data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest('patch_embed.proj.weight')).toBeLessThanOrEqual(Math.sqrt(6 / 72));
    expect(largest('patch_embed.proj.weight')).toBeGreaterThan(0.95 * Math.sqrt(6 / 72));
    expect(largest('blocks.0.attn.qkv.weight')).toBeLessThanOrEqual(Math.sqrt(6 / 96));
    expect(largest('blocks.0.attn.qkv.bias')).toBe(0);
    expect(largest('mask_token')).toBeGreaterThan(0.01);
  });

  it('refuses what does not fit', () => {
    expect(() => new Mae({ model: build(), normalize: identity, maskRatio: 1 })).toThrow(InvalidOptionError);
    const sizes = { ...golden.options, key: randomKey(0) };
    expect(() => new MaskedAutoencoder({ ...sizes, decoder: { dim: 18, depth: 1, heads: 2 } })).toThrow(
      'a multiple of 4',
    );
    expect(() => new MaskedAutoencoder({ ...sizes, decoder: { dim: 16, depth: 0, heads: 2 } })).toThrow(
      InvalidOptionError,
    );
  });
});
