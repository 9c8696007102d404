import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  DataError,
  compile,
  foldIn,
  InvalidOptionError,
  ndArray,
  type NdArray,
  randomKey,
  RandomStream,
  ShapeError,
} from '@selfsup/ssl-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { DataLoader } from '../loader/data-loader.js';
import { autoAugment } from '../views/auto-augment.js';
import { barlowTwinsViews } from '../views/barlow-twins-views.js';
import { byolViews } from '../views/byol-views.js';
import { centerCrop } from '../views/center-crop.js';
import { cifarSupervisedViews, cifarViews } from '../views/cifar-views.js';
import { colorJitter } from '../views/color-jitter.js';
import { compose } from '../views/compose.js';
import { cutout } from '../views/cutout.js';
import { verticalFlip } from '../views/flip.js';
import { gaussianBlur } from '../views/gaussian-blur.js';
import { maeViews } from '../views/mae-views.js';
import { mocoV1Views, mocoV3Views } from '../views/moco-views.js';
import { normalizeBatch, pixelStatistics } from '../views/normalize-batch.js';
import { randomAffine } from '../views/random-affine.js';
import { randomApply } from '../views/random-apply.js';
import { randomCrop } from '../views/random-crop.js';
import { randomErasing } from '../views/random-erasing.js';
import { randomInvert } from '../views/random-invert.js';
import { randomPosterize } from '../views/random-posterize.js';
import { randomResizedCrop } from '../views/random-resized-crop.js';
import { randomRotation } from '../views/random-rotation.js';
import { resize } from '../views/resize.js';
import { simclrViews } from '../views/simclr-views.js';
import { simsiamViews } from '../views/simsiam-views.js';
import { solarize } from '../views/solarize.js';
import type { DescribedView } from '../views/view.js';
import { type BatchedViews, batchedViews, type DrawnViewTensors, drawnTensors } from './batched-views.js';
import { sampleKeys } from './sample-keys.js';

const batch = 8;

/** Noise, gradients, flat patches of few colours (hues that fall on whole numbers), and grey. */
function testImages(height: number, width: number, channels: 1 | 3): NdArray<Uint8Array> {
  const random = new RandomStream(randomKey(41));
  const data = new Uint8Array(batch * height * width * channels);
  let at = 0;
  for (let image = 0; image < batch; image++) {
    const palette = Array.from({ length: 5 }, () => Array.from({ length: 3 }, () => random.integer(16) * 17));
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let channel = 0; channel < channels; channel++) {
          const patch = palette[(Math.floor(y / 7) * 3 + Math.floor(x / 5)) % 5]![channel]!;
          const gradient = Math.floor((255 * (y + x * (channel + 1))) / (height + 3 * width));
          data[at++] = [random.integer(256), gradient, patch, Math.floor((255 * x) / width)][image % 4]!;
        }
  }
  return ndArray(data, [batch, height, width, channels]);
}

const keys = sampleKeys(
  7,
  3,
  Array.from({ length: batch }, (_, i) => i),
);

/** Per image, as the loader's workers do it. */
function oneByOne(views: readonly DescribedView[], { data, shape }: NdArray<Uint8Array>): Uint8Array[] {
  const size = data.length / batch;
  return views.map((view, v) =>
    Buffer.concat(
      keys.map((key, i) => {
        const image = ndArray(data.subarray(i * size, (i + 1) * size), shape.slice(1));
        return view(image, new RandomStream(foldIn(key, v))).data;
      }),
    ),
  );
}

type Execution = (views: BatchedViews, images: NdArray<Uint8Array>) => Promise<tf.Tensor4D[]>;

const executions: Record<string, Execution> = {
  eager: async (views, images) => {
    const [, height, width] = images.shape as [number, number, number];
    const drawn = drawnTensors(views.draw([height, width], keys));
    const input = tf.tensor4d(images.data, images.shape as [number, number, number, number], 'int32');
    const results = views.apply(input, drawn);
    tf.dispose([drawn, input]);
    return results;
  },
  compiled: async (views, images) => {
    const [, height, width] = images.shape as [number, number, number];
    const apply = compile((images: tf.Tensor4D, drawn: DrawnViewTensors) => views.apply(images, drawn));
    const results = await apply(images, views.draw([height, width], keys));
    apply.dispose();
    return results;
  },
};

