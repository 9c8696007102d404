import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadRuntime } from '@selfsup/ssl-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import type { HostFunction } from '../compile/host-function.js';
import { HostCallError } from '../errors/host-call-error.js';
import { ndArray, type NdArray, ShapeError, UnsupportedOpError } from '@selfsup/ssl-core';
import { profile } from '../profile/profile.js';
import { blockwise } from './blockwise.js';
import { hostCall } from './host-call.js';

const ort = loadRuntime();

beforeEach(() => tf.setBackend('cpu'));
afterEach(() => vi.restoreAllMocks());

const map = ({ data, shape }: NdArray, f: (x: number) => number): NdArray => ndArray(Float32Array.from(data, f), shape);
const host = (x: tf.Tensor, fn: HostFunction, gradient?: (dy: tf.Tensor, x: tf.Tensor) => tf.Tensor): tf.Tensor =>
  hostCall(
    [x],
    [{ shape: x.shape, dtype: 'float32' }],
    fn,
    gradient === undefined ? {} : { gradient: ([dy], [input]) => [gradient(dy!, input!)] },
  )[0]!;
const later = (fn: (x: number) => number): HostFunction => {
  return async ([x]) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return [map(x!, fn)];
  };
};
const cube = (x: tf.Tensor, wait: boolean): tf.Tensor =>
  host(x, wait ? later((value) => value ** 3) : ([values]) => [map(values!, (value) => value ** 3)], (dy, input) =>
    tf.mul(
      dy,
      host(input, wait ? later((value) => 3 * value ** 2) : ([values]) => [map(values!, (value) => 3 * value ** 2)]),
    ),
  );
const x = (): tf.Tensor1D => tf.tensor1d([1, -2, 3]);

describe('a step with host calls equals the step without', () => {
  const loss = (power: (t: tf.Tensor) => tf.Tensor) => (input: tf.Tensor) =>
    tf.sum(tf.mul(power(tf.sin(input)), tf.exp(input))) as tf.Scalar;
  const both = (power: (t: tf.Tensor) => tf.Tensor) => (input: tf.Tensor) => tf.valueAndGrad(loss(power))(input);

  it.each([true, false])('in values and gradients, asynchronous: %s', async (wait) => {
    const expected = both((t) => tf.mul(t, tf.mul(t, t)))(x());
    const step = compile(both((t) => cube(t, wait)));
    for (let i = 0; i < 2; i++) {
      const result = await step(x());
      expect(result.value).toBeAllClose(expected.value);
      expect(result.grad).toBeAllClose(expected.grad);
    }
  });

  it('eagerly too', () => {
    const [expected, eager] = [both((t) => tf.mul(t, tf.mul(t, t)))(x()), both((t) => cube(t, false))(x())];
    expect(eager.value).toBeAllClose(expected.value);
    expect(eager.grad).toBeAllClose(expected.grad);
  });

  it('trains, with the gradients sent through the host', async () => {
    const train = async (through: (g: tf.Tensor) => tf.Tensor): Promise<[number[], ArrayLike<number>]> => {
      const w = tf.variable(tf.tensor2d([0.1, 0.2, -0.3, 0.4], [2, 2]));
      const optimizer = tf.train.adam(0.05);
      const step = compile((batch: tf.Tensor2D) => {
        const { value, grads } = tf.variableGrads(
          () => tf.mean(tf.square(tf.sub(tf.tanh(tf.matMul(batch, w as tf.Tensor2D)), 0.5))) as tf.Scalar,
          [w],
        );
        optimizer.applyGradients([{ name: w.name, tensor: through(grads[w.name]!) }]);
        return value;
      });
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) losses.push((await step(tf.tensor2d([1, 2, 3, 4, 5 + i, 6], [3, 2]))).dataSync()[0]!);
      return [losses, w.dataSync()];
    };
    const [losses, weights] = await train((g) =>
      host(
        g,
        later((value) => value),
      ),
    );
    const [expectedLosses, expectedWeights] = await train((g) => g);
    expect(losses).toEqual(expectedLosses);
    expect(weights).toEqual(expectedWeights);
    expect(losses[4]).toBeLessThan(losses[0]!);
  });
});

