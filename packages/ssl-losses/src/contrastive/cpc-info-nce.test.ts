import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import {
  contrastive,
  dot,
  draw,
  expectFinite,
  expectGolden,
  expectSlopes,
  extremes,
  logSumExp,
  mean,
  modes,
  type Rows,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { cpcInfoNCE } from './cpc-info-nce.js';

type Negatives = 'samples' | 'places' | 'all';

/** Equation 4 of the paper by loops in float64; row `i * places + t` is place `t` of sample `i`. */
function naive(
  context: Rows,
  encodings: Rows,
  maps: readonly Rows[],
  places: number,
  negatives: Negatives,
  temperature: number,
): number[] {
  const batch = context.length / places;
  return maps.map((map, index) => {
    const step = index + 1;
    const losses: number[] = [];
    for (let i = 0; i < batch; i++)
      for (let t = 0; t < places - step; t++) {
        const c = context[i * places + t]!;
        const column = (at: number): number[] => map.map((row) => row[at]!);
        const prediction = map[0]!.map((_, at) => dot(c, column(at)));
        const score = (j: number, u: number): number => dot(prediction, encodings[j * places + u]!) / temperature;
        const candidates: number[] = [];
        for (let j = 0; j < batch; j++)
          for (let u = step; u < places; u++)
            if (negatives === 'all' || (negatives === 'samples' ? u === t + step : j === i))
              candidates.push(score(j, u));
        losses.push(logSumExp(candidates) - score(i, t + step));
      }
    return mean(losses);
  });
}

const cube = (x: tf.Tensor, places: number): tf.Tensor3D => tf.reshape(x, [-1, places, x.shape[1]!]);

describe.each(modes)('cpcInfoNCE against PyTorch, %s', (mode) => {
  it.each(contrastive.cpc.map(({ options }, index) => [index, options.negatives] as const))(
    'case %i, negatives: %s',
    async (index) => {
      const golden = contrastive.cpc[index]!;
      await expectGolden(mode, golden, (context, encodings, ...maps) =>
        cpcInfoNCE(context as tf.Tensor3D, encodings as tf.Tensor3D, maps as tf.Tensor2D[], golden.options),
      );
    },
  );
});

describe('cpcInfoNCE against loops', () => {
  const [context, encodings, maps] = [draw(1, 12, 3), draw(2, 12, 2), [draw(3, 3, 2), draw(4, 3, 2)]];
  it.each([
    ['all', 1],
    ['samples', 0.5],
    ['places', 2],
  ] as const)('negatives: %s, temperature %d', async (negatives, temperature) => {
    const options = { negatives, temperature };
    const steps = cpcInfoNCE(
      cube(tf.tensor2d(context), 4),
      cube(tf.tensor2d(encodings), 4),
      maps.map((map) => tf.tensor2d(map)),
      { ...options, reduction: 'none' },
    );
    expect(steps).toBeAllClose(naive(context, encodings, maps, 4, negatives, temperature));
    await expectSlopes(
      (c, z, ...w) => cpcInfoNCE(cube(c!, 4), cube(z!, 4), w, options),
      (c, z, ...w) => mean(naive(c!, z!, w, 4, negatives, temperature)),
      [context, encodings, ...maps],
      1e-4,
    );
  });

  it('the order of the samples does not matter', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const order = [...new RandomStream(randomKey(seed)).permutation(3)];
        const turned = (rows: Rows): tf.Tensor3D =>
          cube(tf.tensor2d(order.flatMap((i) => rows.slice(4 * i, 4 * i + 4))), 4);
        const own = maps.map((map) => tf.tensor2d(map));
        const [c, z] = [cube(tf.tensor2d(context), 4), cube(tf.tensor2d(encodings), 4)];
        for (const negatives of ['all', 'samples', 'places'] as const)
          expect(cpcInfoNCE(turned(context), turned(encodings), own, { negatives })).toBeAllClose(
            cpcInfoNCE(c, z, own, { negatives }),
          );
      }),
      { seed: 5, numRuns: 12 },
    ));
});

describe('cpcInfoNCE at the edges', () => {
  it.each(extremes(6))('%s are finite', async (_name, rows) => {
    for (const negatives of ['all', 'samples', 'places'] as const)
      await expectFinite(
        (c, z, w) => cpcInfoNCE(cube(c!, 3), cube(z!, 3), [w!], { negatives, temperature: 0.01 }),
        [rows, rows, draw(1, 3, 3)],
      );
  });

  it('names what is wrong', () => {
    const x = tf.ones([2, 3, 2]) as tf.Tensor3D;
    const map = tf.ones([2, 2]) as tf.Tensor2D;
    expect(() => cpcInfoNCE(x, x, [])).toThrow('cpcInfoNCE: maps must be one or more matrices');
    expect(() => cpcInfoNCE(x, x, [tf.ones([3, 2])])).toThrow('maps[0] must be float32 [2, 2]');
    expect(() => cpcInfoNCE(x, tf.ones([2, 4, 2]), [map])).toThrow(ShapeError);
    expect(() => cpcInfoNCE(x, x, [map, map, map])).toThrow('left at step 3');
    expect(() => cpcInfoNCE(x, x, [map, map], { negatives: 'places' })).toThrow('two or more places left at step 2');
    expect(() => cpcInfoNCE(x, x, [map], { temperature: 0 })).toThrow(InvalidOptionError);
  });
});
