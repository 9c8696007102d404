import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { decodeSafetensors, encodeSafetensors, training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  expectBackboneGolden,
  fillFromGolden,
  type BackboneCase,
} from '../../../../../test/golden/vision/expect-backbone.js';
import { sinCosPositions3d } from './sin-cos-positions3d.js';
import { VisionTransformer3d, type VisionTransformer3dOptions } from './vision-transformer3d.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/volumes.json', import.meta.url), 'utf8'),
) as {
  vits: Record<string, BackboneCase>;
  positions: { dim: number; grid: [number, number, number]; values: number[] };
};
const key = randomKey(1);
const build = ({ options }: BackboneCase): VisionTransformer3d =>
  new VisionTransformer3d({ ...(options as unknown as Omit<VisionTransformer3dOptions, 'key'>), key });
const small = { key, volumeSize: [4, 8, 4], patchSize: [2, 4, 2], dim: 12, depth: 2, heads: 2 } as const;
const volumes = tf.randomNormal([2, 4, 8, 4, 1], 0, 1, 'float32', 3) as tf.Tensor5D;

describe.each(['eager', 'compiled'] as const)('VisionTransformer3d, %s', (mode) => {
  it.each(Object.entries(golden.vits))('equals MONAI: %s', async (_, expected) => {
    await expectBackboneGolden(build(expected), expected, mode);
  });
});

describe('VisionTransformer3d', () => {
  it('has the fixed positions of MONAI', () => {
    const { dim, grid, values } = golden.positions;
    const { data, shape } = sinCosPositions3d(dim, grid);
    expect(shape).toEqual([1, 24, 12]);
    data.forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 5));
    expect(() => sinCosPositions3d(10, grid)).toThrow('a multiple of 6');
  });

  it('gives a file back with equal bytes, with the norm that no pass reads', () => {
    const [first, second] = [build(golden.vits['mean']!), build(golden.vits['mean']!)];
    fillFromGolden(first, golden.vits['mean']!.shapes);
    const file = encodeSafetensors(first.stateDict());
    const { tensors } = decodeSafetensors(file);
    expect(tensors.has('blocks.1.norm_cross_attn.weight')).toBe(true);
    second.loadStateDict(tensors);
    expect(encodeSafetensors(second.stateDict())).toEqual(file);
  });

  it("leaves out the attention that older files of MONAI's have and never use", () => {
    const model = new VisionTransformer3d(small);
    const state = model.stateDict();
    state.set('blocks.0.cross_attn.to_q.weight', { data: new Float32Array(4), shape: [2, 2] });
    const { unexpected, ignored } = model.loadStateDict(state);
    expect(unexpected).toEqual([]);
    expect([...ignored.keys()]).toEqual(['blocks.0.cross_attn.to_q.weight']);
  });

  it('gives tokens of all places, of some, and of every block', () => {
    const model = new VisionTransformer3d({ ...small, pool: 'cls' });
    const all = model.encode(volumes, undefined, { blocks: [0, 1, 2] });
    expect(all).toMatchObject({ prefix: 1, grid: [2, 2, 2] });
    expect(all.blocks.map(({ shape }) => shape)).toEqual(Array.from({ length: 3 }, () => [2, 9, 12]));
    model
      .forward(volumes)
      .dataSync()
      .forEach((value, i) => expect(value).toBeCloseTo(tf.slice(all.tokens, [0, 0, 0], [2, 1, 12]).dataSync()[i]!, 5));
    const keep = tf.tensor2d([5, 2, 0, 7], [2, 2], 'int32');
    const some = model.encode(volumes, undefined, { keep });
    expect(some.tokens.shape).toEqual([2, 3, 12]);
    const every = tf.tensor2d([...Array(8).keys(), ...Array(8).keys()], [2, 8], 'int32');
    const inOrder = model.encode(volumes, undefined, { keep: every }).tokens.dataSync();
    all.tokens.dataSync().forEach((value, i) => expect(value).toBeCloseTo(inOrder[i]!, 5));
    const stem = model.encode(volumes, undefined, { keep, blocks: [0], norm: false }).tokens.arraySync();
    const whole = model.encode(volumes, undefined, { blocks: [0], norm: false }).tokens.arraySync();
    stem[1]![2]!.forEach((value, i) => expect(value).toBeCloseTo(whole[1]![1 + 7]![i]!, 5));
    stem[0]![1]!.forEach((value, i) => expect(value).toBeCloseTo(whole[0]![1 + 5]![i]!, 5));
  });

  it('has patches plane by plane, row by row', () => {
    const { patchEmbed } = new VisionTransformer3d(small);
    const numbered = tf.reshape(tf.range(0, 128), [1, 4, 8, 4, 1]) as tf.Tensor5D;
    const rows = patchEmbed.flatten(numbered).arraySync();
    expect(rows).toHaveLength(8);
    // The second patch along the width, then the second along the height: corners are 2 and 4 rows of 4 voxels apart.
    expect(rows[1]!.slice(0, 4)).toEqual([2, 3, 6, 7]);
    expect(rows[2]!.slice(0, 2)).toEqual([16, 17]);
    expect(rows[4]![0]).toBe(64);
  });

  it('drops branches, and computes blocks again', () => {
    const dropping = new VisionTransformer3d({ ...small, dropPath: 0.9 });
    const same = tf.tile(tf.slice(volumes, [0], [1]), [8, 1, 1, 1, 1]) as tf.Tensor5D;
    const rows = dropping.forward(same, { ...training, key: tf.tensor1d([1, 2], 'int32') }).arraySync();
    expect(new Set(rows.map((row) => row.join())).size).toBeGreaterThan(1);
    const gradient = (checkpointBlocks: boolean): Float32Array => {
      const model = new VisionTransformer3d({ ...small, checkpointBlocks });
      return tf
        .grad((x) => tf.sum(tf.square(model.forward(x as tf.Tensor5D, training))))(volumes)
        .dataSync() as never;
    };
    const [kept, again] = [gradient(false), gradient(true)];
    kept.forEach((value, i) => expect(again[i]).toBeCloseTo(value, 5));
  });

  it('refuses what does not fit', () => {
    const model = new VisionTransformer3d(small);
    expect(() => model.forward(tf.zeros([2, 8, 4, 1]))).toThrow('as images have');
    expect(() => model.forward(tf.zeros([2, 4, 8, 5, 1]))).toThrow('randomVolumeCrop({ size: [4, 8, 4] })');
    expect(() => model.forward(tf.zeros([2, 8, 8, 4, 1]))).toThrow('volumeSize: [8, 8, 4]');
    expect(() => model.forward(tf.zeros([2, 4, 8, 4, 2]))).toThrow(ShapeError);
    expect(() => model.encode(volumes, undefined, { blocks: [3] })).toThrow(InvalidOptionError);
    expect(() => model.encode(volumes, undefined, { keep: tf.zeros([1, 2], 'int32') })).toThrow('[2, kept]');
    expect(() => model.encode(volumes, undefined, { mask: tf.zeros([2, 8]) } as never)).toThrow(
      'mask must be a known option',
    );
    expect(() => new VisionTransformer3d({ ...small, volumeSize: 9 })).toThrow('multiples of patchSize 2 x 4 x 2');
    expect(() => new VisionTransformer3d({ ...small, positions: 'sinCos', dim: 8 })).toThrow('a multiple of 6');
    expect(() => new VisionTransformer3d({ ...small, pool: 'cls', classToken: false })).toThrow("true with pool 'cls'");
    expect(() => new VisionTransformer3d({ ...small, heads: 5 })).toThrow('a multiple of heads 5');
  });
});
