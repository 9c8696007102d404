import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden, referenceShapes } from '../../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../../test/golden/vision/expect-backbone.js';
import { ResNet, resnet101, resnet18, resnet34, resnet50 } from './resnet.js';
import type { ResNetOptions } from './resnet.js';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../../test/golden/vision/${name}`, import.meta.url), 'utf8'));
const golden = read('resnet.json') as { cases: Record<string, BackboneCase> };
const { models } = read('state-dicts.json') as { models: Record<string, Record<string, number[]>> };

describe('ResNet', () => {
  describe.each(['eager', 'compiled'] as const)('%s', (mode) => {
    it.each(Object.entries(golden.cases))('equals torchvision: %s', async (_, expected) => {
      await expectBackboneGolden(
        new ResNet({ ...(expected.options as Omit<ResNetOptions, 'key'>), key: randomKey(0) }),
        expected,
        mode,
      );
    });
  });

  it('resnet18 has the names and shapes of torchvision', () => {
    const model = resnet18({ key: randomKey(0) });
    expect(model.featureDim).toBe(512);
    expect(referenceShapes(model)).toEqual(models['resnet18']);
    model.dispose();
  });

  it.each([
    ['resnet34', resnet34, 512],
    ['resnet50', resnet50, 2048],
    ['resnet101', resnet101, 2048],
  ] as const)(
    '%s has the names of torchvision and, at an eighth of the width, its shapes',
    (name, build, featureDim) => {
      const model = build({ key: randomKey(0), width: 8 });
      expect(model.featureDim).toBe(featureDim / 8);
      const eighth = (size: number, axis: number): number => (axis < 2 && size > 3 ? size / 8 : size);
      expect(referenceShapes(model)).toEqual(
        Object.fromEntries(Object.entries(models[name]!).map(([key, shape]) => [key, shape.map(eighth)])),
      );
      model.dispose();
    },
  );

  it('starts from Kaiming normal weights, fan out', () => {
    const { data } = resnet18({ key: randomKey(3), width: 16 })
      .stateDict()
      .get('layer4.0.conv2.weight')!;
    const variance = (data as Float32Array).reduce((sum, value) => sum + value * value, 0) / data.length;
    expect(variance / (2 / (128 * 9))).toBeCloseTo(1, 1);
  });

  it('refuses unknown options', () => {
    const key = randomKey(0);
    expect(() => resnet18({ key, stem: 'tiny' as 'cifar' })).toThrow(InvalidOptionError);
    expect(() => resnet18({ key, width: 0 })).toThrow('width must be positive integers, got 0');
    expect(() => new ResNet({ key, block: 'basic', layers: [1, 0, 1, 1] })).toThrow(InvalidOptionError);
  });
});