describe('what a host call takes and gives', () => {
  it('arguments, variables, constants and results of other calls; its results are results of the step', async () => {
    const v = tf.variable(tf.tensor1d([10, 20]));
    const captured = tf.tensor1d([3, 4]);
    const seen: number[][] = [];
    const note: HostFunction = (inputs) => {
      seen.push(inputs.flatMap(({ data }) => [...data]));
      return inputs.map((input) => map(input, (value) => value + 1));
    };
    const spec = { shape: [2], dtype: 'float32' as const };
    const step = compile((a: tf.Tensor) => {
      const first = hostCall([a, v, captured, tf.zeros([2])], [spec, spec, spec, spec], note);
      const second = hostCall([first[0]!, a], [spec, spec], note);
      v.assign(first[1]! as tf.Tensor1D);
      return [first[2], second[0], a, tf.neg(second[1]!), second[0]];
    });
    const results = await step(tf.tensor1d([1, 2]));
    expect(seen).toEqual([
      [1, 2, 10, 20, 3, 4, 0, 0],
      [2, 3, 1, 2],
    ]);
    expect(results.map((result) => [...result!.dataSync()])).toEqual([
      [4, 5],
      [3, 4],
      [1, 2],
      [-2, -3],
      [3, 4],
    ]);
    expect(v).toBeAllClose([11, 21]);
    await step(tf.tensor1d([5, 6]));
    expect(seen[2]).toEqual([5, 6, 11, 21, 3, 4, 0, 0]);
    expect(v).toBeAllClose([12, 22]);
    expect(captured).toBeAllClose([3, 4]);
    expect(step.traces).toBe(1);
  });

  it('int32, bool, scalars, nothing', async () => {
    const step = compile((count: tf.Tensor, flags: tf.Tensor) => {
      const [sum, not] = hostCall(
        [count, flags],
        [
          { shape: [], dtype: 'int32' },
          { shape: [2], dtype: 'bool' },
        ],
        ([n, truths]) => [
          ndArray(Int32Array.of(n!.data[0]! + 1), []),
          ndArray(
            Uint8Array.from(truths!.data, (truth) => 1 - truth),
            [2],
          ),
        ],
      );
      const [constant] = hostCall([], [{ shape: [1], dtype: 'float32' }], () => [ndArray(Float32Array.of(9), [1])]);
      return [sum!, tf.logicalNot(not!), constant!];
    });
    const results = await step(tf.scalar(41, 'int32'), tf.tensor1d([true, false], 'bool'));
    expect(results[0]!).toBeAllClose(42, { dtype: 'int32' });
    expect(results[1]!).toBeAllClose([1, 0], { dtype: 'bool' });
    expect(results[2]!).toBeAllClose([9]);
  });

  it('gets arrays that stay as they are', async () => {
    const v = tf.variable(tf.scalar(1));
    const kept: NdArray[] = [];
    const step = compile(() => {
      const doubled = tf.mul(v, 2);
      hostCall([v, doubled], [], (inputs) => void kept.push(...inputs));
      v.assign(doubled as tf.Scalar);
    });
    for (let i = 0; i < 4; i++) await step();
    expect(kept.map(({ data }) => data[0])).toEqual([1, 2, 2, 4, 4, 8, 8, 16]);
  });

  it('values pass it that both sides need, views and broadcasts among them', async () => {
    const step = compile((a: tf.Tensor2D) => {
      const wide = tf.mul(tf.reshape(tf.exp(a), [6, 1]), tf.ones([6, 4]));
      const [total] = hostCall([tf.sum(wide)], [{ shape: [], dtype: 'float32' }], ([sum]) => [map(sum!, (s) => 1 / s)]);
      return tf.sum(tf.mul(wide, total!), 1);
    });
    const a = tf.tensor2d([0, 1, 2, 3, 4, 5], [2, 3]);
    const expected = tf.softmax(tf.reshape(a, [6]));
    expect(await step(a)).toBeAllClose(expected);
  });
});

