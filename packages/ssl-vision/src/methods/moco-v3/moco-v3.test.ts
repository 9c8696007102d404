import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import type { Encoder } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  gradientSize,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { MocoV3, type MocoV3Options } from './moco-v3.js';

type Own = Omit<MocoV3Options, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/moco-v3.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { backbone: 'vit' | 'conv'; options: Own })[] };
const key = randomKey(0);
const encoders: Record<'vit' | 'conv', () => Encoder> = {
  vit: () => new VisionTransformer({ key, imageSize: 8, patchSize: 4, dim: 8, depth: 1, heads: 2, pool: 'mean' }),
  conv: () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] }),
};
const build = (backbone: 'vit' | 'conv', options: Own = {}): MocoV3 =>
  new MocoV3({ backbone: encoders[backbone](), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });
const patchNames = (method: MocoV3): string[] =>
  [...method.trainable().keys()].filter((name) => name.includes('patch_embed'));

describe('MocoV3', () => {
  it.each(cases)('three updates equal the reference: $backbone', async ({ backbone, options, ...golden }) => {
    await expectTraining(() => build(backbone, options), golden);
  });

  it("freezes a vision transformer's projection of patches unless told otherwise", () => {
    expect(patchNames(build('vit'))).toEqual([]);
    expect(patchNames(build('vit', { freezePatches: false }))).toEqual([
      'backbone.patch_embed.proj.weight',
      'backbone.patch_embed.proj.bias',
    ]);
    expect(build('vit').settings).toMatchObject({ freezePatches: true });
    expect(build('conv').settings).toMatchObject({ freezePatches: false });
    expect(() => build('conv', { freezePatches: true })).toThrow(InvalidOptionError);
  });

  it('lets no gradient into the key encoder, whose momentum rises to 1', () => {
    const method = build('conv');
    const { predictor, momentumBackbone, momentumHead } = method.modules;
    expect(gradientSize(method, [predictor])).toBeGreaterThan(0);
    expect(gradientSize(method, [momentumBackbone, momentumHead])).toBe(0);
    const [pair] = method.emaPairs({ totalSteps: 10, stepsPerEpoch: 5 });
    const momentum = pair!.momentum as (step: number) => number;
    expect([momentum(0), momentum(10)]).toEqual([0.99, 1]);
  });

  it('refuses what does not fit', () => {
    expect(() => build('conv', { temperature: -1 })).toThrow(InvalidOptionError);
    expect(() => build('conv', { momentum: 2 })).toThrow(InvalidOptionError);
    expect(() => build('conv').loss(tensorsOf(batchOf(0, 1)), training)).toThrow(ShapeError);
  });
});
