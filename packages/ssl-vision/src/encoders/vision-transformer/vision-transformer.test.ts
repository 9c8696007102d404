import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden, referenceShapes } from '../../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../../test/golden/vision/expect-backbone.js';
import { VisionTransformer } from './vision-transformer.js';
import type { VisionTransformerOptions } from './vision-transformer-options.js';
import { vitSmall, vitTiny } from './vit-sizes.js';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../../test/golden/vision/${name}`, import.meta.url), 'utf8'));
const golden = read('vit.json') as { cases: Record<string, BackboneCase> };
const { models } = read('state-dicts.json') as { models: Record<string, Record<string, number[]>> };
const small = { key: randomKey(0), imageSize: 8, patchSize: 4, dim: 12, depth: 1, heads: 2 } as const;

describe('VisionTransformer', () => {
  describe.each(['eager', 'compiled'] as const)('%s', (mode) => {
    it.each(Object.entries(golden.cases))('equals timm: %s', async (_, expected) => {
      await expectBackboneGolden(
        new VisionTransformer({ ...(expected.options as unknown as VisionTransformerOptions), key: randomKey(0) }),
        expected,
        mode,
      );
    });
  });

  it.each([
    ['vit_tiny_patch16_224', vitTiny, 192],
    ['vit_small_patch16_224', vitSmall, 384],
  ] as const)('%s has the names and shapes of timm', (name, build, featureDim) => {
    const model = build({ key: randomKey(0) });
    expect(model.featureDim).toBe(featureDim);
    expect(referenceShapes(model)).toEqual(models[name]);
    model.dispose();
  });

  it('gives all tokens, whose class token is the feature', () => {
    const model = new VisionTransformer(small);
    const images = tf.ones([2, 8, 8, 3]) as tf.Tensor4D;
    const { tokens, prefix, grid } = model.encode(images);
    expect([prefix, grid]).toEqual([1, [2, 2]]);
    expect(tokens.shape).toEqual([2, 5, 12]);
    const feature = model.forward(images).dataSync();
    tf.slice(tokens, [0, 0, 0], [2, 1, 12])
      .dataSync()
      .forEach((value, i) => expect(feature[i]).toBeCloseTo(value, 5));
  });

  it('gives the tokens of some patches: of all in any order, those of the whole image', () => {
    const model = new VisionTransformer({ ...small, positions: 'sinCos' });
    const images = tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 5) as tf.Tensor4D;
    const order = tf.tensor2d([2, 0, 3, 1, 1, 3, 2, 0], [2, 4], 'int32');
    const tokens = model.encode(images, undefined, { keep: order }).tokens.arraySync();
    const whole = model.encode(images).tokens.arraySync();
    order
      .arraySync()
      .forEach((patches, image) =>
        [0, ...patches.map((patch) => patch + 1)].forEach((place, i) =>
          tokens[image]![i]!.forEach((value, j) => expect(value).toBeCloseTo(whole[image]![place]![j]!, 5)),
        ),
      );
    expect(model.encode(images, undefined, { keep: tf.tensor2d([3, 1], [2, 1], 'int32') }).tokens.shape).toEqual([
      2, 2, 12,
    ]);
  });

  it('has positions that train, or fixed ones of the same name', () => {
    const fixed = new VisionTransformer({ ...small, positions: 'sinCos' });
    expect(fixed.namedParameters().has('pos_embed')).toBe(false);
    expect(referenceShapes(fixed)['pos_embed']).toEqual([1, 5, 12]);
    const learnt = new VisionTransformer(small);
    expect(learnt.namedParameters().has('pos_embed')).toBe(true);
    expect(learnt.loadStateDict(fixed.stateDict())).toMatchObject({ missing: [], unexpected: [], ignored: new Map() });
  });

  it('refuses sizes that do not divide', () => {
    expect(() => new VisionTransformer({ ...small, imageSize: 10 })).toThrow(InvalidOptionError);
    expect(() => new VisionTransformer({ ...small, heads: 5 })).toThrow(InvalidOptionError);
    expect(() => new VisionTransformer({ ...small, positions: 'fixed' as 'learnt' })).toThrow(InvalidOptionError);
    const model = new VisionTransformer(small);
    expect(() => model.forward(tf.ones([1, 8, 13, 3]))).toThrow(ShapeError);
    expect(() => model.forward(tf.ones([1, 2, 13, 3]))).toThrow(
      'multiples of 4, such as height 4 and width 12 or 16, got [1, 2, 13, 3]',
    );
    expect(() => model.encode(tf.ones([1, 3, 8, 8]))).toThrow('tf.transpose(images, [0, 2, 3, 1])');
  });
});
