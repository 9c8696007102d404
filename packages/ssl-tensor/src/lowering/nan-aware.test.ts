import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectEverywhere as expectSame } from '../../../../test/support/expect-everywhere.js';
import { compile } from '../compile/compile.js';
import { checkpoint } from '../ops/checkpoint.js';
import { hostCall } from '../ops/host-call.js';
import { layerNorm } from '../ops/layer-norm.js';

type Op = (x: tf.Tensor) => tf.Tensor | tf.Tensor[];

const expectEverywhere = (
  op: Op,
  data: Iterable<number>,
  shape: readonly number[],
  expected: readonly (readonly number[])[],
): Promise<void> => expectSame(op, [{ data, shape }], expected);

const largest =
  (k: number, sorted = true): Op =>
  (x) => {
    const { values, indices } = tf.topk(x, k, sorted);
    return [values, indices];
  };

/** Rows longer than those of which every element is looked at, with numbers below 1 around the given ones. */
function longRows(rows: readonly (readonly number[])[], length: number): Float32Array {
  const data = new Float32Array(rows.length * length);
  rows.forEach((row, index) => {
    for (let i = 0; i < length; i++) data[index * length + i] = Math.sin(i) * 0.5;
    row.forEach((value, place) => (data[index * length + place * 7] = value));
  });
  return data;
}

describe('topk puts NaN first, as the largest', () => {
  it('loses no number beside it', () =>
    expectEverywhere(
      largest(3),
      [NaN, 1, 2, 3],
      [4],
      [
        [NaN, 3, 2],
        [0, 3, 2],
      ],
    ));

  it('for each row by itself, above infinity, the first of equal ones first', () =>
    expectEverywhere(
      largest(3),
      [1, Infinity, NaN, 2, NaN, Infinity, NaN, Infinity, 3.4028234663852886e38, Infinity, NaN, 0, 5, 5, -Infinity, 5],
      [4, 4],
      [
        [NaN, Infinity, 2, NaN, NaN, Infinity, NaN, Infinity, 3.4028234663852886e38, 5, 5, 5],
        [2, 1, 3, 0, 2, 1, 2, 1, 0, 0, 1, 3],
      ],
    ));

  it('of one, of all, and of nothing but NaN', async () => {
    await expectEverywhere(
      largest(1),
      [1, NaN, 2, NaN],
      [2, 2],
      [
        [NaN, NaN],
        [1, 1],
      ],
    );
    await expectEverywhere(
      largest(3),
      [NaN, NaN, NaN],
      [3],
      [
        [NaN, NaN, NaN],
        [0, 1, 2],
      ],
    );
  });

  it('in that order too where it need not be sorted', () =>
    expectEverywhere(
      largest(3, false),
      [1, 2, NaN, 3, 0, -1],
      [1, 6],
      [
        [NaN, 3, 2],
        [2, 3, 1],
      ],
    ));

  it('in long rows, whether there is NaN or not', async () => {
    const rows = [
      [2, NaN, 7, Infinity],
      [1, 2, 3, 4],
      [NaN, NaN, 1, 9],
    ];
    await expectEverywhere(
      largest(4),
      longRows(rows, 3000),
      [3, 3000],
      [
        [NaN, Infinity, 7, 2, 4, 3, 2, 1, NaN, NaN, 9, 1],
        [7, 21, 14, 0, 21, 14, 7, 0, 0, 7, 21, 14],
      ],
    );
    await expectEverywhere(
      largest(2),
      longRows([[1, 5, 5, -Infinity]], 9000),
      [1, 9000],
      [
        [5, 5],
        [7, 14],
      ],
    );
  });
});

describe('argMax and argMin give the place of the first NaN', () => {
  const both: Op = (x) => [tf.argMax(x, -1), tf.argMin(x, -1)];

  it('wherever it is, and whatever is before it', () =>
    expectEverywhere(
      both,
      [1, NaN, 2, NaN, Infinity, NaN, -Infinity, 0, 3, 9, -1, 9],
      [3, 4],
      [
        [1, 1, 1],
        [1, 1, 2],
      ],
    ));

  it('along the first axis and the middle one', async () => {
    const data = [1, 5, NaN, 2, 3, 4, NaN, 0];
    await expectEverywhere(
      (x) => [tf.argMax(x, 0), tf.argMin(x, 0)],
      data,
      [2, 2, 2],
      [
        [1, 0, 0, 0],
        [0, 1, 0, 1],
      ],
    );
    await expectEverywhere(
      (x) => [tf.argMax(x, 1), tf.argMin(x, 1)],
      data,
      [2, 2, 2],
      [
        [1, 0, 1, 0],
        [1, 1, 1, 1],
      ],
    );
  });

  it('in long rows', () =>
    expectEverywhere(
      both,
      longRows(
        [
          [9, -9],
          [9, NaN, -9, NaN],
          [-9, 9, 9],
        ],
        3000,
      ),
      [3, 3000],
      [
        [0, 7, 7],
        [7, 7, 0],
      ],
    ));
});

