import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectSteps, type StepsCase, stepsStatistics } from '../../../../../test/golden/vision/expect-steps.js';
import type { VisionTransformerOptions } from '../../encoders/vision-transformer/vision-transformer-options.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { DinoHead } from '../../heads/dino-head.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { DinoV2, type DinoV2Options } from '../dinov2/dinov2.js';
import { Ibot, type IbotOptions } from './ibot.js';

type Case = StepsCase & { readonly own: object; readonly ownHead: boolean };
interface Golden {
  readonly numbers: object;
  readonly options: Omit<VisionTransformerOptions, 'key'>;
  readonly head: { readonly hiddenDim: number; readonly bottleneckDim: number; readonly outDim: number };
  readonly patchHead: Golden['head'];
  readonly masks: readonly number[][];
  readonly cases: Record<string, Case>;
}

const read = (name: string): Golden =>
  JSON.parse(
    readFileSync(new URL(`../../../../../test/golden/vision/${name}.json`, import.meta.url), 'utf8'),
  ) as Golden;
const goldens = { Ibot: read('ibot'), DinoV2: read('dinov2') };
const { options: vit, head: sizes, patchHead: patchSizes, masks } = goldens.Ibot;
const key = randomKey(0);
const run = { totalSteps: 100, stepsPerEpoch: 10 };
const parts = (ownHead = false) => ({
  backbone: new VisionTransformer({ ...vit, key, maskToken: true }),
  head: new DinoHead(12, { ...sizes, key }),
  normalize: stepsStatistics,
  ...(ownHead ? { patchHead: new DinoHead(12, { ...patchSizes, key }) } : {}),
});
const classes = { Ibot, DinoV2 };
const make = (name: 'Ibot' | 'DinoV2', changes: object = {}, ownHead = false): Ibot | DinoV2 =>
  new classes[name]({ ...parts(ownHead), ...changes } as IbotOptions & DinoV2Options);
const ctx = (seed = 1) => ({
  ...training,
  key: tf.tensor1d([seed, 5], 'int32'),
  values: { teacherTemperature: tf.scalar(0.04) },
  phase: 'all' as const,
});
const view = (size: number, seed: number): tf.Tensor =>
  tf.cast(tf.randomUniform([4, size, size, 1], 0, 256, 'float32', seed), 'int32');
const crops = (): tf.Tensor[] => [view(12, 1), view(12, 2), view(8, 3)];

