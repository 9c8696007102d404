import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { checkpoint } from './checkpoint.js';
import { dropout } from './dropout.js';
import { gelu } from './gelu.js';
import { layerNorm } from './layer-norm.js';
import { keyArray } from './random-uniform.js';
import { sparseSoftmaxCrossEntropy } from './sparse-softmax-cross-entropy.js';

beforeEach(() => tf.setBackend('cpu'));

const normals = (seed: number, shape: readonly number[], scale = 1): tf.Tensor => {
  const stream = new RandomStream(randomKey(seed));
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Array.from({ length: size }, () => scale * stream.normal()),
    [...shape],
  );
};

type Wrap = typeof checkpoint;
/** What checkpoint() is compared with. */
const plain = ((fn: (...inputs: tf.Tensor[]) => tf.Tensor, ...inputs: tf.Tensor[]) => fn(...inputs)) as Wrap;

interface Case {
  readonly name: string;
  /** Weights that the loss uses without being given them. */
  readonly variables: readonly (readonly number[])[];
  readonly loss: (wrap: Wrap, variables: readonly tf.Variable[], x: tf.Tensor2D) => tf.Tensor;
}

const v = (variables: readonly tf.Variable[], index: number): tf.Tensor2D =>
  variables[index]! as unknown as tf.Tensor2D;
const block = (w: readonly tf.Variable[], x: tf.Tensor2D): tf.Tensor2D =>
  tf.add(x, tf.matMul(gelu(tf.matMul(layerNorm(x, v(w, 2), v(w, 3)), v(w, 0))), v(w, 1)));
const blockShapes = [[6, 10], [10, 6], [6], [6]] as const;

const cases: readonly Case[] = [
  {
    name: 'a block with captured weights',
    variables: blockShapes,
    loss: (wrap, w, x) => tf.sum(tf.square(wrap((h) => block(w, h), x))),
  },
  {
    name: 'blocks in a row, sharing weights',
    variables: blockShapes,
    loss: (wrap, w, x) => {
      let h = x;
      for (let i = 0; i < 3; i++) h = wrap((y) => block(w, y), h);
      return tf.mean(tf.exp(h));
    },
  },
  {
    name: 'checkpoints within checkpoints',
    variables: blockShapes,
    loss: (wrap, w, x) =>
      tf.sum(
        tf.square(
          wrap(
            (h) =>
              wrap(
                (y) => tf.sin(block(w, y)),
                wrap((y) => tf.tanh(block(w, y)), h),
              ),
            x,
          ),
        ),
      ),
  },
  {
    name: 'several inputs and results, one unused, one passed through, a whole number among them',
    variables: [[6, 6]],
    loss: (wrap, w, x) => {
      const best = tf.argMax(x, 1);
      const [a, b, c, d] = wrap(
        (p: tf.Tensor2D, q: tf.Tensor, index: tf.Tensor) => [
          tf.matMul(tf.sin(p), v(w, 0)),
          q,
          tf.sum(tf.mul(tf.exp(p), q)),
          tf.add(index, tf.scalar(1, 'int32')),
          tf.cos(p),
        ],
        x,
        tf.cos(x),
        best,
      ) as readonly tf.Tensor[];
      return tf.add(tf.sum(tf.mul(tf.mul(a!, b!), tf.expandDims(tf.cast(d!, 'float32'), 1))), tf.square(c!));
    },
  },
  {
    name: 'captured results of earlier ops, and the input both given and captured',
    variables: [[6, 6]],
    loss: (wrap, w, x) => {
      const mask = tf.step(tf.sin(x));
      const wave = tf.cos(tf.mul(x, 3));
      const y = wrap((h) => tf.mul(tf.add(tf.matMul(tf.exp(h), v(w, 0)), tf.mul(x, wave)), mask), x);
      return tf.sum(tf.square(tf.mul(y, wave)));
    },
  },
  {
    name: 'a loss within, with labels that only a custom gradient sees',
    variables: [[6, 4]],
    loss: (wrap, w, x) => {
      const labels = tf.cast(tf.argMax(tf.slice(x, [0, 0], [-1, 4]), 1), 'int32') as tf.Tensor1D;
      return tf.mean(wrap((h) => sparseSoftmaxCrossEntropy(tf.matMul(tf.sin(h), v(w, 0)), labels), x));
    },
  },
  {
    name: 'dropout by keys',
    variables: [[6, 6]],
    loss: (wrap, w, x) => {
      const key = tf.tensor1d(keyArray(randomKey(3)).data, 'int32');
      return tf.sum(tf.square(wrap((h) => dropout(tf.matMul(h, v(w, 0)), 0.4, key), tf.sin(x))));
    },
  },
  {
    name: 'of weights alone',
    variables: [[5, 6]],
    loss: (wrap, w, x) =>
      tf.sum(
        tf.square(
          tf.matMul(
            x,
            wrap(() => tf.sin(tf.exp(v(w, 0)))),
            false,
            true,
          ),
        ),
      ),
  },
];

