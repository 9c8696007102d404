import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { decodeSafetensors, encodeSafetensors, evaluation, training } from '@selfsup/ssl-nn';
import { compile, InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  expectBackboneGolden,
  expectMapsGolden,
  fillFromGolden,
  type BackboneCase,
} from '../../../../../test/golden/vision/expect-backbone.js';
import { hashArray } from '../../../../../test/golden/vision/hash-fill.js';
import { ResNet3d } from './resnet3d.js';
import type { ResNet3dOptions } from './resnet3d-options.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/volumes.json', import.meta.url), 'utf8'),
) as { resnets: Record<string, BackboneCase>; r3d: BackboneCase };
const key = randomKey(1);
const build = ({ options }: BackboneCase): ResNet3d =>
  new ResNet3d({ ...(options as unknown as Omit<ResNet3dOptions, 'key'>), key });
const small = { key, block: 'basic', layers: [1, 1, 1, 1], width: 2, stemKernel: 3 } as const;
const volumes = tf.randomNormal([2, 16, 16, 16, 1], 0, 1, 'float32', 3) as tf.Tensor5D;

/** MONAI's name as torchvision's `r3d_18` has it. */
const torchvisionName = (name: string): string =>
  name
    .replace(/^conv1\./, 'stem.0.')
    .replace(/^bn1\./, 'stem.1.')
    .replace(/\.conv(\d)\./, '.conv$1.0.')
    .replace(/\.bn(\d)\./, '.conv$1.1.');

describe.each(['eager', 'compiled'] as const)('ResNet3d, %s', (mode) => {
  it.each(Object.entries(golden.resnets))('equals MONAI: %s', async (_, expected) => {
    await expectBackboneGolden(build(expected), expected, mode);
  });
});

describe('ResNet3d', () => {
  it.each(Object.entries(golden.resnets))('has the maps of MONAI: %s', (_, expected) =>
    expectMapsGolden(build(expected) as never, expected, { stages: [1, 2, 3, 4] }),
  );

  it('gives a file back with equal bytes', () => {
    const { shapes } = golden.resnets['basic']!;
    const [first, second] = [build(golden.resnets['basic']!), build(golden.resnets['basic']!)];
    fillFromGolden(first, shapes);
    const file = encodeSafetensors(first.stateDict());
    second.loadStateDict(decodeSafetensors(file).tensors);
    expect(encodeSafetensors(second.stateDict())).toEqual(file);
  });

  it("equals torchvision's r3d, whose names it reads", () => {
    const { r3d } = golden;
    const model = build(r3d);
    expect([...model.stateDict().keys()].map(torchvisionName).sort()).toEqual(Object.keys(r3d.shapes).sort());
    fillFromGolden(model, r3d.shapes);
    const input: tf.Tensor = tf.tensor(hashArray(r3d.image, 1001).data, r3d.image);
    for (const [ctx, expected] of [
      [evaluation, r3d.evaluation],
      [training, r3d.training],
    ] as const)
      model
        .forward(input as tf.Tensor5D, ctx)
        .dataSync()
        .forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4));
  });

  it("reads MedicalNet's names, which begin with module.", () => {
    const [source, target] = [new ResNet3d(small), new ResNet3d({ ...small, key: randomKey(2) })];
    const state = new Map([...source.stateDict()].map(([name, array]) => [`module.${name}`, array]));
    expect(target.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [] });
    expect(target.forward(volumes).dataSync()).toEqual(source.forward(volumes).dataSync());
  });

  it('has the strides of the stages along each axis', () => {
    const model = new ResNet3d({ ...small, stemStride: [1, 2, 2] });
    expect(model.stages.map(({ stride }) => stride)).toEqual([
      [1, 2, 2],
      [2, 4, 4],
      [4, 8, 8],
      [8, 16, 16],
      [16, 32, 32],
    ]);
    const maps = model.maps(tf.zeros([1, 9, 12, 33, 1]));
    expect(maps.map(({ shape }) => shape)).toEqual(
      model.stages.map(({ stride: [d, h, w], channels }) => [
        1,
        Math.ceil(9 / d),
        Math.ceil(12 / h),
        Math.ceil(33 / w),
        channels,
      ]),
    );
  });

  it('drops whole branches of some samples while training', () => {
    const model = new ResNet3d({ ...small, norm: 'group', groups: 2, dropPath: 0.9, stemPool: false });
    const same = tf.tile(tf.slice(volumes, [0], [1]), [8, 1, 1, 1, 1]) as tf.Tensor5D;
    const rows = model.forward(same, { ...training, key: tf.tensor1d([1, 2], 'int32') }).arraySync();
    expect(new Set(rows.map((row) => row.join())).size).toBeGreaterThan(1);
    expect(() => model.forward(same, training)).toThrow(InvalidOptionError);
  });

  it('moves running statistics once where blocks are computed again', async () => {
    const step = (checkpointBlocks: boolean) => {
      const model = new ResNet3d({ ...small, stemPool: false, checkpointBlocks });
      const loss = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(model.forward(x as tf.Tensor5D, training)));
      return { model, run: (x: tf.Tensor) => tf.grad(loss)(x) };
    };
    const [kept, again, compiled] = [step(false), step(true), step(true)];
    const expected = kept.run(volumes).dataSync();
    const scale = Math.max(...expected.map(Math.abs));
    for (const result of [again.run(volumes), await compile(compiled.run)(volumes)])
      result.dataSync().forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * scale));
    const mean = ({ model }: { model: ResNet3d }): Float32Array =>
      (model.stateDict().get('layer2.0.bn2.running_mean') as NdArray<Float32Array>).data;
    for (const other of [again, compiled])
      mean(other).forEach((value, i) => expect(value).toBeCloseTo(mean(kept)[i]!, 5));
  });

  it('refuses what does not fit', () => {
    const model = new ResNet3d(small);
    expect(() => model.forward(tf.zeros([2, 8, 8, 1]))).toThrow(ShapeError);
    expect(() => model.forward(tf.zeros([2, 8, 8, 1]))).toThrow('as images have');
    expect(() => model.forward(tf.zeros([2, 1, 8, 8, 8]))).toThrow('which has the channels first');
    expect(() => model.forward(tf.zeros([2, 8, 8, 8, 3]))).toThrow('[batch, depth, height, width, 1]');
    expect(() => model.forward('scan.nii' as never)).toThrow(ShapeError);
    expect(() => new ResNet3d({ ...small, stemKernel: 4 })).toThrow('odd');
    expect(() => new ResNet3d({ ...small, stemStride: [1, 2] as never })).toThrow('[depth, height, width]');
    expect(() => new ResNet3d({ ...small, shortcut: 'C' as 'A' })).toThrow(InvalidOptionError);
    expect(() => new ResNet3d({ ...small, layers: [1, 1, 1] as never })).toThrow('four positive integers');
    expect(() => new ResNet3d({ ...small, width: 0 })).toThrow(InvalidOptionError);
    expect(() => new ResNet3d({ ...small, depth: 3 } as never)).toThrow('depth must be a known option');
  });
});
