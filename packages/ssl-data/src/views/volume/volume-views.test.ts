import fc from 'fast-check';
import { foldIn, InvalidOptionError, ndArray, randomKey, RandomStream, DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { composeVolume } from './compose-volume.js';
import { randomIntensityScale, randomIntensityShift } from './random-intensity.js';
import { randomVolumeCrop } from './random-volume-crop.js';
import { randomVolumeFlip } from './random-volume-flip.js';
import { randomVolumeNoise } from './random-volume-noise.js';
import { randomVolumeRotate90 } from './random-volume-rotate90.js';
import type { Volume, VolumeAxis, VolumeView } from './volume.js';

const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(6), n));
const side = fc.integer({ min: 1, max: 5 });
const volumes = fc.tuple(side, side, side, fc.constantFrom(1, 2)).map(([d, h, w, c]): Volume => {
  return ndArray(
    Float32Array.from({ length: d * h * w * c }, (_, i) => i),
    [d, h, w, c],
  );
});
const at = ({ data, shape }: Volume, z: number, y: number, x: number): number =>
  data[((z * shape[1]! + y) * shape[2]! + x) * shape[3]!]!;

describe('crop', () => {
  it('cuts a block out', () => {
    const volume = ndArray(
      Float32Array.from({ length: 5 * 6 * 7 * 2 }, (_, i) => i),
      [5, 6, 7, 2],
    );
    const view = randomVolumeCrop({ size: [2, 3, 4] });
    const corners = new Set<string>();
    for (let n = 0; n < 400; n++) {
      const [z, y, x] = view.steps!.draw([5, 6, 7, 2], stream(n));
      corners.add([z, y, x].join());
      const out = view(volume, stream(n));
      expect(out.shape).toEqual([2, 3, 4, 2]);
      expect(at(out, 0, 0, 0)).toBe(at(volume, z, y, x));
      expect(at(out, 1, 2, 3)).toBe(at(volume, z + 1, y + 2, x + 3));
    }
    // 4 x 4 x 4 places.
    expect(corners.size).toBe(64);
  });

  it('refuses a volume that is too small', () => {
    expect(() => randomVolumeCrop({ size: 3 })(ndArray(new Float32Array(8), [2, 2, 2, 1]), stream(0))).toThrow(
      DataError,
    );
  });
});