describe('max and min of NaN are NaN', () => {
  const both: Op = (x) => [tf.max(x, -1), tf.min(x, -1)];

  it('wherever it is', async () => {
    for (let place = 0; place < 19; place++) {
      const data = Array.from({ length: 38 }, (_, index) => (index === place ? NaN : (index % 19) - 9));
      await expectEverywhere(
        both,
        data,
        [2, 19],
        [
          [NaN, 9],
          [NaN, -9],
        ],
      );
    }
  });

  it('beside infinities, in long rows and down long columns', async () => {
    const data = longRows(
      [
        [Infinity, -Infinity],
        [NaN, Infinity, 3],
        [4, -4, 2],
      ],
      5000,
    );
    await expectEverywhere(
      both,
      data,
      [3, 5000],
      [
        [Infinity, NaN, 4],
        [-Infinity, NaN, -4],
      ],
    );
    const column = (op: (a: number, b: number) => number, first: number): number =>
      data.filter((_, index) => index % 3 === first).reduce((most, value) => op(most, value));
    const down = (op: (a: number, b: number) => number): number[] => [0, 1, 2].map((first) => column(op, first));
    await expectEverywhere(
      (x) => [tf.max(x, 0), tf.min(x, 0), tf.max(x)],
      data,
      [5000, 3],
      [down(Math.max), down(Math.min), [NaN]],
    );
  });

  it('of norms', () =>
    expectEverywhere(
      (x) => [tf.norm(x, Infinity, 1), tf.norm(x, -Infinity, 1)],
      [1, NaN, 2, -3, 1, 2],
      [2, 3],
      [
        [NaN, 3],
        [NaN, 1],
      ],
    ));

  it('and so are those of two tensors, at any place', async () => {
    const data = Float32Array.from({ length: 37 }, (_, index) => (index % 5 === 2 ? NaN : index - 20));
    const expected = (op: (a: number, b: number) => number): number[] => Array.from(data, (value) => op(value, 3));
    await expectEverywhere(
      (x) => [tf.maximum(x, 3), tf.minimum(3, x), tf.clipByValue(x, 3, 4)],
      data,
      [37],
      [expected(Math.max), expected(Math.min), Array.from(data, (value) => Math.min(4, Math.max(3, value)))],
    );
  });

  it('gradients go to every element that equals the result, and to none where it is NaN', () =>
    expectEverywhere(
      (x) => [tf.grad((y: tf.Tensor) => tf.max(y, 1))(x), tf.grad((y: tf.Tensor) => tf.min(y, 1))(x)],
      [1, NaN, 2, 2, 1, 2, 3, 3, -1],
      [3, 3],
      [
        [0, 0, 0, 1, 0, 1, 1, 1, 0],
        [0, 0, 0, 0, 1, 0, 0, 0, 1],
      ],
    ));
});

