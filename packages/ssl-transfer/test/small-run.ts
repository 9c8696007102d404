import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, ntXent } from '@selfsup/ssl-losses';
import { BatchNorm, Dropout, type ForwardContext, Linear, Module, parametersOf } from '@selfsup/ssl-nn';
import { foldIn, type NdArray, ndArray, randomKey, RandomStream } from '@selfsup/ssl-tensor';
import {
  AdamW,
  type BatchLoader,
  type Method,
  Trainer,
  type TrainerOptions,
  type TrainerResult,
} from '@selfsup/ssl-train';

/** Numbers of a sample. */
export const width = 16;
const [batchSize, batches, classes] = [32, 6, 4];

interface Views {
  readonly a: NdArray<Float32Array>;
  readonly b: NdArray<Float32Array>;
}

const centre = (label: number): RandomStream => new RandomStream(foldIn(randomKey(11), label));

/** Points around four centres, with their classes. */
export function points(count: number, seed: number): { inputs: NdArray<Float32Array>; labels: Int32Array } {
  const stream = new RandomStream(randomKey(seed));
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const data = new Float32Array(count * width);
  labels.forEach((label, i) => {
    const place = centre(label);
    for (let j = 0; j < width; j++) data[i * width + j] = place.normal() + 0.7 * stream.normal();
  });
  return { inputs: ndArray(data, [count, width]), labels };
}

/** Two noisy looks at the same points; a batch is a function of its position. */
class PairLoader implements BatchLoader<Views> {
  readonly batchesPerEpoch = batches;

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<Views> {
    for (let batch = fromBatch; batch < batches; batch++) {
      const { inputs } = points(batchSize, 100 + epoch * batches + batch);
      const stream = new RandomStream([epoch, batch]);
      const look = (): NdArray<Float32Array> =>
        ndArray(
          inputs.data.map((value) => value + 0.2 * stream.normal()),
          inputs.shape,
        );
      yield { a: look(), b: look() };
    }
  }

  async close(): Promise<void> {}
}

/** Two layers with running statistics and, in training, dropout from the step's key. */
export class SmallEncoder extends Module {
  readonly first = new Linear(width, 32, { key: randomKey(1) });
  readonly norm = new BatchNorm(32);
  readonly dropout = new Dropout(0.1);
  readonly second = new Linear(32, 24, { key: randomKey(2) });

  forward(x: tf.Tensor2D, ctx?: ForwardContext): tf.Tensor2D {
    return this.second.forward(this.dropout.forward(tf.relu(this.norm.forward(this.first.forward(x), ctx)), ctx));
  }
}

/** A loss of the features of two looks. */
export type PairLoss = (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Scalar;

/** SimCLR's. */
export const contrast: PairLoss = (a, b) => ntXent(tf.concat([a, b]), { temperature: 0.2 });
/** SimSiam's without its stop-gradient and its predictor. */
export const attract: PairLoss = (a, b) => tf.neg(tf.mean(tf.sum(tf.mul(l2Normalize(a), l2Normalize(b)), 1)));
/** One dimension spreads, the others shrink. */
export const flatten: PairLoss = (a) => {
  const [kept, rest] = tf.split(a, [1, a.shape[1] - 1], 1) as [tf.Tensor, tf.Tensor];
  return tf.add(tf.mean(tf.square(rest)), tf.square(tf.sub(1, tf.mean(tf.square(kept)))));
};

/** Trains an encoder on pairs, and returns it with the result. */
export async function trainPairs(
  loss: PairLoss,
  options: (encoder: SmallEncoder) => Partial<TrainerOptions<Views>>,
): Promise<TrainerResult & { readonly encoder: SmallEncoder }> {
  const encoder = new SmallEncoder();
  const method: Method<Views> = {
    name: 'pairs',
    settings: {},
    modules: { encoder },
    trainable: () => parametersOf({ encoder }),
    loss: ({ a, b }, ctx) => {
      const both = encoder.forward(tf.concat([a, b]) as tf.Tensor2D, ctx);
      const [one, other] = tf.split(both, 2) as [tf.Tensor2D, tf.Tensor2D];
      return { loss: loss(one, other) };
    },
  };
  const result = await new Trainer({
    method,
    loader: new PairLoader(),
    optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: 0 }),
    schedule: 0.01,
    epochs: 10,
    seed: 3,
    progress: 'silent',
    ...options(encoder),
  }).fit();
  return { ...result, encoder };
}
