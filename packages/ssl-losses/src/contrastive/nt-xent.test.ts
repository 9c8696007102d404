import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InvalidOptionError, ShapeError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, goldens, lossAndGradients, matrix } from '../../../../test/golden/losses/golden.js';
import {
  contrastive,
  expectFinite,
  expectGolden,
  extremes,
  modes,
} from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { ntXent } from '../index.js';

type Rows = number[][];

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const unit = (row: readonly number[]): number[] => {
  const length = Math.max(Math.sqrt(dot(row, row)), 1e-6);
  return row.map((value) => value / length);
};

interface NaiveOptions {
  readonly views?: number;
  readonly bank?: Rows;
  readonly mask?: Rows;
}

/** Equation 1 of SimCLR by loops in float64; the mean over positives for more than two views. */
function naive(z: Rows, temperature: number, { views = 2, bank = [], mask }: NaiveOptions = {}): number[] {
  const rows = z.map(unit);
  const all = [...rows, ...bank.map(unit)];
  const batch = rows.length / views;
  return rows.map((anchor, i) => {
    const isPositive = (a: number): boolean => a < rows.length && a % batch === i % batch;
    const scores = all.map((other) => dot(anchor, other) / temperature);
    const largest = Math.max(...scores);
    let denominator = 0;
    let attraction = 0;
    scores.forEach((score, a) => {
      if (a === i || (!isPositive(a) && mask !== undefined && mask[i]![a] === 0)) return;
      denominator += Math.exp(score - largest);
      if (isPositive(a)) attraction += score / (views - 1);
    });
    return Math.log(denominator) + largest - attraction;
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const draw = (seed: number, rows: number, dim: number): Rows => {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: rows }, () => Array.from({ length: dim }, () => random.normal()));
};
const value = (z: Rows, options: Parameters<typeof ntXent>[1] = {}): number =>
  tf.tidy(() => ntXent(tf.tensor2d(z), { ...options, reduction: 'mean' }).dataSync()[0]!);

describe.each(['eager', 'compiled'] as const)('ntXent against lightly, %s', (mode) => {
  it.each(goldens.ntXent.map((golden, index) => [index, golden.z[0]!.shape, golden.temperature] as const))(
    'case %i: views of %j, temperature %d',
    async (index) => {
      const { z, temperature, loss, gradients } = goldens.ntXent[index]!;
      const [got, ...grads] = await lossAndGradients(mode, (a, b) => ntXent([a!, b!], { temperature }), z.map(matrix));
      expect(got!).toBeAllClose(loss, { rtol: 1e-5, atol: 1e-5 });
      grads.forEach((gradient, view) => expect(gradient).toBeAllClose(gradients[view]!, { rtol: 1e-4, atol: 1e-5 }));
    },
  );
});

describe.each(modes)('ntXent in blocks, %s', (mode) => {
  const cases = contrastive.ntXent.flatMap((golden, index) =>
    [1, 3, 5, 7, 64].map((blockRows) => [index, golden.options.temperature, blockRows] as const),
  );
  it.each(cases)('case %i of lightly, temperature %d, %i rows at a time', async (index, temperature, blockRows) => {
    await expectGolden(mode, contrastive.ntXent[index]!, (a, b) =>
      ntXent([a as tf.Tensor2D, b as tf.Tensor2D], { temperature, blockRows }),
    );
  });

  it('blocks, a bank and weights of the rows go together', async () => {
    const [z, bank] = [draw(31, 9, 4), draw(32, 7, 4)];
    const weights = [1, -2, 0.5, 0, 3, 1, 1, 0.25, -1];
    const [loss, inZ, inBank] = await lossAndGradients(
      mode,
      (x, n) => {
        const losses = ntXent(x!, { temperature: 0.2, views: 3, negatives: n!, blockRows: 2, reduction: 'none' });
        return tf.sum(tf.mul(losses, tf.tensor1d(weights)));
      },
      [tf.tensor2d(z), tf.tensor2d(bank)],
    );
    const total = (x: Rows, n: Rows): number =>
      naive(x, 0.2, { views: 3, bank: n }).reduce((sum, value, i) => sum + value * weights[i]!, 0);
    expect(loss!).toBeAllClose(total(z, bank), { rtol: 1e-5 });
    const close = { rtol: 1e-4, atol: 2e-5 };
    expect(inZ!).toBeAllClose(
      finiteDifferences((x) => total(x, bank), z),
      close,
    );
    expect(inBank!).toBeAllClose(
      finiteDifferences((n) => total(z, n), bank),
      close,
    );
  });

  it('has the gradient of finite differences under a mask', async () => {
    const [z, bank] = [draw(41, 6, 3), draw(42, 3, 3)];
    const mask = Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 9 }, (_unused, j) => Number((i * 5 + j * 7) % 3 !== 0)),
    );
    const [loss, gradient] = await lossAndGradients(
      mode,
      (x) =>
        ntXent(x!, {
          temperature: 0.3,
          negatives: tf.tensor2d(bank),
          negativeMask: tf.tensor2d(mask, [6, 9], 'int32'),
        }),
      [tf.tensor2d(z)],
    );
    const total = (x: Rows): number => mean(naive(x, 0.3, { bank, mask }));
    expect(loss!).toBeAllClose(total(z));
    expect(gradient!).toBeAllClose(finiteDifferences(total, z), { rtol: 1e-4, atol: 1e-5 });
  });
});

