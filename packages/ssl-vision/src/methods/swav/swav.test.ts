import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectSteps, type StepsCase, stepsStatistics } from '../../../../../test/golden/vision/expect-steps.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { SwavHead } from '../../heads/swav-head.js';
import { Swav, type SwavOptions, type SwavPhase } from './swav.js';

interface Golden extends StepsCase {
  readonly numbers: Partial<SwavOptions>;
  readonly head: { readonly hiddenDim: number; readonly outDim: number; readonly prototypes: number };
  readonly options: object;
  readonly start: Readonly<Record<string, number[]>>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/swav.json', import.meta.url), 'utf8'),
) as Golden;
const key = randomKey(0);
const run = { totalSteps: 100, stepsPerEpoch: 10 };
const small = (changes: Partial<SwavOptions> = {}): Swav => {
  const backbone = new SmallConvEncoder({ ...golden.options, key });
  const head = new SwavHead(8, { ...golden.head, key });
  return new Swav({ backbone, head, normalize: stepsStatistics, ...changes } as SwavOptions);
};
const view = (size: number, seed: number): tf.Tensor =>
  tf.cast(tf.randomUniform([4, size, size, 1], 0, 256, 'float32', seed), 'int32');
const crops = (): tf.Tensor[] => [view(8, 1), view(8, 2), view(6, 3)];
const lossIn = (method: Swav, phase: SwavPhase) => method.loss({ views: crops() }, { ...training, values: {}, phase });
const lengths = (method: Swav): Float32Array =>
  tf.norm(method.modules.head.prototypes.weight.variable, 2, 0).dataSync() as Float32Array;

describe('Swav', () => {
  it('three steps equal the building blocks of the authors and of lightly', async () => {
    await expectSteps(() => small(golden.numbers), golden, {
      twins: {},
      prepare: (method) => {
        (method as unknown as Swav).modules.head.normalize();
        for (const [name, values] of Object.entries(golden.start)) {
          const { features } = method.state![name.split('.')[0]!]!.buffers;
          features!.assign(tf.tensor(values, features!.shape));
        }
      },
    });
  });

  it('has prototypes of length 1 from the start on and after each update', () => {
    const method = small();
    lengths(method).forEach((length) => expect(length).toBeCloseTo(1, 5));
    const { variable } = method.modules.head.prototypes.weight;
    variable.assign(tf.mul(variable, 3));
    method.afterUpdate({ ...training, values: {}, phase: 'all' }, {});
    lengths(method).forEach((length) => expect(length).toBeCloseTo(1, 5));
  });

  it('keeps prototypes at first and takes the queue late', () => {
    const method = small({ queueLength: 8, queueStartEpoch: 2, freezePrototypesSteps: 25 });
    const phases = [0, 19, 20, 24, 25].map((step) => method.phaseAt(step, run));
    expect(phases).toEqual(['frozen', 'frozen', 'frozen, queue', 'frozen, queue', 'all, queue']);
    expect(small().phaseAt(400, run)).toBe('all');
    expect(method.trainable('frozen, queue').has('head.prototypes.weight')).toBe(false);
    expect(method.trainable('all, queue').has('head.prototypes.weight')).toBe(true);
    const [without, withQueue] = (['all', 'all, queue'] as const).map(
      (phase) => lossIn(method, phase).loss.dataSync()[0],
    );
    expect(without).not.toBeCloseTo(withQueue!, 4);
  });

  it('puts the embeddings of each global view into a queue of its own, oldest out first', () => {
    const method = small({ queueLength: 6 });
    const { carried } = lossIn(method, 'all');
    const ctx = { ...training, values: {}, phase: 'all' as const };
    method.afterUpdate(ctx, carried!);
    method.afterUpdate(ctx, { queue0: tf.zeros([4, 5]), queue1: tf.ones([4, 5]) });
    const [first, second] = Object.values(method.state).map(({ features }) => features.arraySync());
    const rows = carried!['queue0']!.arraySync() as number[][];
    // Six places: the zeros took the last two and the first two.
    expect(first!.slice(2, 4)).toEqual(rows.slice(2, 4));
    expect([first![0], first![1], first![4], first![5]].flat().every((value) => value === 0)).toBe(true);
    expect(second![0]).toEqual([1, 1, 1, 1, 1]);
  });

  it('tells a collapse by featureStd', () => {
    const method = small();
    const deviation = (): number => lossIn(method, 'all').metrics!['featureStd']!.dataSync()[0]!;
    expect(deviation()).toBeGreaterThan(0.05);
    for (const [name, { variable }] of method.modules.head.projection.namedParameters())
      if (name === '3.weight') variable.assign(tf.zerosLike(variable));
    expect(deviation()).toBeLessThan(1e-5);
  });

  it('refuses what does not fit', () => {
    expect(() => small({ epsilon: 0 })).toThrow(InvalidOptionError);
    expect(() => small({ queueLength: -1 })).toThrow(InvalidOptionError);
    expect(() => small({ head: {} as SwavHead })).toThrow('Such as new SwavHead(');
    expect(() => small().loss({ views: [view(8, 1)] }, { ...training, values: {}, phase: 'all' })).toThrow(ShapeError);
  });
});