describe.each(['Ibot', 'DinoV2'] as const)('%s', (name) => {
  it.each(Object.entries(goldens[name].cases))('three steps equal lightly: %s', async (_case, golden) => {
    const { numbers } = goldens[name];
    await expectSteps(() => make(name, { ...numbers, ...golden.own }, golden.ownHead), golden, {
      twins: {
        teacher: 'backbone',
        teacherHead: 'head',
        ...(golden.ownHead ? { teacherPatchHead: 'patchHead' } : {}),
        ...('gram' in golden.own ? { gramTeacher: 'backbone' } : {}),
      },
      masks: (step) => ({ data: Uint8Array.from(masks[step]!), shape: [8, 9] }),
    });
  });

  it('draws its masks from the key of the step, as many patches in every batch', () => {
    const method = make(name);
    const loss = (seed: number): number => method.loss({ views: crops() }, ctx(seed)).loss.dataSync()[0]!;
    expect(loss(1)).toBe(loss(1));
    expect(loss(1)).not.toBe(loss(2));
    const { key: _none, ...without } = ctx();
    expect(() => method.loss({ views: crops() }, without)).toThrow(InvalidOptionError);
  });

  it('never shows masked patches to the student, and all to the teacher', () => {
    const method = make(name, { momentum: 0 });
    const ones = tf.tensor2d(masks[0]!, [8, 9], 'int32');
    const cover = (images: tf.Tensor, part: number): tf.Tensor => {
      const marks = tf.reshape(tf.slice(ones, [4 * part, 0], [4, 9]), [4, 3, 1, 3, 1, 1]);
      const pixels = tf.reshape(tf.tile(marks, [1, 1, 4, 1, 4, 1]), [4, 12, 12, 1]);
      return tf.where(tf.equal(pixels, 1), tf.sub(tf.scalar(255, 'int32'), images), images);
    };
    const [first, second, local] = crops() as [tf.Tensor, tf.Tensor, tf.Tensor];
    // Only what the teacher tells may change: with its weights at 0 it tells the same, and so does the student.
    for (const part of ['teacher', 'teacherHead'] as const)
      for (const { variable } of method.modules[part].namedParameters().values())
        variable.assign(tf.zerosLike(variable));
    const loss = (views: tf.Tensor[]): number => method.loss({ views, masks: ones }, ctx()).loss.dataSync()[0]!;
    const plain = loss([first, second, local]);
    expect(loss([cover(first, 0), cover(second, 1), local])).toBeCloseTo(plain, 5);
    expect(loss([tf.sub(tf.scalar(255, 'int32'), first), second, local])).not.toBeCloseTo(plain, 5);
  });

  it('is NaN for masks of another number of patches', () => {
    const method = make(name);
    const loss = (masked: tf.Tensor) => method.loss({ views: crops(), masks: masked }, ctx()).loss.dataSync()[0]!;
    expect(loss(tf.tensor2d(masks[1]!, [8, 9], 'int32'))).toBeGreaterThan(0);
    expect(loss(tf.zeros([8, 9], 'int32'))).toBeNaN();
    expect(() => loss(tf.zeros([8, 4], 'int32'))).toThrow(ShapeError);
  });

  it('masks no local view, one of the global size neither', () => {
    const method = make(name);
    expect(method.loss({ views: [...crops().slice(0, 2), view(12, 3)] }, ctx()).loss.dataSync()[0]).toBeGreaterThan(0);
  });

  it('passes over registers, and takes class tokens whatever the pooled features are', () => {
    const backbone = new VisionTransformer({ ...vit, key, maskToken: true, registers: 3, pool: 'both' });
    const { head, normalize } = parts();
    const options = { backbone, head, normalize, centering: 'center' };
    if (name === 'Ibot') Reflect.deleteProperty(options, 'centering');
    const method = new classes[name](options as IbotOptions & DinoV2Options);
    const views = crops();
    const { carried } = method.loss({ views, masks: tf.tensor2d(masks[0]!, [8, 9], 'int32') }, ctx());
    const { teacher, teacherHead } = method.modules;
    const { tokens } = teacher.encode(normalizeImages(tf.concat(views.slice(0, 2)), normalize));
    const told = masks[0]!.flatMap((mark, at) =>
      mark === 1 ? [tf.slice(tokens, [Math.floor(at / 9), 4 + (at % 9), 0], [1, 1, 12])] : [],
    );
    const rows = tf.reshape(tf.concat(told), [-1, 12]) as tf.Tensor2D;
    const expected = tf.mean(teacherHead.forward(rows), 0).dataSync();
    Object.values(carried!)
      .at(-1)!
      .dataSync()
      .forEach((mean, at) => expect(mean).toBeCloseTo(expected[at]!, 5));
  });

  it('keeps the prototypes of both heads in the first epoch', () => {
    const method = make(name, {}, true);
    const frozen = method.trainable(method.phaseAt(9, run) as 'all');
    const names = [...method.trainable(method.phaseAt(10, run) as 'all').keys()].filter((one) => !frozen.has(one));
    expect(names).toEqual(['head.last_layer.weight_v', 'patchHead.last_layer.weight_v']);
    expect(method.emaPairs(run)).toHaveLength(3);
  });

  it('refuses what does not fit', () => {
    expect(() => make(name, { maskRatio: [0.5, 0.1] })).toThrow('two ascending numbers');
    expect(() => make(name, { maskRatio: 0.5 })).toThrow('two ascending numbers');
    expect(() => make(name, { maskedImages: 0 })).toThrow(InvalidOptionError);
    expect(() => make(name, { patchWeight: -1 })).toThrow(InvalidOptionError);
    expect(() => make(name, { patchHead: {} })).toThrow('patchHead must be a DinoHead');
    const bare = new VisionTransformer({ ...vit, key });
    expect(() => make(name, { backbone: bare })).toThrow('maskToken: true');
  });
});

it('moves both centres once an update', () => {
  for (const method of [make('Ibot'), make('DinoV2', { centering: 'center' })] as const) {
    const { carried } = method.loss({ views: crops() }, ctx());
    expect(Object.values(carried!).map(({ shape }) => shape)).toEqual([
      [1, 10],
      [1, 10],
    ]);
    method.afterUpdate(ctx(), carried!);
    const means = Object.values(carried!).map((mean) => [...mean.dataSync()]);
    Object.values(method.state as DinoV2['state']).forEach(({ buffers }, at) =>
      buffers.center.dataSync().forEach((value, i) => expect(value).toBeCloseTo(0.1 * means[at]![i]!, 6)),
    );
  }
  expect(make('DinoV2').state).toEqual({});
});
