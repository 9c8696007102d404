import { readFileSync } from 'node:fs';
import { foldIn, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import type { AugmentOperation } from '../image/augment.js';
import type { Image } from '../image/image.js';
import { autoAugment } from './auto-augment.js';
import { autoAugmentPolicies } from './auto-augment-policies.js';
import {
  type AugmentationSpace,
  autoAugmentSpace,
  drawOperation,
  randAugmentSpace,
  trivialAugmentSpace,
} from './augmentation-space.js';
import { randAugment } from './rand-augment.js';
import { trivialAugmentWide } from './trivial-augment-wide.js';

type StoredSpace = Record<string, { magnitudes: number[]; signed: boolean }>;
const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/data/augmentations.json', import.meta.url), 'utf8'),
) as {
  readonly spaces: Record<'randAugment' | 'randAugment10' | 'trivialAugmentWide' | 'autoAugment', StoredSpace>;
  readonly policies: Record<string, [string, number, number | null][][]>;
};
const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(3), n));

describe('spaces of operations', () => {
  it.each<[keyof typeof golden.spaces, AugmentationSpace, number, number, number]>([
    ['randAugment', randAugmentSpace, 31, 224, 160],
    ['randAugment10', randAugmentSpace, 10, 32, 32],
    ['trivialAugmentWide', trivialAugmentSpace, 31, 77, 50],
    ['autoAugment', autoAugmentSpace, 10, 224, 160],
  ])('%s has torchvision’s operations, magnitudes and signs', (name, space, bins, height, width) => {
    const expected = golden.spaces[name];
    expect([...space.keys()]).toEqual(Object.keys(expected));
    for (const [operation, { magnitude, signed }] of space) {
      const { magnitudes, signed: expectedSign } = expected[operation]!;
      expect(signed).toBe(expectedSign);
      expect(magnitude === undefined ? 0 : bins).toBe(magnitudes.length);
      for (const [bin, value] of magnitudes.entries())
        // The reference's are float32.
        expect(magnitude!(bin, bins, height, width) / (value || 1)).toBeCloseTo(value === 0 ? 0 : 1, 6);
    }
  });

  it('AutoAugment’s policies are torchvision’s', () => {
    const ours = Object.fromEntries(
      Object.entries(autoAugmentPolicies).map(([name, policy]) => [
        name,
        policy.map((pair) => pair.map(([operation, p, bin]) => [operation, p, bin ?? null])),
      ]),
    );
    expect(ours).toEqual(golden.policies);
  });

  it('draws all operations, bins and signs equally often', () => {
    const count = 28_000;
    const operations = new Map<AugmentOperation, number>();
    const angles = new Map<number, number>();
    for (let n = 0; n < count; n++) {
      const { operation, magnitude } = drawOperation(trivialAugmentSpace, 'random', 5, 32, 32, stream(n));
      operations.set(operation, (operations.get(operation) ?? 0) + 1);
      if (operation === 'Rotate') angles.set(magnitude, (angles.get(magnitude) ?? 0) + 1);
    }
    // 2,000 expected each; five standard deviations are 215.
    expect(operations.size).toBe(14);
    for (const times of operations.values()) expect(Math.abs(times - count / 14)).toBeLessThan(215);
    expect([...angles.keys()].toSorted((a, b) => a - b)).toEqual([
      -135, -101.25, -67.5, -33.75, 0, 33.75, 67.5, 101.25, 135,
    ]);
    // 200 expected for each sign; five standard deviations are 70.
    angles.delete(0);
    for (const times of angles.values()) expect(Math.abs(times - 200)).toBeLessThan(70);
  });
});

describe('policies as views', () => {
  const image: Image = {
    shape: [16, 20, 3],
    data: Uint8Array.from({ length: 960 }, (_, i) => (i * 37 + (i >> 3)) % 251),
  };

  it('RandAugment applies as many operations as it is told, at the one magnitude', () => {
    const { steps } = randAugment({ operations: 3, magnitude: 15, bins: 31 });
    const sizes = new Map<AugmentOperation, number[]>();
    for (let n = 0; n < 300; n++) {
      const drawn = steps.draw(16, 20, stream(n));
      expect(drawn).toHaveLength(3);
      for (const { operation, magnitude } of drawn) {
        const seen = sizes.get(operation) ?? [];
        sizes.set(operation, [...seen, Math.abs(magnitude)]);
      }
    }
    // 900 draws of 14 operations: each is among them.
    const only = (operation: AugmentOperation): number => {
      expect(new Set(sizes.get(operation)).size).toBe(1);
      return sizes.get(operation)![0]!;
    };
    expect(only('Rotate')).toBe(15);
    expect(only('Contrast')).toBeCloseTo(0.45, 12);
    expect(only('TranslateX')).toBeCloseTo((20 * 75) / 331, 12);
    expect(only('Posterize')).toBe(6);
    expect(only('Solarize')).toBe(127.5);
  });

  it('RandAugment without magnitude changes nothing geometric, and none at p = 0', () => {
    const still = randAugment({ operations: 2, p: 0 });
    for (let n = 0; n < 20; n++) expect(still(image, stream(n))).toEqual(image);
    const names = new Set(
      Array.from({ length: 200 }, (_, n) =>
        randAugment({ magnitude: 'random', p: 0.5 }).steps.draw(9, 9, stream(n)),
      ).flatMap((drawn) => drawn.map(({ operation }) => operation)),
    );
    expect(names.size).toBe(14);
  });

  it('AutoAugment applies a step as often as its policy says', () => {
    const { steps } = autoAugment({ policy: 'svhn' });
    const count = 20_000;
    let inverted = 0;
    for (let n = 0; n < count; n++)
      if (steps.draw(32, 32, stream(n)).some(({ operation }) => operation === 'Invert')) inverted++;
    const policy = golden.policies['svhn']!;
    const expected =
      policy.reduce((sum, pair) => sum + pair.reduce((p, [name, q]) => p + (name === 'Invert' ? q : 0), 0), 0) / 25;
    expect(Math.abs(inverted / count - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / count));
  });

  it('keep shape and type, grey or colour', () => {
    const grey: Image = { shape: [11, 12, 1], data: Uint8Array.from({ length: 132 }, (_, i) => (i * 53) % 256) };
    for (const view of [randAugment(), trivialAugmentWide(), autoAugment(), autoAugment({ policy: 'cifar10' })]) {
      for (let n = 0; n < 60; n++) {
        for (const input of [grey, image]) {
          const { data, shape } = view(input, stream(n));
          expect(shape).toEqual(input.shape);
          expect(data).toBeInstanceOf(Uint8Array);
        }
      }
    }
  });

  it.each<[string, () => unknown]>([
    ['operations', () => randAugment({ operations: 0 })],
    ['magnitude', () => randAugment({ magnitude: 31 })],
    ['magnitude', () => randAugment({ magnitude: 2.5 })],
    ['bins', () => randAugment({ bins: 1, magnitude: 0 })],
    ['p', () => randAugment({ p: 2 })],
    ['bins', () => trivialAugmentWide({ bins: 1 })],
    ['policy', () => autoAugment({ policy: 'mnist' as never })],
  ])('refuse a bad %s', (option, make) => {
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(new RegExp(`${option} must be`));
  });
});