/** Value and gradients with respect to the weights and the input. */
function evaluate(item: Case, wrap: Wrap, variables: readonly tf.Variable[], x: tf.Tensor2D): tf.Tensor[] {
  const watched = tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => tf.sum(item.loss(wrap, variables, x)) as tf.Scalar, [...variables]);
    return [value as tf.Tensor, ...variables.map(({ name }) => grads[name]!)];
  });
  return [...watched, tf.grad((t: tf.Tensor) => item.loss(wrap, variables, t as tf.Tensor2D))(x)];
}

describe('equals the function without it', () => {
  it.each(cases)('$name', async (item) => {
    const variables = tf.tidy(() => item.variables.map((shape, index) => tf.variable(normals(index + 1, shape, 0.5))));
    const x = normals(9, [7, 6]) as tf.Tensor2D;
    const expected = evaluate(item, plain, variables, x);
    const start = tf.memory().numTensors;
    const eager = evaluate(item, checkpoint, variables, x);
    expect(tf.memory().numTensors).toBe(start + eager.length);
    const [compiled, reference] = [checkpoint, plain].map((wrap) =>
      compile((input: tf.Tensor2D) => evaluate(item, wrap, variables, input), { threads: 1 }),
    );
    const [recomputed, kept] = [await compiled!(x), await reference!(x)];
    expect(expected.length).toBe(variables.length + 2);
    expected.forEach((value, index) => {
      expect(eager[index]!.dataSync(), `eager ${index}`).toEqual(value.dataSync());
      expect(recomputed[index]!, `compiled ${index}`).toBeAllClose(value, { rtol: 1e-5, atol: 2e-5 });
      expect(recomputed[index]!, `recomputed ${index}`).toBeAllClose(kept[index]!, { rtol: 1e-6, atol: 1e-6 });
      expect(Array.from(value.dataSync()).some((element) => element !== 0)).toBe(true);
    });
  });

  it('for second derivatives', async () => {
    const w = tf.variable(normals(1, [3, 3], 0.5) as tf.Tensor2D);
    const twice = (wrap: Wrap) => (x: tf.Tensor) =>
      tf.grad((y: tf.Tensor) => {
        const inner = tf.grad((z: tf.Tensor) => {
          const before = tf.sin(z);
          return tf.sum(wrap((h) => tf.mul(tf.exp(tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D)), before), before));
        });
        return tf.sum(tf.mul(inner(y), tf.cos(y)));
      })(x);
    const x = normals(2, [2, 3]);
    const expected = twice(plain)(x);
    expect(twice(checkpoint)(x)).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-6 });
    expect(await compile(twice(checkpoint))(x)).toBeAllClose(expected, { rtol: 1e-5, atol: 1e-5 });
  });

  it('for infinities and NaN, gradients among them', async () => {
    const x = tf.tensor1d([1, -Infinity, Infinity, NaN, 0, -0, 1e-30]);
    const weights = tf.tensor1d([NaN, 1, -Infinity, 1, Infinity, 1, 1]);
    const f = (wrap: Wrap) => (a: tf.Tensor, b: tf.Tensor) =>
      tf.grad((t) =>
        tf.sum(
          tf.mul(
            wrap((h) => tf.mul(tf.tanh(h), tf.exp(h)), t),
            b,
          ),
        ),
      )(a);
    const expected = (await compile(f(plain))(x, weights)).dataSync();
    expect((await compile(f(checkpoint))(x, weights)).dataSync()).toEqual(expected);
  });
});