describe('ntXent against loops', () => {
  it.each([
    [2, 2, 3, 0.5],
    [2, 6, 4, 0.1],
    [3, 4, 5, 0.2],
    [4, 3, 2, 1],
    [2, 4, 8, 0.01],
  ])('%i views of %i, dim %i, temperature %d', (views, batch, dim, temperature) => {
    const z = draw(views * 100 + batch, views * batch, dim);
    const expected = naive(z, temperature, { views });
    expect(ntXent(tf.tensor2d(z), { temperature, views, reduction: 'none' })).toBeAllClose(expected, {
      rtol: 1e-5,
      atol: 2e-5,
    });
    expect(ntXent(tf.tensor2d(z), { temperature, views, reduction: 'sum' })).toBeAllClose(
      expected.reduce((a, b) => a + b),
      { rtol: 1e-5, atol: 1e-4 },
    );
  });

  it('takes a memory bank and a mask of pairs', () => {
    const z = draw(7, 6, 4);
    const bank = draw(8, 5, 4);
    const mask = Array.from({ length: 6 }, (_, i) =>
      Array.from({ length: 11 }, (_, j) => ((i * 7 + j * 3) % 4 === 0 ? 0 : 1)),
    );
    const options = { temperature: 0.3, reduction: 'none' } as const;
    expect(ntXent(tf.tensor2d(z), { ...options, negatives: tf.tensor2d(bank) })).toBeAllClose(naive(z, 0.3, { bank }));
    const masked = ntXent(tf.tensor2d(z), {
      ...options,
      negatives: tf.tensor2d(bank),
      negativeMask: tf.tensor2d(mask, [6, 11], 'int32'),
    });
    expect(masked).toBeAllClose(naive(z, 0.3, { bank, mask }));
  });

  it('has the gradient of float64 finite differences', async () => {
    for (const [views, temperature] of [
      [2, 0.2],
      [3, 0.5],
    ] as const) {
      const z = draw(21 + views, 4 * views, 3);
      const [, gradient] = await lossAndGradients('eager', (x) => ntXent(x!, { temperature, views }), [tf.tensor2d(z)]);
      expect(gradient!).toBeAllClose(
        finiteDifferences((x) => mean(naive(x, temperature, { views })), z),
        { rtol: 1e-4, atol: 1e-5 },
      );
    }
  });
});

describe('ntXent invariances', () => {
  const cases = fc.record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    batch: fc.integer({ min: 2, max: 6 }),
    dim: fc.integer({ min: 2, max: 6 }),
    temperature: fc.double({ min: 0.05, max: 2, noNaN: true }),
  });
  const check = (property: (z: Rows, batch: number, temperature: number, random: RandomStream) => void): void =>
    fc.assert(
      fc.property(cases, ({ seed, batch, dim, temperature }) =>
        property(draw(seed, 2 * batch, dim), batch, temperature, new RandomStream(randomKey(seed + 1))),
      ),
      { seed: 3, numRuns: 30 },
    );

  it('swapping the views changes nothing', () =>
    check((z, batch, temperature) => {
      expect(value([...z.slice(batch), ...z.slice(0, batch)], { temperature })).toBeAllClose(value(z, { temperature }));
    }));

  it('permuting the images changes nothing', () =>
    check((z, batch, temperature, random) => {
      const order = [...random.permutation(batch)];
      expect(value([...order.map((i) => z[i]!), ...order.map((i) => z[i + batch]!)], { temperature })).toBeAllClose(
        value(z, { temperature }),
      );
    }));

  it('rotating the features changes nothing', () =>
    check((z, _batch, temperature, random) => {
      const angle = random.uniform(0, 6);
      const turned = z.map(([a, b, ...rest]) => [
        a! * Math.cos(angle) - b! * Math.sin(angle),
        a! * Math.sin(angle) + b! * Math.cos(angle),
        ...rest,
      ]);
      expect(value(turned, { temperature })).toBeAllClose(value(z, { temperature }), { rtol: 2e-5, atol: 5e-6 });
    }));

  it('scaling each feature vector changes nothing when normalised', () =>
    check((z, _batch, temperature, random) => {
      const scaled = z.map((row) => {
        const factor = random.uniform(0.1, 9);
        return row.map((x) => x * factor);
      });
      expect(value(scaled, { temperature })).toBeAllClose(value(z, { temperature }), { rtol: 2e-5, atol: 5e-6 });
    }));
});

