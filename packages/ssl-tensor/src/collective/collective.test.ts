import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadRuntime } from '@selfsup/ssl-runtime';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { checkpoint } from '../ops/checkpoint.js';
import { stopGradient } from '../ops/stop-gradient.js';
import { allGather } from './all-gather.js';
import { allReduce } from './all-reduce.js';
import type { Collective } from './collective.js';
import { inProcessCollectives } from './in-process-collectives.js';

const ort = loadRuntime();

beforeEach(() => tf.setBackend('cpu'));
afterEach(() => vi.restoreAllMocks());

const normals = (seed: number, shape: readonly number[], scale = 1): Float32Array => {
  const stream = new RandomStream(randomKey(seed));
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * stream.normal());
};

/** Two layers and their optimiser. */
class Net {
  readonly w1 = tf.tidy(() => tf.variable(tf.tensor2d(normals(1, [5, 8], 0.4), [5, 8])));
  readonly w2 = tf.tidy(() => tf.variable(tf.tensor2d(normals(2, [8, 4], 0.4), [8, 4])));
  readonly optimizer = tf.train.adam(0.02);

  embed(x: tf.Tensor2D): tf.Tensor2D {
    return tf.matMul(tf.tanh(tf.matMul(x, this.w1 as tf.Tensor2D)), this.w2 as tf.Tensor2D);
  }

  /** A step down the gradient of `loss`, averaged over the ranks. */
  minimise(loss: () => tf.Scalar, collective: Collective): tf.Scalar {
    const weights = [this.w1, this.w2];
    const { value, grads } = tf.variableGrads(loss, weights);
    const means = allReduce(
      weights.map(({ name }) => grads[name]!),
      collective,
      { op: 'mean' },
    );
    this.optimizer.applyGradients(weights.map(({ name }, index) => ({ name, tensor: means[index]! })));
    return allReduce(value, collective, { op: 'mean' });
  }
}

type Loss = (net: Net, x: tf.Tensor2D, y: tf.Tensor2D, collective: Collective) => tf.Scalar;

const squares: Loss = (net, x, y) => tf.mean(tf.square(tf.sub(net.embed(x), y))) as tf.Scalar;

const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.sqrt(tf.sum(tf.square(x), 1, true)));

/** Normalised temperature-scaled cross-entropy of own rows against those of all ranks. */
const contrastive: Loss = (net, x, y, collective) => {
  const [a, b] = [unit(net.embed(x)), unit(net.embed(tf.concat([y, tf.neg(tf.slice(y, [0, 0], [-1, 1]))], 1)))];
  const n = x.shape[0];
  const scores = tf.mul(tf.matMul(a, allGather(b, collective), false, true), 5);
  const labels = tf.add(tf.range(0, n, 1, 'int32'), tf.scalar(collective.rank * n, 'int32'));
  const own = tf.sum(tf.mul(scores, tf.oneHot(tf.cast(labels, 'int32') as tf.Tensor1D, n * collective.size)), 1);
  return tf.mean(tf.sub(tf.logSumExp(scores, 1), own)) as tf.Scalar;
};

/** The host calls run twice, on every rank in the same order. */
const contrastiveAgain: Loss = (net, x, y, collective) =>
  checkpoint((rows: tf.Tensor2D) => contrastive(net, rows, y, collective), x);

interface Run {
  readonly losses: number[];
  readonly weights: Float32Array[];
}

/** Trains one net for each rank, all at once, on their parts of the batches; what each rank sees. */
async function train(loss: Loss, collectives: readonly Collective[], steps = 5): Promise<Run[]> {
  const rows = 12 / collectives.length;
  const ranks = collectives.map((collective) => {
    const net = new Net();
    const step = compile(
      (x: tf.Tensor2D, y: tf.Tensor2D) => net.minimise(() => loss(net, x, y, collective), collective),
      { threads: 1 },
    );
    return { net, step, collective, losses: [] as number[] };
  });
  for (let i = 0; i < steps; i++) {
    const [x, y] = [tf.tensor2d(normals(10 + i, [12, 5]), [12, 5]), tf.tensor2d(normals(50 + i, [12, 4]), [12, 4])];
    await Promise.all(
      ranks.map(async ({ step, losses, collective: { rank } }) => {
        const part = (all: tf.Tensor2D): tf.Tensor2D => tf.slice(all, [rank * rows, 0], [rows, -1]);
        losses.push((await step(part(x), part(y))).dataSync()[0]!);
      }),
    );
  }
  return ranks.map(({ net, losses, step }) => {
    step.dispose();
    return { losses, weights: [net.w1, net.w2].map((w) => w.dataSync() as Float32Array) };
  });
}

describe.each([
  ['mean squares', squares],
  ['contrast against the rows of all ranks', contrastive],
  ['the same, computed again for the gradient', contrastiveAgain],
])('%s', (_, loss) => {
  let whole: Run | undefined;
  beforeAll(async () => {
    [whole] = await train(loss, inProcessCollectives(1));
  });

  it.each([2, 3])('%i ranks in step equal one process with the whole batch', async (size) => {
    const ranks = await train(loss, inProcessCollectives(size));
    expect(whole!.losses[4]).not.toBeCloseTo(whole!.losses[0]!, 3);
    for (const { losses, weights } of ranks) {
      expect(losses).toBeAllClose(whole!.losses, { rtol: 1e-6, atol: 0 });
      weights.forEach((weight, index) => {
        expect(weight).toBeAllClose(whole!.weights[index]!, { rtol: 1e-6, atol: 1e-6 });
        // Ranks never drift apart.
        expect(weight).toEqual(ranks[0]!.weights[index]);
      });
    }
  });
});