describe('windows with NaN', () => {
  // Rows of 0 NaN 2 3, 4 5 6 7, 8 9 10 11, 12 13 NaN NaN.
  const image = Array.from({ length: 16 }, (_, index) => ([1, 14, 15].includes(index) ? NaN : index));

  it('have the maximum NaN, at the place of the first one, which gets the gradient', async () => {
    await expectEverywhere(
      (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
      image,
      [1, 4, 4, 1],
      [[NaN, 7, 13, NaN]],
    );
    await expectEverywhere(
      (x) => {
        const { result, indexes } = tf.maxPoolWithArgmax(x as tf.Tensor4D, 2, 2, 'valid');
        return [result!, indexes!];
      },
      image,
      [1, 4, 4, 1],
      [
        [NaN, 7, 13, NaN],
        [1, 7, 13, 14],
      ],
    );
    const ones = (places: readonly number[]): number[] => image.map((_, index) => Number(places.includes(index)));
    await expectEverywhere(
      (x) => tf.grad((y: tf.Tensor) => tf.maxPool(y as tf.Tensor4D, 2, 2, 'valid'))(x),
      image,
      [1, 4, 4, 1],
      [ones([1, 7, 13, 14])],
    );
  });

  it('in three dimensions', () =>
    expectEverywhere(
      (x) => tf.maxPool3d(x as tf.Tensor5D, [1, 2, 2], [1, 2, 2], 'valid'),
      [...image, ...image.map((value, index) => (index === 7 ? NaN : -value))],
      [1, 2, 4, 4, 1],
      [[NaN, 7, 13, NaN, NaN, NaN, -8, NaN]],
    ));

  it('of many pixels, padded and overlapping', () => {
    const size = 48;
    const data = Float32Array.from({ length: size * size * 2 }, (_, index) => Math.sin(index));
    data[2 * (5 * size + 9)] = NaN;
    data[2 * (size * size - 1) + 1] = NaN;
    const expected = Array.from({ length: 24 * 24 * 2 }, (_, index) => {
      const [channel, column, row] = [index % 2, Math.floor(index / 2) % 24, Math.floor(index / 48)];
      let most = -Infinity;
      for (let i = 2 * row - 1; i <= 2 * row + 1; i++)
        for (let j = 2 * column - 1; j <= 2 * column + 1; j++)
          if (i >= 0 && j >= 0) most = Math.max(most, data[2 * (i * size + j) + channel]!);
      return most;
    });
    return expectEverywhere((x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 1), data, [1, size, size, 2], [expected]);
  });

  it('of a dilation, also by a filter with NaN', async () => {
    await expectEverywhere(
      (x) => tf.dilation2d(x as tf.Tensor4D, tf.ones([2, 2, 1]), 2, 'valid'),
      image,
      [1, 4, 4, 1],
      [[NaN, 8, 14, NaN]],
    );
    await expectEverywhere(
      (x) => tf.dilation2d(x as tf.Tensor4D, tf.tensor3d([1, NaN], [1, 2, 1]), 2, 'valid'),
      [1, 2, 3, 4],
      [1, 1, 4, 1],
      [[NaN, NaN]],
    );
  });
});

it('activations and softmax keep NaN', async () => {
  const data = [NaN, 1, -1, 0, 2, NaN, 0, 3];
  const where = data.map((value) => (Number.isNaN(value) ? NaN : 0));
  const ops: ((x: tf.Tensor) => tf.Tensor)[] = [tf.relu, tf.relu6, tf.elu, tf.selu, tf.sign, (x) => tf.step(x)];
  await expectEverywhere(
    (x) => ops.map((op) => tf.mul(op(x), 0)),
    data,
    [8],
    ops.map(() => where),
  );
  await expectEverywhere(
    (x) => [tf.softmax(x), tf.logSumExp(x, 1) as tf.Tensor, layerNorm(x, tf.ones([2]), tf.zeros([2]))],
    [1, NaN, 3, 3],
    [2, 2],
    [
      [NaN, NaN, 0.5, 0.5],
      [NaN, Math.fround(Math.log(2) + 3)],
      [NaN, NaN, 0, 0],
    ],
  );
});

it('graphs that are cut at host calls, and ones that compute again for the gradient, find NaN too', async () => {
  const size = 5000;
  const step = compile((x: tf.Tensor1D) => {
    const [same] = hostCall([x], [{ shape: [size], dtype: 'float32' }], ([given]) => [given!]);
    const most = (y: tf.Tensor): tf.Scalar => tf.max(tf.mul(y, 2)) as tf.Scalar;
    const again = tf.grad((y) => checkpoint((z: tf.Tensor) => most(z), y))(x);
    return [most(x), most(same!), tf.argMin(tf.add(same!, x)), again];
  });
  const data = Float32Array.from({ length: size }, (_, index) => index);
  const read = async (): Promise<number[][]> => {
    const results = await step({ data, shape: [size] });
    const values = results.map((result) => Array.from(result.dataSync()));
    tf.dispose(results);
    return values;
  };
  const [most, same, place, gradient] = await read();
  expect([most, same, place]).toEqual([[9998], [9998], [0]]);
  expect(gradient!.findIndex((value) => value === 2)).toBe(size - 1);
  data[4321] = NaN;
  expect((await read()).slice(0, 3)).toEqual([[NaN], [NaN], [4321]]);
  step.dispose();
});