describe('order', () => {
  it('is that of recording, also for calls that do not depend on each other and whose results nobody uses', async () => {
    const order: string[] = [];
    const say = (name: string, input: tf.Tensor): tf.Tensor =>
      host(
        input,
        async ([values]) => {
          await new Promise((resolve) => setTimeout(resolve, name === 'first' ? 5 : 0));
          order.push(name);
          return [values!];
        },
        (dy) => say(`gradient of ${name}`, dy),
      );
    const step = compile((a: tf.Tensor) =>
      tf.grad((t: tf.Tensor) => {
        const [one, two] = [say('first', tf.exp(t)), say('second', t)];
        say('unused', tf.sin(t));
        return tf.sum(tf.add(two, one));
      })(a),
    );
    await step(x());
    expect(order).toEqual(['first', 'second', 'unused', 'gradient of second', 'gradient of first']);
  });

  it('between calls: one whose host is slow holds back those that use what it assigns, and no others', async () => {
    const [v, w] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    const order: string[] = [];
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const slow = compile(() => {
      hostCall([], [], () => gate);
      v.assign(tf.add(v, 1));
    });
    const reader = compile(() => tf.mul(v, 10));
    const other = compile(() => w.assign(tf.add(w, 1)));
    const noted = async <T>(name: string, call: Promise<T>): Promise<T> => {
      const result = await call;
      order.push(name);
      return result;
    };
    const calls = [
      noted('slow', slow()),
      noted('reader', reader()),
      noted('other', other()),
      noted('slow again', slow()),
    ] as const;
    await calls[2];
    expect(order).toEqual(['other']);
    expect(v).toBeAllClose(1);
    open();
    const [, read] = await Promise.all(calls);
    expect(read).toBeAllClose(20);
    expect(order).toEqual(['other', 'slow', 'reader', 'slow again']);
    expect(v).toBeAllClose(3);
  });

  it('two that wait for each other in channels of their own both end', async () => {
    const arrived: (() => void)[] = [];
    const meet = (): Promise<void> =>
      new Promise((resolve) => {
        arrived.push(resolve);
        if (arrived.length === 2) for (const go of arrived) go();
      });
    const steps = [{}, {}].map((channel) =>
      compile((a: tf.Tensor) => {
        hostCall([a], [], meet, { channel });
        return tf.neg(a);
      }),
    );
    const results = await Promise.all(steps.map((step, index) => step(tf.scalar(index + 1))));
    expect(results.map((result) => result.dataSync()[0])).toEqual([-1, -2]);
  });
});

describe('failures', () => {
  const fails: readonly (readonly [string, HostFunction])[] = [
    [
      'thrown',
      () => {
        throw new TypeError('the network is down');
      },
    ],
    ['rejected', () => Promise.reject(new TypeError('the network is down'))],
  ];
  it.each(fails)(
    '%s: HostCallError with the cause, variables as before, and the next call works',
    async (_, failing) => {
      const v = tf.variable(tf.scalar(1));
      let broken = true;
      const step = compile((a: tf.Tensor) => {
        v.assign(tf.add(v, 1));
        const [y] = hostCall(
          [a],
          [{ shape: [3], dtype: 'float32' }],
          ([input]) => (broken ? failing([input!]) : [input!]),
          {
            name: 'exchange',
          },
        );
        return y!;
      });
      const error = await step(x()).then(
        () => undefined,
        (reason: unknown) => reason as HostCallError,
      );
      expect(error).toBeInstanceOf(HostCallError);
      expect(error).toMatchObject({ code: 'SSL_HOST_CALL', hostCall: 'exchange', cause: expect.any(TypeError) });
      expect(error!.message).toMatch(/'exchange' failed: the network is down/);
      expect(v).toBeAllClose(1);
      broken = false;
      expect(await step(x())).toBeAllClose(x());
      expect(v).toBeAllClose(2);
    },
  );

  it.each([
    [
      'another shape',
      [ndArray(new Float32Array(3), [3, 1])],
      /result 0 must be Float32Array \[3\].*Float32Array \[3, 1\]/,
    ],
    ['another type', [ndArray(new Int32Array(3), [3])], /Float32Array \[3\].*Int32Array \[3\]/],
    ['too few elements', [ndArray(new Float32Array(2), [3])], /result 0/],
    ['another number', [], /array of 1 host arrays, got 0/],
    ['no arrays', 7, /array of 1 host arrays, got number/],
  ])('results of %s: ShapeError', async (_, results, message) => {
    const f = (a: tf.Tensor): tf.Tensor => host(a, () => results as NdArray[]);
    await expect(compile(f)(x())).rejects.toThrow(ShapeError);
    await expect(compile(f)(x())).rejects.toThrow(message);
    expect(() => f(x())).toThrow(message);
  });

  it('no gradient; within a blockwise chain; a promise outside compile()', async () => {
    const f = (a: tf.Tensor): tf.Tensor => host(a, ([values]) => [values!]);
    await expect(compile((a: tf.Tensor) => tf.grad(f)(a))(x())).rejects.toThrow(/hostCall.*has no gradient/);
    const chain = compile((a: tf.Tensor) => blockwise([a], (part) => [f(part!)])[0]!);
    await expect(chain(tf.zeros([2 ** 19]))).rejects.toThrow(/blockwise/);
    expect(() =>
      host(
        x(),
        later((value) => value),
      ),
    ).toThrow(UnsupportedOpError);
    expect(() => host(x(), () => Promise.reject(new Error('late')))).toThrow(/asynchronous/);
  });
});