/** Greatest difference in levels, and how many of a million values differ at all. */
function difference(actual: tf.Tensor, expected: Uint8Array): { greatest: number; perMillion: number } {
  const values = actual.dataSync();
  expect(values).toHaveLength(expected.length);
  let [greatest, different] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(values[i]! - expected[i]!);
    greatest = Math.max(greatest, Number.isNaN(distance) ? Infinity : distance);
    if (distance > 0) different++;
  }
  return { greatest, perMillion: (1e6 * different) / expected.length };
}

/** Views, and how far the batched execution may be off, in levels: 0 but for the blur, which is in floating point here and in fixed point there. */
const cases: Record<string, readonly [views: readonly DescribedView[], levels: 0 | 1]> = {
  simclrViews: [simclrViews({ size: 32 }), 1],
  simsiamViews: [simsiamViews({ size: 32 }), 0],
  byolViews: [byolViews({ size: 32 }), 1],
  maeViews: [maeViews({ size: 32 }), 0],
  barlowTwinsViews: [barlowTwinsViews({ size: 32 }), 0],
  mocoV1Views: [mocoV1Views({ size: 24 }), 0],
  mocoV3Views: [mocoV3Views({ size: 40 }), 0],
  cifarViews: [cifarViews(), 0],
  cifarSupervisedViews: [cifarSupervisedViews(), 0],
  'a crop to unequal sides': [[randomResizedCrop({ size: [20, 45], interpolation: 'bicubic' })], 0],
  'jitter without hue': [[colorJitter({ brightness: 0.9, contrast: 0.9, saturation: 0.9 })], 0],
  'brightness alone': [[colorJitter({ brightness: 0.9 })], 0],
  'strong jitter': [[colorJitter({ brightness: 2, contrast: 2, saturation: 2, hue: 0.5 })], 0],
  gaussianBlur: [[gaussianBlur({ kernelSize: 9, sigma: [0.1, 4] })], 1],
  rotation: [[randomRotation({ degrees: 90, fill: [10, 200, 30] })], 0],
  affine: [[randomAffine({ degrees: 30, translate: [0.2, 0.2], scale: [0.5, 1.5], shear: 10, fill: 9 })], 0],
  'a random affine': [[randomApply(randomAffine({ degrees: 30 }), 0.5)], 0],
  'crops with margins': [
    (['constant', 'edge', 'reflect', 'symmetric'] as const).map((padding) =>
      randomCrop({ size: 30, margin: 6, padding }),
    ),
    0,
  ],
  erasing: [[cutout({ size: 9, fill: [1, 2, 3], p: 0.7 }), randomErasing({ value: 77 })], 0],
  levels: [[randomInvert(), randomPosterize({ bits: 3 }), solarize({ threshold: 77, p: 0.5 }), verticalFlip()], 0],
  'without randomness': [
    [resize({ size: [16, 20] }), resize({ size: 50, fit: 'stretch' }), centerCrop({ size: 36 })],
    0,
  ],
};

