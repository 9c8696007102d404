import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { finiteDifferences, lossAndGradients } from '../../../../test/golden/losses/golden.js';
import {
  array,
  dot,
  draw,
  expectFinite,
  expectGolden,
  extremes,
  mean,
  redundancy,
  unit,
  type Rows,
} from '../../../../test/golden/losses/redundancy.js';
import { directCLR } from './direct-clr.js';

/** Each view against the other view of all images and its own of the others, by loops in float64. */
function naive(first: Rows, second: Rows, kept: number, temperature: number): number[] {
  const rows = [...first, ...second].map((row) => unit(row.slice(0, kept)));
  return rows.map((anchor, i) => {
    const score = (j: number): number => dot(anchor, rows[j]!) / temperature;
    const others = [...rows.keys()].filter((j) => j !== i).map(score);
    const largest = Math.max(...others);
    const total = Math.log(others.reduce((all, x) => all + Math.exp(x - largest), 0)) + largest;
    return total - score((i + first.length) % rows.length);
  });
}

describe.each(['eager', 'compiled'] as const)('directCLR against lightly, %s', (mode) => {
  it.each(redundancy.directCLR.map(({ options, inputs }, index) => [index, inputs[0]!.shape, options] as const))(
    'case %i, %j, %j',
    async (index, _shape, options) => {
      const golden = redundancy.directCLR[index]!;
      const bank = golden.negatives === undefined ? {} : { negatives: array(golden.negatives) as tf.Tensor2D };
      await expectGolden(mode, golden, (a, b) => directCLR(a!, b!, { ...options, ...bank }));
    },
  );
});

describe('directCLR', () => {
  const [a, b] = [draw(1, 4, 6), draw(2, 4, 6)];
  const options = { lossDim: 3, temperature: 0.2 } as const;

  it('by loops and finite differences: the features beyond the first have no gradient', async () => {
    const [x, y] = [tf.tensor2d(a), tf.tensor2d(b)];
    expect(directCLR(x, y, { ...options, reduction: 'none' })).toBeAllClose(naive(a, b, 3, 0.2), { rtol: 2e-5 });
    expect(directCLR(x, y, { temperature: 0.2, reduction: 'none' })).toBeAllClose(naive(a, b, 6, 0.2), { rtol: 2e-5 });
    const [, gradient] = await lossAndGradients('eager', (p, q) => directCLR(p!, q!, options), [x, y]);
    expect(gradient!).toBeAllClose(
      finiteDifferences((p) => mean(naive(p, b, 3, 0.2)), a),
      { rtol: 1e-4, atol: 1e-5 },
    );
    expect(tf.slice(gradient! as tf.Tensor2D, [0, 3], [4, 3])).toBeAllClose(tf.zeros([4, 3]), { atol: 0 });
  });

  it('flattens maps of features, and does not see the features beyond the first', () => {
    const maps = (rows: Rows): tf.Tensor => tf.reshape(tf.tensor2d(rows), [4, 2, 3]);
    const plain = directCLR(tf.tensor2d(a), tf.tensor2d(b), options);
    expect(directCLR(maps(a), maps(b), options)).toBeAllClose(plain);
    const changed = a.map((row) => row.map((x, j) => (j < 3 ? x : 9 * x)));
    expect(directCLR(tf.tensor2d(changed), tf.tensor2d(b), options)).toBeAllClose(plain);
    expect(directCLR(tf.tensor2d(b), tf.tensor2d(a), options)).toBeAllClose(plain);
  });

  it.each(extremes(4))('%s stay finite', async (name, z) => {
    const loss = await expectFinite((x, y) => directCLR(x!, y!, { temperature: 0.01, lossDim: 2 }), [z, z]);
    expect(name.endsWith('rows') ? Math.log(7) : loss).toBeCloseTo(loss, 4);
  });

  it('names what is wrong', () => {
    const x = tf.zeros([3, 4]);
    expect(() => directCLR(x, tf.zeros([3, 5]))).toThrow(
      'directCLR: second must be float32 [3, 4], got float32 [3, 5]',
    );
    expect(() => directCLR(x, x, { lossDim: 2, negatives: tf.zeros([5, 4]) })).toThrow(
      'negatives must be float32 [k, 2]',
    );
    expect(() => directCLR(tf.zeros([1, 4]), tf.zeros([1, 4]))).toThrow(ShapeError);
    expect(() => directCLR(x, x, { lossDim: 0 })).toThrow(InvalidOptionError);
    expect(() => directCLR(x, x, { temperature: 0 })).toThrow(InvalidOptionError);
  });
});
