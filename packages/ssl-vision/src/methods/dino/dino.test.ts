import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectSteps, type StepsCase, stepsStatistics } from '../../../../../test/golden/vision/expect-steps.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import {
  VisionTransformer,
  type VisionTransformerOptions,
} from '../../encoders/vision-transformer/vision-transformer.js';
import { DinoHead } from '../../heads/dino-head.js';
import { Dino, type DinoOptions } from './dino.js';

interface Golden {
  readonly numbers: Partial<DinoOptions>;
  readonly head: { readonly hiddenDim: number; readonly bottleneckDim: number; readonly outDim: number };
  readonly cases: Record<string, StepsCase & { readonly encoder: 'vit' | 'conv'; readonly options: object }>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/dino.json', import.meta.url), 'utf8'),
) as Golden;
const key = randomKey(0);
const run = { totalSteps: 100, stepsPerEpoch: 10 };
const values = { teacherTemperature: tf.scalar(0.04) };
const ctx = { ...training, values, phase: 'all' as const };
const small = (changes: Partial<DinoOptions> = {}, dropPath = 0): Dino => {
  const backbone = new VisionTransformer({
    key,
    imageSize: 12,
    patchSize: 4,
    dim: 8,
    depth: 2,
    heads: 2,
    inChannels: 1,
    dropPath,
  });
  const head = new DinoHead(8, { key, hiddenDim: 8, bottleneckDim: 4, outDim: 6 });
  return new Dino({ backbone, head, normalize: stepsStatistics, ...changes } as DinoOptions);
};
const view = (size: number, seed: number): tf.Tensor =>
  tf.cast(tf.randomUniform([4, size, size, 1], 0, 256, 'float32', seed), 'int32');
const crops = (): tf.Tensor[] => [view(12, 1), view(12, 2), view(8, 3)];

describe('Dino', () => {
  it.each(Object.entries(golden.cases))('three steps equal lightly: %s', async (_name, steps) => {
    const build = (): Dino => {
      const backbone =
        steps.encoder === 'vit'
          ? new VisionTransformer({ ...(steps.options as Omit<VisionTransformerOptions, 'key'>), key })
          : new SmallConvEncoder({ ...steps.options, key });
      const head = new DinoHead(backbone.featureDim, { ...golden.head, key });
      return new Dino({ ...golden.numbers, backbone, head, normalize: stepsStatistics });
    };
    await expectSteps(build, steps, {
      twins: { teacher: 'backbone', teacherHead: 'head' },
    });
  });

  it('starts with a teacher that is the student, and trains the student alone', () => {
    const { modules, ...method } = small();
    expect(method.settings).toMatchObject({ momentum: 0.996, teacherTemperature: 0.04 });
    for (const [name, { data }] of modules.backbone.stateDict())
      expect([...modules.teacher.stateDict().get(name)!.data]).toEqual([...data]);
    const names = [...small().trainable().keys()];
    expect(names.filter((name) => name.startsWith('teacher'))).toEqual([]);
    expect(names).toContain('head.last_layer.weight_v');
    expect(names).not.toContain('head.last_layer.weight_g');
  });

  it('keeps the prototypes for the first epochs, and follows its schedules', () => {
    const method = small({ freezeLastLayerEpochs: 2, warmupTeacherEpochs: 3, teacherTemperature: 0.07 });
    expect([0, 19, 20].map((step) => method.phaseAt(step, run))).toEqual(['lastLayerFrozen', 'lastLayerFrozen', 'all']);
    const frozen = method.trainable('lastLayerFrozen');
    expect([...method.trainable('all').keys()].filter((name) => !frozen.has(name))).toEqual([
      'head.last_layer.weight_v',
    ]);
    const { teacherTemperature } = method.schedules(run);
    const temperatures = [0, 9, 10, 20, 99].map((step) => teacherTemperature(step).toFixed(3));
    expect(temperatures).toEqual(['0.040', '0.040', '0.055', '0.070', '0.070']);
    const momentum = method.emaPairs(run)[0]!.momentum as (step: number) => number;
    expect([momentum(0), momentum(50), momentum(100)]).toEqual([0.996, expect.closeTo(0.998, 10), 1]);
  });

  it('moves the centre once an update, to the mean of what the teacher told', () => {
    const method = small({ centerMomentum: 0.75 });
    const { carried } = method.loss({ views: crops() }, ctx);
    expect([...method.state.center!.buffers.center.dataSync()]).toEqual(Array.from({ length: 6 }, () => 0));
    expect(carried!['targets']!.shape).toEqual([1, 6]);
    method.afterUpdate(ctx, { targets: tf.concat([carried!['targets']!, tf.zeros([1, 6])]) });
    const moved = method.state.center!.buffers.center.dataSync();
    carried!['targets']!.dataSync().forEach((mean, at) => expect(moved[at]).toBeCloseTo(0.125 * mean, 6));
  });

  it('balances by Sinkhorn-Knopp without a centre', () => {
    const method = small({ centering: 'sinkhorn' });
    expect(method.state).toEqual({});
    const { loss, carried } = method.loss({ views: crops() }, ctx);
    expect(carried).toBeUndefined();
    expect(loss.dataSync()[0]).not.toBeCloseTo(small().loss({ views: crops() }, ctx).loss.dataSync()[0]!, 2);
    expect(() => small({ centering: 'none' as 'center' })).toThrow(InvalidOptionError);
  });

  it('has a teacher that drops no branch', () => {
    const method = small({}, 0.5);
    const told = [1, 2].map((seed) => {
      const dropped = { ...ctx, key: tf.tensor1d([seed, 7], 'int32') };
      const { loss, carried } = method.loss({ views: crops() }, dropped);
      return { loss: loss.dataSync()[0], targets: [...carried!['targets']!.dataSync()] };
    });
    expect(told[0]!.targets).toEqual(told[1]!.targets);
    expect(told[0]!.loss).not.toEqual(told[1]!.loss);
  });

  it('tells a collapse by featureStd', () => {
    const method = small();
    const deviation = (): number => method.loss({ views: crops() }, ctx).metrics!['featureStd']!.dataSync()[0]!;
    expect(deviation()).toBeGreaterThan(0.001);
    const { patchEmbed } = method.modules.teacher as VisionTransformer;
    for (const { variable } of patchEmbed.namedParameters().values()) variable.assign(tf.zerosLike(variable));
    expect(deviation()).toBeLessThan(1e-5);
  });

  it('refuses what does not fit', () => {
    expect(() => small({ studentTemperature: 0 })).toThrow(InvalidOptionError);
    expect(() => small({ momentum: 1.5 })).toThrow(InvalidOptionError);
    expect(() => small({ freezeLastLayerEpochs: -1 })).toThrow(InvalidOptionError);
    expect(() => small({ head: {} as DinoHead })).toThrow('Such as new DinoHead(');
    const { backbone } = small().modules;
    expect(() => new Dino({ backbone, normalize: stepsStatistics } as DinoOptions)).toThrow(InvalidOptionError);
    const loss = (views: tf.Tensor[]) => () => small().loss({ views }, ctx);
    expect(loss([view(12, 1)])).toThrow(ShapeError);
    expect(loss([view(12, 1), view(8, 2), view(8, 3)])).toThrow('two of one size, then others');
    expect(loss([view(12, 1), view(12, 2), tf.zeros([3, 8, 8, 1], 'int32')])).toThrow('each [4, height, width, 1]');
    expect(loss([view(12, 1), view(12, 2), view(10, 3)])).toThrow(ShapeError);
  });
});
