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
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Amdim, type AmdimOptions } from './amdim.js';
import { AmdimEncoder, type AmdimEncoderOptions } from './amdim-encoder.js';

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/amdim.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { size: number; sources: number[][][] })[] };
const key = randomKey(0);
const conv = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const own = (options: Partial<AmdimEncoderOptions> = {}) =>
  new AmdimEncoder({ key, imageSize: 32, width: 4, depth: 1, outDim: 6, ...options });
const build = (options: Partial<AmdimOptions> = {}): Amdim =>
  new Amdim({ backbone: conv(), key, normalize: statistics, outDim: 6, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

/** The method with the places of a batch's labels, and a tenth of its loss. */
const placed = (method: Amdim): Method<Views, string> => ({
  name: method.name,
  settings: method.settings,
  modules: method.modules,
  trainable: () => method.trainable(),
  loss: ({ views, labels }, context) => {
    const { loss } = method.lossOf(views as never, context, (images, _, view) =>
      tf.reshape(tf.slice(labels as tf.Tensor as tf.Tensor2D, [view, 0], [1, images]), [images]),
    );
    return { loss: tf.mul(loss, 0.1) };
  },
});

describe('Amdim', () => {
  it.each(cases)(
    "three updates equal those of the authors' formulas: $size pixels",
    async ({ size, sources, ...golden }) => {
      const batchAt = (step: number): Views => ({
        views: [0, 1].map((view) => pictures(10 * step + view, size)),
        labels: { data: Int32Array.from(sources[step]!.flat()), shape: [2, 8] },
      });
      await expectTraining(() => placed(build(size === 32 ? { backbone: own() } : { outDim: 5 })), golden, batchAt);
    },
  );

  it('draws a place for each image and view, and all of them', () => {
    const seen = [new Set<number>(), new Set<number>()];
    const method = build();
    const { views } = tensorsOf(batchOf(0));
    const given = method.lossOf.bind(method);
    method.lossOf = (two, context, sourceOf) =>
      given(two, context, (images, places, view) => {
        const many = sourceOf(400, places, view);
        for (const place of many.dataSync()) seen[view]!.add(place);
        return tf.slice(many, 0, images);
      });
    method.loss({ views }, ctx);
    for (const places of seen)
      expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, at) => at));
  });

  it('refuses what does not fit', () => {
    const { views } = tensorsOf(batchOf(0, 3));
    expect(() => build().loss({ views }, ctx)).toThrow('two arrays of one shape');
    expect(() => build().loss({ views: views.slice(0, 1) }, ctx)).toThrow(ShapeError);
    const one = tensorsOf({ views: [pictures(0, 8, 1), pictures(1, 8, 1)] });
    expect(() => build().loss({ views: one.views }, ctx)).toThrow('views must be of 2 images a batch or more');
    expect(() => build().loss({ views: views.slice(0, 2) }, training)).toThrow('a random key');
    expect(() => build({ stages: [1, 0] })).toThrow(InvalidOptionError);
    expect(() => build({ stages: [0, 2] })).toThrow(InvalidOptionError);
    expect(() => build({ stages: [0] as unknown as [number, number] })).toThrow('two, the finer one first');
    expect(() => build({ tanhClip: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ backbone: own(), outDim: 8 })).toThrow('6, the width of the features');
    const single = new SmallConvEncoder({ key, channels: [4], strides: [2] });
    expect(() => build({ backbone: single })).toThrow('maps of two sizes');
    expect(() => build({ backbone: own() }).loss({ views: views.slice(0, 2) }, ctx)).toThrow('[batch, 32, 32, 3]');
  });
});

describe('AmdimEncoder', () => {
  it.each([32, 64, 128] as const)('of %d pixels has maps of 7, 5 and 1, each place of its own part', (imageSize) => {
    const model = own({ imageSize });
    const images = tf.randomNormal([1, imageSize, imageSize, 3], 0, 1, 'float32', 4) as tf.Tensor4D;
    const maps = model.maps(images);
    expect(maps.map(({ shape }) => shape.slice(1, 3))).toEqual([7, 5, 1].map((side) => [side, side]));
    expect(maps.map(({ shape }) => shape[3])).toEqual(model.stages.map(({ channels }) => channels));
    // The last pixels move nothing but the last places.
    const moved = tf.add(
      images,
      tf.pad(tf.ones([1, 2, 2, 3]), [
        [0, 0],
        [imageSize - 2, 0],
        [imageSize - 2, 0],
        [0, 0],
      ]),
    ) as tf.Tensor4D;
    const [before, after] = [maps[0]!, model.maps(moved, undefined, { stages: [0] })[0]!];
    const changes = tf.reshape(tf.max(tf.abs(tf.sub(before, after)), 3), [49]).dataSync();
    expect(changes.findIndex((change) => change > 1e-6)).toBe(48);
    expect(model.forward(images).shape).toEqual([1, 6]);
  });

  it('starts with branches of 0, and refuses other sizes', () => {
    const [first] = own().blocks[1]!;
    expect(tf.max(tf.abs(first!.conv2.weight.variable)).dataSync()[0]).toBe(0);
    expect(() => own({ imageSize: 48 as 32 })).toThrow('32, 64 or 128');
    expect(() => own({ depth: 0 })).toThrow(InvalidOptionError);
    expect(() => own().forward(tf.zeros([1, 64, 64, 3]))).toThrow(ShapeError);
  });
});