describe('batchedViews', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  const images = testImages(32, 32, 3);

  describe.each(Object.entries(executions))('%s', (_, execute) => {
    it.each(Object.entries(cases))('%s: as one by one', async (_, [views, levels]) => {
      const results = await execute(batchedViews(views), images);
      const expected = oneByOne(views, images);
      for (const [v, result] of results.entries()) {
        const { greatest, perMillion } = difference(result, expected[v]!);
        expect(greatest).toBeLessThanOrEqual(levels);
        expect(perMillion).toBeLessThanOrEqual(levels * 50_000);
        expect(expected[v]!.length !== images.data.length || difference(result, images.data).perMillion > 10_000).toBe(
          true,
        );
        result.dispose();
      }
    });

    it('takes grey images of unequal sides', async () => {
      const grey = testImages(20, 28, 1);
      const views = [
        compose(randomResizedCrop({ size: 24 }), colorJitter({ contrast: 0.5, saturation: 0.5, hue: 0.2 })),
      ];
      const [result] = await execute(batchedViews(views), grey);
      expect(result!.shape).toEqual([batch, 24, 24, 1]);
      expect(difference(result!, oneByOne(views, grey)[0]!).greatest).toBe(0);
      result!.dispose();
    });
  });

  it('draws what the workers of a loader draw', async () => {
    const dataset = new ImageArrayDataset(images);
    const views = simsiamViews({ size: 32 });
    const options = { dataset, batchSize: batch, seed: 5, workers: 0 };
    const [augmented, plain] = [new DataLoader({ ...options, views }), new DataLoader(options)];
    const batched = batchedViews(views);
    for await (const { images, index } of plain.epoch(2)) {
      const drawn = drawnTensors(batched.draw([32, 32], sampleKeys(5, 2, index.data)));
      const input = tf.tensor4d(images.data, [batch, 32, 32, 3], 'int32');
      const results = batched.apply(input, drawn);
      for await (const expected of augmented.epoch(2)) {
        expect(expected.index.data).toEqual(index.data);
        results.forEach((result, v) => expect(difference(result, expected.views[v]!.data).greatest).toBe(0));
      }
      tf.dispose([drawn, input, results]);
    }
    await Promise.all([augmented.close(), plain.close()]);
  });

  it('is a pure function of the keys', () => {
    const views = batchedViews(simclrViews({ size: 32 }));
    expect(views.draw([32, 32], keys)).toEqual(views.draw([32, 32], keys));
    expect(views.draw([32, 32], keys)).not.toEqual(views.draw([32, 32], sampleKeys(8, 3, [...keys.keys()])));
  });

  it('takes and gives values up to 1, and normalises', async () => {
    const views = maeViews({ size: 32 });
    const drawn = drawnTensors(batchedViews(views).draw([32, 32], keys));
    const input = tf.tensor4d(
      Float32Array.from(images.data, (level) => level / 255),
      [batch, 32, 32, 3],
    );
    const [unit] = batchedViews(views, { white: 1 }).apply(input, drawn);
    const [normalized] = batchedViews(views, { white: 1, normalize: pixelStatistics.cifar10 }).apply(input, drawn);
    const [expected] = oneByOne(views, images);
    expect(unit).toBeAllClose(Float32Array.from(expected!, (level) => level / 255));
    const { data } = normalizeBatch(ndArray(expected!, [batch, 32, 32, 3]), pixelStatistics.cifar10);
    expect(normalized).toBeAllClose(data, { atol: 1e-5 });
    tf.dispose([drawn, input, unit!, normalized!]);
  });

  it('leaves no tensors behind', () => {
    const before = tf.memory().numTensors;
    const views = batchedViews(byolViews({ size: 32 }));
    const drawn = drawnTensors(views.draw([32, 32], keys));
    const input = tf.tensor4d(images.data, [batch, 32, 32, 3], 'int32');
    const results = views.apply(input, drawn);
    expect(results).toHaveLength(2);
    tf.dispose([drawn, input, results]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names what has no batched form', () => {
    const refused = (view: DescribedView, message: RegExp): void => {
      expect(() => batchedViews([view])).toThrow(InvalidOptionError);
      expect(() => batchedViews([view])).toThrow(message);
    };
    refused(compose(verticalFlip(), autoAugment({ policy: 'cifar10' })), /autoAugment, which has no batched form/);
    refused(randomErasing({ value: 'random' }), /randomErasing\(\{ value: 'random' \}\)/);
    refused(randomRotation({ degrees: 9, interpolation: 'bilinear' }), /randomRotation.*bilinear/);
    expect(() => batchedViews([(image) => image])).toThrow(/a function, which has no batched form/);
    expect(() => batchedViews([], { white: 2 as 1 })).toThrow(InvalidOptionError);
  });

  it('refuses sizes that do not fit', () => {
    const sometimesSmaller = batchedViews([randomApply(randomResizedCrop({ size: 20 }), 0.5)]);
    expect(() => sometimesSmaller.draw([32, 32], keys)).toThrow(/20 x 20/);
    expect(() => batchedViews([gaussianBlur({ kernelSize: 9 })]).draw([4, 32], keys)).toThrow(DataError);
    const views = batchedViews(maeViews({ size: 32 }));
    expect(() => views.apply(tf.zeros([1, 4, 4, 3]), [])).toThrow(ShapeError);
    expect(() => views.apply(tf.zeros([4, 4, 3]) as unknown as tf.Tensor4D, [])).toThrow(ShapeError);
    const fiveChannels = tf.zeros<tf.Rank.R4>([1, 4, 4, 5]);
    expect(() => batchedViews([]).apply(fiveChannels, [])).not.toThrow();
    const jitter = batchedViews([colorJitter({ contrast: 0.5 })]);
    const drawn = drawnTensors(jitter.draw([4, 4], keys.slice(0, 1)));
    expect(() => jitter.apply(fiveChannels, drawn)).toThrow(ShapeError);
  });
});
