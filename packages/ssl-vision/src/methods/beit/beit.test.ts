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
  pictures,
  statistics,
  tensorsOf,
  type TrainingCase,
  type Views,
} from '../../../../../test/golden/vision/expect-training.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { Beit, type BeitOptions } from './beit.js';
import { beitTransformer } from './beit-transformer.js';
import { VisualTokenizer } from './visual-tokenizer.js';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/beit.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { masks: number[][] })[] };
const key = randomKey(0);
const small = { key, imageSize: 8, patchSize: 2, dim: 8, depth: 2, heads: 2 } as const;
const tokenizer = (downsampling = 2) =>
  new VisualTokenizer({ key, downsampling, vocabulary: 6, width: 4, codeWidth: 5, blocks: 1 });
const build = (options: Partial<BeitOptions> = {}): Beit =>
  new Beit({ backbone: beitTransformer(small), tokenizer: tokenizer(), key, normalize: statistics, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

/** The method with the masks of a batch's labels. */
const masked = (method: Beit): Method<Views, string> => ({
  name: method.name,
  settings: method.settings,
  modules: method.modules,
  trainable: () => method.trainable(),
  loss: ({ views, labels }, context) => ({
    loss: method.loss({ views, masks: labels! } as never, context).loss,
  }),
});

describe('Beit', () => {
  it.each(cases)("three updates equal those of the authors' arithmetic", async ({ masks, ...golden }) => {
    const batchAt = (step: number): Views => ({
      ...batchOf(step, 1),
      labels: { data: Int32Array.from(masks[step]!), shape: [8, 16] },
    });
    await expectTraining(() => masked(build()), golden, batchAt);
  });

  it('counts masked patches only, of which it sees nothing', () => {
    const method = build();
    const [view] = tensorsOf(batchOf(0, 1)).views as [tf.Tensor4D];
    const mask = tf.oneHot(tf.fill([8], 5, 'int32'), 16) as tf.Tensor2D;
    const { tokens } = method.modules.backbone.encode(tf.cast(view, 'float32'), training, { mask });
    // Another patch at the masked place changes no token.
    const other = tf.concat(
      [
        tf.slice(view, [0, 0, 0, 0], [8, 2, 8, 3]),
        tf.reverse(tf.slice(view, [0, 2, 0, 0], [8, 2, 8, 3]), 3),
        tf.slice(view, [0, 4, 0, 0], [8, 4, 8, 3]),
      ],
      1,
    );
    const place = (x: tf.Tensor) => tf.slice(x, [0, 2, 2, 0], [8, 2, 2, 3]);
    const changed = tf.add(
      view,
      tf.pad(tf.sub(place(other), place(view)), [
        [0, 0],
        [2, 4],
        [2, 4],
        [0, 0],
      ]),
    ) as tf.Tensor4D;
    const again = method.modules.backbone.encode(tf.cast(changed, 'float32'), training, { mask }).tokens;
    expect(tf.max(tf.abs(tf.sub(tokens, again))).dataSync()[0]).toBeLessThan(1e-6);
    // With scores that do not depend on the patch, each counts the logarithm of its share.
    const { head } = method.modules;
    tf.tidy(() => head.weight.variable.assign(tf.zerosLike(head.weight.variable)));
    expect(method.lossOf(view, mask, training).loss.dataSync()[0]).toBeCloseTo(Math.log(6), 5);
  });

  it('takes the tokens of the picture at the size at which a patch is one token', () => {
    const method = build({ backbone: beitTransformer({ ...small, patchSize: 4 }), maskRatio: 0.5 });
    const { head } = method.modules;
    tf.tidy(() => head.weight.variable.assign(tf.zerosLike(head.weight.variable)));
    const [view] = tensorsOf(batchOf(0, 1)).views as [tf.Tensor4D];
    const half = tf.avgPool(tf.div(tf.cast(view, 'float32'), 255) as tf.Tensor4D, 2, 2, 'valid');
    const tokens = method.modules.tokenizer.tokens(half).dataSync();
    const most = 3;
    head.bias!.write({ data: Float32Array.from({ length: 6 }, (_, at) => (at === most ? 2 : 0)), shape: [6] });
    const all = tf.ones([8, 4]) as tf.Tensor2D;
    const { loss, metrics } = method.lossOf(view, all, training);
    const hits = [...tokens].filter((token) => token === most).length / tokens.length;
    expect(metrics!['tokenAccuracy']!.dataSync()[0]).toBeCloseTo(hits, 6);
    expect(loss.dataSync()[0]).toBeCloseTo(Math.log(Math.exp(2) + 5) - 2 * hits, 4);
  });

  it('does not train the tokenizer', () => {
    const method = build();
    const modules = new Set([...method.trainable().keys()].map((name) => name.split('.')[0]));
    expect([...modules]).toEqual(['backbone', 'head']);
  });

  it('refuses what does not fit', () => {
    const plain = new VisionTransformer(small);
    expect(() => build({ backbone: plain })).toThrow('a VisionTransformer built with maskToken: true');
    expect(() => build({ tokenizer: plain as unknown as VisualTokenizer })).toThrow('a VisualTokenizer');
    expect(() => build({ tokenizer: tokenizer(4) })).toThrow("divides the backbone's patches of 2");
    expect(() => build({ maskRatio: 0 })).toThrow(InvalidOptionError);
    const { views } = tensorsOf(batchOf(0, 1));
    expect(() => build({ maskRatio: 0.01 }).loss({ views }, ctx)).toThrow('one patch or more of 16');
    expect(() => build().loss({ views, masks: tf.ones([8, 15]) }, ctx)).toThrow(ShapeError);
    expect(() => build().loss({ views }, training)).toThrow('a random key');
    const large = tensorsOf({ views: [pictures(0, 12)] });
    expect(() => build().loss({ views: large.views }, ctx)).toThrow('of 8 x 8 pixels, as relativePositions are');
  });
});

describe('beitTransformer', () => {
  it('has one bias of offsets, no positions, and branches that end smaller the deeper they are', () => {
    const model = beitTransformer({ ...small, dim: 64, depth: 8 });
    const names = [...model.stateDict().keys()];
    expect(names.filter((name) => /pos/.test(name))).toEqual(['rel_pos_bias.relative_position_bias_table']);
    expect(model.relativePositions!.table.variable.shape).toEqual([7 * 7 + 3, 2]);
    const deviation = (at: number) =>
      tf.moments(model.blocks[at]!.attn.proj.weight.variable).variance.dataSync()[0]! ** 0.5;
    expect(deviation(0) / deviation(7)).toBeGreaterThan(0.97 * Math.sqrt(8));
    expect(deviation(0) / deviation(7)).toBeLessThan(1.03 * Math.sqrt(8));
    // A Gaussian of 0.02 that is cut at one deviation has one of 0.0108.
    expect(Math.abs(deviation(0) - 0.0108 / Math.SQRT2)).toBeLessThan(5e-4);
    expect(model.featureDim).toBe(64);
  });

  it('computes all tokens only', () => {
    const model = beitTransformer(small);
    const keep = tf.tensor2d([[0, 1]], [1, 2], 'int32');
    expect(() => model.encode(tf.zeros([1, 8, 8, 3]), training, { keep })).toThrow('left out with relativePositions');
    expect(() => new VisionTransformer({ ...small, relativePositions: true, registers: 2 })).toThrow(
      InvalidOptionError,
    );
  });
});
