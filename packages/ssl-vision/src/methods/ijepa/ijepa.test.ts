import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey } from '@selfsup/ssl-tensor';
import type { Method } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  gradientSize,
  statistics,
  tensorsOf,
  type TrainingCase,
  type Views,
} from '../../../../../test/golden/vision/expect-training.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { IJepa, iJepaDefaults, type IJepaOptions } from './ijepa.js';
import { jepaBlocks, jepaBlockSizes } from './jepa-blocks.js';

interface Blocks {
  readonly context: number[][];
  readonly targets: number[][][];
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/ijepa.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { blocks: Blocks[] })[] };
const key = randomKey(0);
const vit = (registers = 0) =>
  new VisionTransformer({ key, imageSize: 8, patchSize: 2, dim: 8, depth: 1, heads: 2, registers });
const build = (options: Partial<IJepaOptions> = {}): IJepa =>
  new IJepa({
    backbone: vit(),
    key,
    normalize: statistics,
    predictor: { dim: 12, depth: 2, heads: 2 },
    momentum: 0.9,
    ...options,
  });
const stepKey = tf.tensor1d(keyArray(randomKey(1)).data, 'int32');
const ctx = { ...training, key: stepKey };

/** The method with the blocks of the labels: those of the context, then of targets of six and four. */
const given = (method: IJepa): Method<Views, string> => ({
  name: method.name,
  settings: method.settings,
  modules: method.modules,
  trainable: () => method.trainable(),
  emaPairs: (run) => method.emaPairs(run),
  loss: ({ views, labels }, context) => {
    const part = (from: number, count: number): tf.Tensor2D =>
      tf.slice(labels as tf.Tensor as tf.Tensor2D, [0, from], [-1, count]);
    const images = normalizeImages(views[0]!, statistics);
    return method.lossOf(images, { context: part(0, 5), targets: [part(5, 6), part(11, 4)] }, context);
  },
});

describe('IJepa', () => {
  it.each(cases)('three updates equal those on timm', async ({ blocks, ...golden }) => {
    const batchAt = (step: number): Views => {
      const { context, targets } = blocks[step]!;
      const rows = context.map((row, image) => [...row, ...targets.flatMap((target) => target[image]!)]);
      return { ...batchOf(step, 1), labels: { data: Int32Array.from(rows.flat()), shape: [8, 15] } };
    };
    await expectTraining(() => given(build()), golden, batchAt);
  });

  it('draws blocks that the context has nothing of', () => {
    const grid = [6, 8] as const;
    const sizes = jepaBlockSizes(grid, { ...iJepaDefaults, targetCount: 3, targetScale: 0.15, contextRatio: 0.2 });
    expect(sizes.targets).toEqual([
      [2, 3],
      [3, 3],
      [3, 2],
    ]);
    expect(sizes.context).toEqual([6, 7]);
    const { context, targets } = jepaBlocks(stepKey, 300, grid, sizes);
    const [kept, blocks] = [context.arraySync(), targets.map((target) => target.arraySync())];
    const seen = new Set<number>();
    for (let image = 0; image < 300; image++) {
      const hidden = new Set(blocks.flatMap((block) => block[image]!));
      expect(kept[image]!.filter((patch) => hidden.has(patch))).toEqual([]);
      expect(new Set(kept[image]).size).toBe(sizes.contextCount);
      blocks.forEach((block, at) => {
        const [first] = block[image]!;
        const [height, width] = sizes.targets[at]!;
        expect(block[image]).toEqual(
          Array.from({ length: height * width }, (_, i) => first! + 8 * Math.floor(i / width) + (i % width)),
        );
        expect((first! % 8) + width).toBeLessThanOrEqual(8);
        expect(Math.floor(first! / 8) + height).toBeLessThanOrEqual(6);
      });
      hidden.forEach((patch) => seen.add(patch));
    }
    expect(seen.size).toBe(48);
  });

  it('takes patches of a short context again', () => {
    const sizes = { targets: [[2, 4]] as const, context: [4, 4] as const, contextCount: 12 };
    const { context, targets } = jepaBlocks(stepKey, 20, [4, 4], sizes);
    const [kept, hidden] = [context.arraySync(), targets[0]!.arraySync()];
    kept.forEach((row, image) => {
      expect(row.filter((patch) => hidden[image]!.includes(patch))).toEqual([]);
      expect(new Set(row).size).toBe(8);
      expect(row.slice(8)).toEqual(row.slice(0, 4));
    });
  });

  it('has a teacher that no gradient enters, and a momentum that rises by equal steps', () => {
    const method = build();
    const { backbone, teacher, predictor } = method.modules;
    expect(teacher.stateDict()).toEqual(backbone.stateDict());
    const keyed: Method<Views, string> = {
      ...given(method),
      loss: ({ views }, context) => method.loss({ views: [views[0]!] }, { ...context, key: stepKey }),
    };
    expect(gradientSize(keyed, [backbone])).toBeGreaterThan(0);
    expect(gradientSize(keyed, [predictor])).toBeGreaterThan(0);
    expect(gradientSize(keyed, [teacher])).toBe(0);
    const at = method.emaPairs({ totalSteps: 100, stepsPerEpoch: 10 })[0]!.momentum as (step: number) => number;
    expect([at(0), at(50), at(100)].map((value) => value.toFixed(6))).toEqual(['0.900000', '0.950000', '1.000000']);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ backbone: vit(2) })).toThrow('a VisionTransformer without registers');
    expect(() => build({ targetScale: 1.5 })).toThrow(InvalidOptionError);
    expect(() => build({ targetScale: 1, targetAspects: [1, 1] })).toThrow('less than all 16 patches');
    expect(() => build({ targetAspects: [2, 1] })).toThrow('the lower first');
    expect(() => build({ contextRatio: 0 })).toThrow(InvalidOptionError);
    const { views } = tensorsOf(batchOf(0, 1));
    expect(() => build().loss({ views }, training)).toThrow('a random key');
    expect(build().loss({ views }, ctx).metrics!['featureStd']!.dataSync()[0]).toBeGreaterThan(0);
  });
});