describe('state', () => {
  /** Moves a running mean and reads it. */
  const step = (wrap: Wrap, w: tf.Variable, mean: tf.Variable, x: tf.Tensor): tf.Tensor => {
    const { grads } = tf.variableGrads(
      () =>
        tf.sum(
          wrap((h) => {
            mean.assign(tf.add(tf.mul(mean, 0.9), tf.mul(tf.mean(h), 0.1)) as tf.Scalar);
            return tf.square(tf.mul(tf.sub(tf.sin(h), mean), w));
          }, x),
        ) as tf.Scalar,
      [w],
    );
    mean.assign(tf.add(mean, 1) as tf.Scalar);
    w.assign(tf.sub(w, tf.mul(grads[w.name]!, 0.1)) as tf.Scalar);
    return tf.clone(grads[w.name]!);
  };

  it.each(['eager', 'compiled'])('moves once, and the second run sees what the first saw: %s', async (how) => {
    const run = async (wrap: Wrap): Promise<number[]> => {
      const [w, mean] = tf.tidy(() => [tf.variable(tf.scalar(0.5)), tf.variable(tf.scalar(1))]) as tf.Variable[];
      const body = (x: tf.Tensor): tf.Tensor => step(wrap, w!, mean!, x);
      const call = how === 'compiled' ? compile(body) : async (x: tf.Tensor) => tf.tidy(() => body(x));
      const values: number[] = [];
      for (let i = 0; i < 3; i++) {
        const gradient = await call(tf.tensor1d([1, 2, i]));
        values.push(gradient.dataSync()[0]!, w!.dataSync()[0]!, mean!.dataSync()[0]!);
      }
      return values;
    };
    const expected = await run(plain);
    expect(await run(checkpoint)).toBeAllClose(expected, { rtol: 1e-6, atol: 1e-7 });
    expect(new Set(expected).size).toBe(9);
  });

  it('leaves no tensor behind, eager or compiled, and none where no gradient is asked for', async () => {
    const numbers = (): number[] => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes];
    const [item] = cases;
    const variables = tf.tidy(() => item!.variables.map((shape, index) => tf.variable(normals(index, shape, 0.5))));
    const x = normals(9, [7, 6]) as tf.Tensor2D;
    const compiled = compile((input: tf.Tensor2D) => evaluate(item!, checkpoint, variables, input));
    tf.dispose(await compiled(x));
    const start = numbers();
    for (let i = 0; i < 10; i++) {
      tf.dispose(await compiled(x));
      tf.dispose(evaluate(item!, checkpoint, variables, x));
      tf.dispose(checkpoint((h) => tf.tidy(() => block(variables, h)), x));
      expect(numbers()).toEqual(start);
    }
  });

  it('passes on what the function throws, and the tape is whole', () => {
    const failing = (): tf.Tensor => {
      throw new TypeError('no');
    };
    const x = tf.scalar(2);
    expect(() => tf.grad((t) => tf.add(checkpoint(failing), t))(x)).toThrow('no');
    expect(tf.grad((t) => checkpoint((h) => tf.square(h), t))(x)).toBeAllClose(4);
  });
});
