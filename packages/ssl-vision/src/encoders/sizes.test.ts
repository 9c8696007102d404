import '@tensorflow/tfjs-backend-cpu';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { shapesOnly, summary } from '@selfsup/ssl-nn';
import type { Encoder } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { referenceShapes } from '../../../../test/golden/vision/expect-backbone.js';
import {
  convNeXtSmall,
  convNeXtTiny,
  dinoV2Base,
  dinoV2Giant,
  dinoV2Large,
  dinoV2Small,
  efficientNetB0,
  efficientNetB1,
  efficientNetB2,
  efficientNetB3,
  mobileNetV3Large,
  mobileNetV3Small,
  resnet101,
  resnet18,
  resnet34,
  resnet50,
  swinBase,
  swinSmall,
  swinTiny,
  vitBase,
  vitGiant,
  vitHuge,
  vitLarge,
  vitSmall,
  vitTiny,
  wideResnet101,
  wideResnet50,
} from '../index.js';

interface Size {
  readonly pixels: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly featureDim: number;
  readonly entries: number;
  /** SHA-256 of names and shapes. */
  readonly names: string;
  /** Thousands of millions, with the classifier. */
  readonly published?: number;
  /** Multiply-adds of the classifier. */
  readonly classifier?: number;
}

const file = new URL('../../../../test/golden/vision/encoder-sizes.json', import.meta.url);
const { models } = JSON.parse(readFileSync(file, 'utf8')) as { models: Record<string, Size> };
const key = randomKey(0);
const builders: Record<string, () => Encoder> = {
  resnet18: () => resnet18({ key }),
  resnet34: () => resnet34({ key }),
  resnet50: () => resnet50({ key }),
  resnet101: () => resnet101({ key }),
  wide_resnet50_2: () => wideResnet50({ key }),
  wide_resnet101_2: () => wideResnet101({ key }),
  mobilenet_v3_small: () => mobileNetV3Small({ key }),
  mobilenet_v3_large: () => mobileNetV3Large({ key }),
  efficientnet_b0: () => efficientNetB0({ key }),
  efficientnet_b1: () => efficientNetB1({ key }),
  efficientnet_b2: () => efficientNetB2({ key }),
  efficientnet_b3: () => efficientNetB3({ key }),
  vit_tiny_patch16_224: () => vitTiny({ key }),
  vit_small_patch16_224: () => vitSmall({ key }),
  vit_base_patch16_224: () => vitBase({ key }),
  vit_large_patch16_224: () => vitLarge({ key }),
  vit_huge_patch14_224: () => vitHuge({ key }),
  vit_giant_patch14_224: () => vitGiant({ key }),
  convnext_tiny: () => convNeXtTiny({ key }),
  convnext_small: () => convNeXtSmall({ key }),
  swin_tiny_patch4_window7_224: () => swinTiny({ key }),
  swin_small_patch4_window7_224: () => swinSmall({ key }),
  swin_base_patch4_window7_224: () => swinBase({ key }),
  vit_small_patch14_dinov2: () => dinoV2Small({ key }),
  vit_base_patch14_dinov2: () => dinoV2Base({ key }),
  vit_large_patch14_dinov2: () => dinoV2Large({ key }),
  vit_base_patch14_reg4_dinov2: () => dinoV2Base({ key, registers: 4 }),
  vit_giant_patch14_dinov2: () => dinoV2Giant({ key }),
  vit_giant_patch14_reg4_dinov2: () => dinoV2Giant({ key, registers: 4 }),
};

describe('encoders at their real sizes', () => {
  it('are all compared', () => expect(Object.keys(builders).sort()).toEqual(Object.keys(models).sort()));

  it.each(Object.entries(builders))(
    '%s has the names, shapes, parameters and multiply-adds of the reference',
    async (name, build) => {
      const expected = models[name]!;
      const encoder = shapesOnly(build);
      const shapes = referenceShapes(encoder);
      const { featureDim } = encoder;
      const { pixels } = expected;
      const { parameters, multiplyAdds } = await summary(encoder, [1, pixels, pixels, 3]);
      encoder.dispose();
      const lines = Object.entries(shapes).map(([entry, shape]) => `${entry} [${shape.join(', ')}]\n`);
      const names = createHash('sha256').update(lines.toSorted().join('')).digest('hex');
      expect({ entries: lines.length, names, parameters, multiplyAdds, featureDim }).toEqual({
        entries: expected.entries,
        names: expected.names,
        parameters: expected.parameters,
        multiplyAdds: expected.multiplyAdds,
        featureDim: expected.featureDim,
      });
    },
  );

  it.each(Object.entries(models).filter(([, { published }]) => published !== undefined))(
    '%s counts as torchvision publishes it',
    (_, { multiplyAdds, classifier, published }) =>
      expect((multiplyAdds + classifier!) / 1e9).toBeCloseTo(published!, 3),
  );
});
