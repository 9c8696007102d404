import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { expectEverywhere } from '../../../../test/support/expect-everywhere.js';
import { compile } from '../compile/compile.js';

type Op = (x: tf.Tensor) => tf.Tensor;

async function errorsOf(op: Op, make: () => tf.Tensor): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const backend of ['cpu', 'ssl']) {
    await tf.setBackend(backend);
    tf.tidy(() => void errors.push(caught(() => op(make()))));
  }
  const compiled = compile(op, { threads: 1 });
  const x = make();
  errors.push(await compiled(x).catch((error: unknown) => error));
  x.dispose();
  compiled.dispose();
  return errors;
}

function caught(run: () => tf.Tensor): unknown {
  try {
    return Array.from(run().dataSync());
  } catch (error) {
    return error;
  }
}

describe('the largest and the smallest of nothing', () => {
  const ops: Record<string, Op> = {
    max: (x) => tf.max(x, 1),
    min: (x) => tf.min(x, -2, true),
    argMax: (x) => tf.argMax(x, 1),
    argMin: (x) => tf.argMin(x, 1),
    logSumExp: (x) => tf.logSumExp(x, 1),
    logSoftmax: (x) => tf.logSoftmax(tf.reshape(x, [2, 0])),
    norm: (x) => tf.norm(x, Infinity, 1),
    'max of all': (x) => tf.max(x),
    'max along two axes': (x) => tf.max(x, [0, 1]),
  };
  for (const [name, op] of Object.entries(ops))
    for (const dtype of ['float32', 'int32'] as const)
      it.skipIf(dtype === 'int32' && ['logSumExp', 'logSoftmax', 'norm'].includes(name))(
        `are refused: ${name} of ${dtype}`,
        async () => {
          const errors = await errorsOf(op, () => tf.zeros([2, 0, 3], dtype));
          for (const error of errors) {
            expect(error).toBeInstanceOf(ShapeError);
            expect((error as Error).message).toMatch(
              /x must be of at least one element along axis 1, since nothing has no largest and no smallest/,
            );
          }
        },
      );

  it('are refused for no samples too', async () => {
    for (const error of await errorsOf(
      (x) => tf.argMax(x, 0),
      () => tf.zeros([0, 4]),
    ))
      expect(error).toBeInstanceOf(ShapeError);
  });

  it('are fine where nothing is asked for, and for one element', async () => {
    const empty = [{ data: [], shape: [0, 3] }];
    await expectEverywhere((x: tf.Tensor) => [tf.max(x, 1), tf.min(x, 1), tf.argMax(x, 1), tf.logSumExp(x, 1)], empty, [
      [],
      [],
      [],
      [],
    ]);
    await expectEverywhere((x: tf.Tensor) => tf.softmax(x), [{ data: [], shape: [2, 0] }], [[]]);
    await expectEverywhere(
      (x: tf.Tensor) => [tf.max(x, 1), tf.argMax(x, 1)],
      [{ data: [7], shape: [1, 1] }],
      [[7], [0]],
    );
  });
});

it('sums, means and products of nothing are the same everywhere', () =>
  expectEverywhere(
    (x: tf.Tensor) => [tf.sum(x, 1), tf.mean(x, 1), tf.prod(x, 1)],
    [{ data: [], shape: [2, 0] }],
    [
      [0, 0],
      [0, 0],
      [1, 1],
    ],
  ));

describe('powers follow IEEE 754', () => {
  const special = [NaN, 0, 1, -1, 2, -2, 0.5, Infinity, -Infinity];
  const power = (a: number, b: number): number =>
    a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.fround(a ** b) || (Number.isNaN(a ** b) ? NaN : 0);

  it('of all pairs, with and without broadcasting, and by a number', async () => {
    const pairs = special.flatMap((a) => special.map((b) => power(a, b)));
    const n = special.length;
    const [base, exponent] = [
      { data: special, shape: [n, 1] },
      { data: special, shape: [n] },
    ];
    await expectEverywhere((a: tf.Tensor, b: tf.Tensor) => tf.pow(a, b), [base, exponent], [pairs]);
    const [bases, exponents] = [special.flatMap((a) => special.map(() => a)), special.flatMap(() => special)];
    await expectEverywhere(
      (a: tf.Tensor, b: tf.Tensor) => tf.pow(a, b),
      [bases, exponents].map((data) => ({ data, shape: [n * n] })),
      [pairs],
    );
    await expectEverywhere(
      (x: tf.Tensor) => special.flatMap((b) => [tf.pow(x, b), tf.pow(b, x)]),
      [exponent],
      special.flatMap((b) => [special.map((a) => power(a, b)), special.map((a) => power(b, a))]),
    );
  });

  it('1 to NaN is 1, and NaN to 0 is 1', () =>
    expectEverywhere(
      (a: tf.Tensor, b: tf.Tensor) => tf.pow(a, b),
      [
        { data: [1, NaN, -1, NaN, 1], shape: [5] },
        { data: [NaN, 0, Infinity, 1, 2], shape: [5] },
      ],
      [[1, 1, 1, NaN, 1]],
    ));
});