describe('flip', () => {
  it('mirrors the axes it draws', () => {
    fc.assert(
      fc.property(volumes, fc.subarray<VolumeAxis>([0, 1, 2]), (volume, axes) => {
        const { steps } = randomVolumeFlip({ p: 1 });
        const out = steps!.apply(volume, axes);
        const [d, h, w] = volume.shape as [number, number, number];
        const mirrored = (axis: VolumeAxis, place: number, length: number): number =>
          axes.includes(axis) ? length - 1 - place : place;
        expect(out.shape).toEqual(volume.shape);
        for (let z = 0; z < d; z++)
          for (let y = 0; y < h; y++)
            for (let x = 0; x < w; x++)
              expect(at(out, z, y, x)).toBe(at(volume, mirrored(0, z, d), mirrored(1, y, h), mirrored(2, x, w)));
        expect(steps!.apply(out, axes)).toEqual(volume);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('mirrors each axis half of the time', () => {
    const times = [0, 0, 0];
    for (let n = 0; n < 2000; n++)
      for (const axis of randomVolumeFlip().steps!.draw([1, 1, 1, 1], stream(n))) times[axis]!++;
    // Five standard deviations are 112.
    for (const value of times) expect(Math.abs(value - 1000)).toBeLessThan(112);
  });
});

describe('quarter turns', () => {
  it('are NumPy’s rot90', () => {
    const volume = ndArray(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3, 1]);
    const turned = [1, 2, 3].map((turns) => randomVolumeRotate90().steps!.apply(volume, turns));
    expect(turned.map(({ shape, data }) => [shape, [...data]])).toEqual([
      [
        [1, 3, 2, 1],
        [3, 6, 2, 5, 1, 4],
      ],
      [
        [1, 2, 3, 1],
        [6, 5, 4, 3, 2, 1],
      ],
      [
        [1, 3, 2, 1],
        [4, 1, 5, 2, 6, 3],
      ],
    ]);
  });

  it('add up, in any plane', () => {
    fc.assert(
      fc.property(
        volumes,
        fc.constantFrom<[VolumeAxis, VolumeAxis]>([0, 1], [1, 0], [0, 2], [2, 1], [1, 2]),
        (volume, axes) => {
          const { apply } = randomVolumeRotate90({ axes }).steps!;
          expect(apply(apply(volume, 1), 3)).toEqual(volume);
          expect(apply(apply(volume, 1), 1)).toEqual(apply(volume, 2));
          expect(apply(apply(volume, 2), 1)).toEqual(apply(volume, 3));
          // The other way round is the opposite turn.
          expect(randomVolumeRotate90({ axes: [axes[1], axes[0]] }).steps!.apply(volume, 1)).toEqual(apply(volume, 3));
        },
      ),
      { seed: 2, numRuns: 50 },
    );
  });
});

describe('intensity', () => {
  const volume = ndArray(Float32Array.of(-1, 0, 2, 4), [1, 1, 2, 2]);

  it('scales and shifts by the number drawn', () => {
    expect([...randomIntensityScale({ range: 0.5 }).steps!.apply(volume, 0.5).data]).toEqual([-1.5, 0, 3, 6]);
    expect([...randomIntensityShift({ range: [1, 2] }).steps!.apply(volume, 2).data]).toEqual([1, 2, 4, 6]);
    const drawn = Array.from({ length: 2000 }, (_, n) =>
      randomIntensityShift({ range: [1, 2], p: 0.25 }).steps!.draw([1, 1, 2, 2], stream(n)),
    );
    const applied = drawn.filter((value) => value !== 0);
    expect(applied.every((value) => value >= 1 && value < 2)).toBe(true);
    // Five standard deviations are 97.
    expect(Math.abs(applied.length - 500)).toBeLessThan(97);
  });

  it('adds noise of the deviation drawn', () => {
    const zeros = ndArray(new Float32Array(20_000), [10, 10, 100, 2]);
    const view = randomVolumeNoise({ mean: 3, std: 2, p: 1 });
    const drawn = view.steps!.draw([10, 10, 100, 2], stream(0));
    const { data } = view(zeros, stream(0));
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const deviation = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length);
    expect(Math.abs(mean - 3)).toBeLessThan((5 * 2) / Math.sqrt(20_000));
    expect(deviation / drawn!.std).toBeCloseTo(1, 1);
  });
});

it('all: plain parameters, same numbers same result, input untouched', () => {
  const volume = ndArray(
    Float32Array.from({ length: 4 * 4 * 4 * 2 }, (_, i) => Math.sin(i)),
    [4, 4, 4, 2],
  );
  const before = volume.data.slice();
  const views: VolumeView[] = [
    randomVolumeCrop({ size: 3 }),
    randomVolumeFlip(),
    randomVolumeRotate90({ p: 1 }),
    randomIntensityScale({ range: 0.1, p: 0.5 }),
    randomIntensityShift({ range: 0.1, p: 0.5 }),
    randomVolumeNoise({ p: 0.5 }),
  ];
  for (const view of [...views, composeVolume(...views)]) {
    for (let n = 0; n < 10; n++) {
      const result = view(volume, stream(n));
      expect(view(volume, stream(n))).toEqual(result);
      if (view.steps === undefined) continue;
      const parameters: unknown = JSON.parse(JSON.stringify(view.steps.draw([4, 4, 4, 2], stream(n))));
      expect(view.steps.apply(volume, parameters)).toEqual(result);
    }
  }
  expect(volume.data).toEqual(before);
});

it.each<[string, () => unknown]>([
  ['size', () => randomVolumeCrop({ size: [1, 0, 2] })],
  ['p', () => randomVolumeFlip({ p: -1 })],
  ['axes', () => randomVolumeFlip({ axes: [3 as never] })],
  ['axes', () => randomVolumeRotate90({ axes: [1, 1] })],
  ['range', () => randomIntensityScale({ range: [2, 1] })],
  ['std', () => randomVolumeNoise({ std: -1 })],
])('a volume view refuses a bad %s', (option, make) => {
  expect(make).toThrow(InvalidOptionError);
  expect(make).toThrow(new RegExp(`${option} must be`));
});