describe('resources', () => {
  it('tensors in use do not grow over 50 steps, and all is given back', async () => {
    const numbers = (): number[] => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes];
    const start = numbers();
    const input = x();
    const v = tf.tidy(() => tf.variable(tf.zeros([3])));
    const step = compile((a: tf.Tensor) => {
      const gradient = tf.grad((t: tf.Tensor) => tf.sum(cube(tf.sin(t), true)))(a);
      v.assign(tf.add(v, gradient));
      return tf.sum(v);
    });
    tf.dispose(await step(input));
    const warm = numbers();
    for (let i = 0; i < 50; i++) {
      tf.dispose(await step(input));
      expect(numbers()).toEqual(warm);
    }
    step.dispose();
    tf.dispose([input, v]);
    expect(numbers()).toEqual(start);
  });

  it('one session for each part that computes something', async () => {
    const create = vi.spyOn(ort.InferenceSession, 'create');
    const f = compile((a: tf.Tensor) => {
      // The first two have nothing to compute before them.
      hostCall([a], [], () => undefined);
      const [b] = hostCall([a], [{ shape: [3], dtype: 'float32' }], ([values]) => [values!]);
      const c = host(tf.neg(b!), ([values]) => [values!]);
      return tf.exp(c);
    });
    await f(x());
    expect(create).toHaveBeenCalledTimes(2);
    await compile((a: tf.Tensor) => void hostCall([a], [], () => undefined))(x());
    expect(create).toHaveBeenCalledTimes(2);
  });

  it('variables made inside start with what the host gives', async () => {
    let made: tf.Variable | undefined;
    let calls = 0;
    const step = compile(() => {
      hostCall([], [], () => void calls++);
      const [first] = hostCall([], [{ shape: [], dtype: 'float32' }], () => [ndArray(Float32Array.of(5), [])]);
      made ??= tf.variable(first!);
      made.assign(tf.add(made, 1));
      return tf.mul(made, 1);
    });
    expect(await step()).toBeAllClose(6);
    expect(await step()).toBeAllClose(7);
    // The first run of the two that the first call needs makes only the call that the variable comes from.
    expect(calls).toBe(2);
  });

  it('profile() counts the nodes of all parts', async () => {
    const f = (a: tf.Tensor2D): tf.Tensor =>
      tf.matMul(
        tf.reshape(
          host(tf.matMul(a, a), ([y]) => [y!]),
          [64, 64],
        ),
        a,
      );
    const result = await profile(f, [tf.ones([64, 64]) as tf.Tensor2D], { runs: 2 });
    expect(result.byOp.find(({ name }) => name === 'MatMul')!.nodes).toBe(2);
    expect(result.byLine.reduce((sum, { nodes }) => sum + nodes, 0)).toBeGreaterThanOrEqual(2);
    expect(result.byLine.every(({ name }) => name.includes('host-call.test.ts'))).toBe(true);
  });
});