describe('ntXent at the edges', () => {
  const identical = Array.from({ length: 6 }, () => [1, 2, 3]);
  it.each([
    ['identical rows', identical, Math.log(5)],
    ['zero vectors', identical.map(() => [0, 0, 0]), Math.log(5)],
    ['huge rows', identical.map((row) => row.map((x) => x * 1e15)), Math.log(5)],
    ['tiny rows', identical.map((row) => row.map((x) => x * 1e-4)), Math.log(5)],
  ])('%s give log(n - 1) and finite gradients', async (_name, z, expected) => {
    const [loss, gradient] = await lossAndGradients('eager', (x) => ntXent(x!, { temperature: 0.01 }), [
      tf.tensor2d(z),
    ]);
    expect(loss!).toBeAllClose(expected, { rtol: 1e-4 });
    expect(gradient!.dataSync().every(Number.isFinite)).toBe(true);
  });

  it.each(extremes(6))('%s are finite', async (_name, z) => {
    await expectFinite((x) => ntXent(x!, { temperature: 0.01 }), [z]);
    await expectFinite((x) => ntXent(x!, { temperature: 0.01, views: 3, normalize: false, blockRows: 2 }), [z]);
  });

  it('a loss that is nearly 0 keeps its digits', () => {
    const z = tf.tensor2d([
      [1, 0],
      [-1, 0],
      [1, 0],
      [-1, 0],
    ]);
    // One positive at the similarity 10, two negatives at -10.
    expect(ntXent(z, { temperature: 0.1 })).toBeAllClose(Math.log1p(2 * Math.exp(-20)), { rtol: 1e-4, atol: 0 });
  });

  it('one image is refused without other negatives and works with them', () => {
    const z = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    expect(() => ntXent(z)).toThrow(ShapeError);
    expect(ntXent(z, { negatives: tf.tensor2d([[1, 1]]), temperature: 1 })).toBeAllClose(
      Math.log(1 + Math.exp(Math.SQRT1_2)),
    );
  });

  it('names what is wrong', () => {
    const z = tf.zeros([6, 4]) as tf.Tensor2D;
    expect(() => ntXent(tf.zeros([5, 4]))).toThrow('ntXent: z must be [2 * batch, dim], got [5, 4]');
    expect(() => ntXent(tf.zeros([5]) as never)).toThrow(
      'ntXent: z must be float32 [views * batch, dim], got float32 [5]',
    );
    expect(() => ntXent([z, tf.zeros([6, 5])])).toThrow('ntXent: z[1] must be float32 [6, 4], got float32 [6, 5]');
    expect(() => ntXent([z])).toThrow(ShapeError);
    expect(() => ntXent(z, { negatives: tf.zeros([3, 5]) })).toThrow('negatives must be float32 [k, 4]');
    expect(() => ntXent(z, { negativeMask: tf.zeros([6, 5], 'int32') })).toThrow(
      'negativeMask must be int32 or bool [6, 6]',
    );
    for (const temperature of [0, -1, NaN, Infinity])
      expect(() => ntXent(z, { temperature })).toThrow(InvalidOptionError);
    expect(() => ntXent(z, { views: 1 })).toThrow(InvalidOptionError);
    expect(() => ntXent(z, { blockRows: 0 })).toThrow('blockRows must be a positive integer');
    expect(() => ntXent(z, { blockRows: 2, negativeMask: tf.ones([6, 6], 'int32') })).toThrow(
      'blockRows must be left out with a negativeMask',
    );
    expect(() => ntXent(z, { reduction: 'median' as 'mean' })).toThrow("reduction must be 'mean', 'sum' or 'none'");
  });
});
