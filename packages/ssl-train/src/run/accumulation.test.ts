import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { Parameter } from '@selfsup/ssl-nn';
import '../../../../test/support/to-be-all-close.js';
import { batchSize, inputs, toy, type ToyBatch, ToyLoader, ToyMethod } from '../../test/toy-run.js';
import { Sgd } from '../optimizers/sgd.js';
import type { MethodLoss } from '../step/method.js';
import type { Tensors } from '../step/tensors.js';

/** Padding: a row with this target counts nothing. */
const padding = 1e9;

/** Mean squared error over the rows that are no padding. */
class OverCounted extends ToyMethod {
  readonly saysWeight: boolean;

  constructor(saysWeight: boolean) {
    super();
    this.saysWeight = saysWeight;
  }

  override trainable(): Map<string, Parameter> {
    return this.linear.namedParameters();
  }

  override loss({ x, y }: Tensors<ToyBatch>): MethodLoss {
    const counted = tf.cast(tf.less(y, padding), 'float32');
    const errors = tf.mul(tf.squaredDifference(this.linear.forward(x), tf.mul(y, counted)), counted);
    const weight = tf.sum(counted) as tf.Scalar;
    const loss = tf.div(tf.sum(errors), weight) as tf.Scalar;
    return this.saysWeight ? { loss, weight, metrics: { double: tf.mul(loss, 2) } } : { loss };
  }
}

/** Batches as they are. */
class Batches extends ToyLoader {
  constructor(readonly batches: readonly ToyBatch[]) {
    super(batches.length);
  }

  override async *epoch(): AsyncGenerator<ToyBatch> {
    yield* this.batches;
  }
}

/** Two updates of three batches each, of which so many rows count. */
async function batchesOf(counts: readonly number[]): Promise<ToyBatch[]> {
  const batches: ToyBatch[] = [];
  for await (const { x, y } of new ToyLoader(counts.length).epoch(0)) {
    const count = counts[batches.length]!;
    batches.push({ x, y: { data: y.data.map((value, row) => (row < count ? value : padding)), shape: y.shape } });
  }
  return batches;
}

function joined(batches: readonly ToyBatch[]): ToyBatch {
  const join = (name: keyof ToyBatch, width: number): ToyBatch['x'] => ({
    data: Float32Array.from(batches.flatMap((batch) => [...batch[name].data])),
    shape: [batches.length * batchSize, width],
  });
  return { x: join('x', inputs), y: join('y', 1) };
}

async function fit(
  saysWeight: boolean,
  batches: readonly ToyBatch[],
  accumulateSteps: number,
): Promise<{ readonly losses: number[]; readonly weights: number[]; readonly doubles: (number | undefined)[] }> {
  const method = new OverCounted(saysWeight);
  const optimizer = new Sgd([{ parameters: method.trainable() }]);
  const loader = new Batches(batches);
  const { history } = await toy({ method, optimizer, loader, schedule: 0.1, accumulateSteps, epochs: 1 }).trainer.fit();
  return {
    losses: history.map(({ loss }) => loss),
    weights: [...method.linear.stateDict().values()].flatMap(({ data }) => [...data]),
    doubles: history.map(({ metrics }) => metrics['double']),
  };
}

it('weighs the batches of an update by what their losses are means of, and passes over means of nothing', async () => {
  const batches = await batchesOf([0, 1, 5, 8, 0, 2]);
  const large = [joined(batches.slice(0, 3)), joined(batches.slice(3))];
  const expected = await fit(true, large, 1);
  const several = await fit(true, batches, 3);
  expect(several.losses).toBeAllClose(expected.losses);
  expect(several.doubles).toBeAllClose(expected.losses.map((loss) => 2 * loss));
  expect(several.weights).toBeAllClose(expected.weights);
});

it('counts batches alike where the method says nothing', async () => {
  const batches = await batchesOf([1, 1, 7, 2, 2, 8]);
  const even = await fit(false, batches, 3);
  const weighted = await fit(true, batches, 3);
  const alone = await Promise.all(batches.slice(0, 3).map((batch) => fit(false, [batch], 1)));
  expect(even.losses[0]).toBeAllClose(alone.reduce((sum, { losses }) => sum + losses[0]! / 3, 0));
  expect(Math.abs(even.losses[0]! - weighted.losses[0]!)).toBeGreaterThan(0.05);
});