describe('allReduce and allGather', () => {
  /** Runs `fn` on every rank at once. */
  const onRanks = (fn: (x: tf.Tensor2D, collective: Collective) => tf.Tensor, size = 2): Promise<tf.Tensor[]> =>
    Promise.all(
      inProcessCollectives(size).map((collective) =>
        compile((x: tf.Tensor2D) => fn(x, collective))(
          tf.tensor2d([1 + collective.rank, 2, 3, 10 * (1 + collective.rank)], [2, 2]),
        ),
      ),
    );

  it('give the same on every rank, for whole numbers too', async () => {
    for (const sum of await onRanks((x, collective) => allReduce(x, collective)))
      expect(sum).toBeAllClose([
        [3, 4],
        [6, 30],
      ]);
    for (const mean of await onRanks((x, collective) => allReduce([x, tf.sum(x)], collective, { op: 'mean' })[1]!))
      expect(mean).toBeAllClose(21.5);
    for (const rows of await onRanks((x, collective) => allGather(tf.cast(x, 'int32'), collective)))
      expect(rows).toBeAllClose(
        [
          [1, 2],
          [3, 10],
          [2, 2],
          [3, 20],
        ],
        { dtype: 'int32' },
      );
  });

  it('have the gradient of the sum of all ranks losses', async () => {
    // Losses weigh what they get by 1 on the first rank and by 2 on the second.
    const weighed = (of: (x: tf.Tensor2D, collective: Collective) => tf.Tensor) => (x: tf.Tensor2D, c: Collective) =>
      tf.grad((t) => tf.mul(tf.sum(tf.square(of(t as tf.Tensor2D, c))), c.rank + 1))(x);
    for (const dx of await onRanks(weighed((x, c) => allReduce(x, c))))
      expect(dx).toBeAllClose([
        [18, 24],
        [36, 180],
      ]);
    for (const dx of await onRanks(weighed((x, c) => allReduce(x, c, { op: 'mean' }))))
      expect(dx).toBeAllClose([
        [4.5, 6],
        [9, 45],
      ]);
    const gathered = await onRanks(weighed((x, c) => allGather(x, c)));
    expect(gathered[0]!).toBeAllClose([
      [6, 12],
      [18, 60],
    ]);
    expect(gathered[1]!).toBeAllClose([
      [12, 12],
      [18, 120],
    ]);
    const cut = await onRanks(weighed((x, c) => tf.add(x, allReduce(stopGradient(x), c))));
    expect(cut[1]!).toBeAllClose([
      [20, 24],
      [36, 200],
    ]);
  });

  it('keep pairing up where a step is called again before the others have come', async () => {
    const collectives = inProcessCollectives(2);
    const steps = collectives.map((collective) => compile((x: tf.Tensor) => allReduce(x, collective)));
    const calls = steps.flatMap((step, rank) => [1, 2, 3].map((i) => step(tf.scalar(i + 10 * rank))));
    const sums = (await Promise.all(calls)).map((sum) => sum.dataSync()[0]);
    expect(sums).toEqual([12, 14, 16, 12, 14, 16]);
  });

  it('leave one session where there is one rank', async () => {
    const create = vi.spyOn(ort.InferenceSession, 'create');
    await train(contrastive, inProcessCollectives(1), 1);
    // Variables of the optimiser are made by the first of two.
    expect(create).toHaveBeenCalledTimes(2);
    create.mockClear();
    await train(squares, inProcessCollectives(2), 1);
    // Gradients, optimiser and loss, and the optimiser's variables, on each rank.
    expect(create).toHaveBeenCalledTimes(2 * 3);
  });

  it('run eagerly where the collective answers at once', () => {
    const twice: Collective = {
      rank: 1,
      size: 2,
      allReduce: (data) => data.map((value) => 2 * value),
      allGather: (data) => new (data.constructor as typeof Float32Array)([...data, ...data]) as never,
    };
    const x = tf.tensor2d([1, 2], [1, 2]);
    expect(allReduce([x, tf.scalar(3)], twice)[1]!).toBeAllClose(6);
    expect(allGather(x, twice)).toBeAllClose([
      [1, 2],
      [1, 2],
    ]);
    expect(tf.grad((t) => tf.sum(tf.square(allGather(t, twice))))(x)).toBeAllClose([[4, 8]]);
  });

  it('refuse what they cannot take', () => {
    const [collective] = inProcessCollectives(2);
    expect(() => allReduce(tf.scalar(1, 'int32'), collective!)).toThrow(ShapeError);
    expect(() => allGather(tf.scalar(1), collective!)).toThrow(/allGather: x must be \[n, \.\.\.\]/);
    expect(() => allGather(tf.tensor1d([true], 'bool'), collective!)).toThrow(ShapeError);
    expect(() => allReduce(tf.scalar(1), collective!, { op: 'max' as never })).toThrow(InvalidOptionError);
  });
});
