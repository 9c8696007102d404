import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, type NdArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  gradientSize,
  pictures,
  statistics,
  tensorsOf,
  type TrainingCase,
  type Views,
} from '../../../../../test/golden/vision/expect-training.js';
import { hashUniform } from '../../../../../test/golden/vision/hash-fill.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { vitTiny } from '../../encoders/vision-transformer/vit-sizes.js';
import { placesIn } from './places-in.js';
import { VicregL, type VicregLOptions } from './vicregl.js';

type Own = Omit<VicregLOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/vicregl.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own; sizes: number[] })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Partial<VicregLOptions> = {}): VicregL =>
  new VicregL({
    backbone: backbone(),
    key,
    normalize: statistics,
    hiddenDim: 12,
    outDim: 6,
    localHiddenDim: 12,
    localOutDim: 5,
    numMatches: [6, 3],
    ...options,
  });

/** As `boxes` of generate_dense.py. */
function boxOf(step: number, view: number): NdArray<Float32Array> {
  const noise = hashUniform(8 * 4, 6000 + 10 * step + view);
  const data = Float32Array.from(noise, (_, at) => {
    const [a, b, c, d] = noise.subarray(4 * Math.floor(at / 4)) as unknown as [number, number, number, number];
    const [top, left] = [10 + 5 * a, 10 + 5 * b];
    return [top, left, top + 14 + 4 * c, left + (14 + 4 * c) * Math.sign(d)][at % 4]!;
  });
  return { data, shape: [8, 4] };
}

/** The batch of a step, with views of these sizes. */
const located = (step: number, sizes: readonly number[] = [8, 8]): Views => ({
  views: sizes.map((size, view) => pictures(10 * step + view, size)),
  boxes: sizes.map((_, view) => boxOf(step, view)),
});

describe('VicregL', () => {
  it.each(cases)('three updates equal those with lightly, views of $sizes', async ({ options, sizes, ...golden }) => {
    await expectTraining(
      () => build(options),
      golden,
      (step) => located(step, sizes),
    );
  });

  it('trains both heads, by where the places lie', () => {
    const method = build();
    const loss = (views: Views): number => method.loss(tensorsOf(views), training).loss.dataSync()[0]!;
    const here = located(0);
    const elsewhere = { ...here, boxes: [here.boxes![0]!, boxOf(1, 1)] };
    expect(loss(elsewhere)).not.toBeCloseTo(loss(here), 4);
    // The unit does not matter.
    const larger = here.boxes!.map(({ data, shape }) => ({ data: data.map((value) => 3 * value), shape }));
    expect(loss({ ...here, boxes: larger })).toBeCloseTo(loss(here), 4);
    expect([...method.trainable().keys()].filter((name) => name.startsWith('localHead.'))).not.toEqual([]);
  });

  it('has places in the middles of a box, in reverse where it is mirrored', () => {
    const boxes = tf.tensor2d([
      [0, 10, 4, 16],
      [2, 6, 10, 0],
    ]);
    const grid = placesIn(boxes, 2, 3);
    expect(grid.shape).toEqual([2, 2, 3, 2]);
    expect([...grid.dataSync()]).toEqual(
      [
        [1, 11, 1, 13, 1, 15, 3, 11, 3, 13, 3, 15],
        [4, 5, 4, 3, 4, 1, 8, 5, 8, 3, 8, 1],
      ].flat(),
    );
  });

  it('refuses what does not fit', () => {
    expect(() => build({ alpha: 2 })).toThrow(InvalidOptionError);
    expect(() => build({ numMatches: [0, 2] })).toThrow('numMatches[0]');
    expect(() => build({ numMatches: 3 as never })).toThrow('two positive integers');
    expect(() => build({ localOutDim: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ backbone: vitTiny({ key }) as never })).toThrow('an encoder of maps that pools its last one');
    expect(() => gradientSize(build(), [])).toThrow('others that are located()');
    const lossOf = (views: Views) => () => build().loss(tensorsOf(views), training);
    expect(lossOf(batchOf(0, 1))).toThrow(ShapeError);
    expect(lossOf(located(0, [8, 6]))).toThrow('two of one size, then others if any');
    expect(lossOf({ ...located(0), boxes: [boxOf(0, 0)] })).toThrow('batch.boxes must be 2 of [8, 4]');
  });
});
