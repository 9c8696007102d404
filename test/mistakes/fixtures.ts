import * as tf from '@tensorflow/tfjs-core';
import { ndArray, randomKey } from '@selfsup/ssl-core';
import { ArrayDataset } from '@selfsup/ssl-data';
import { Linear, type Module } from '@selfsup/ssl-nn';
import { AdamW, Trainer, type Method, type MethodLoss, type TrainerOptions } from '@selfsup/ssl-train';
import { SimClr, SmallConvEncoder } from '@selfsup/ssl-vision';

export const key = randomKey(1);
export const statistics = { mean: 0.5, std: 0.25 } as const;
export const features = (rows = 4, dim = 3): tf.Tensor2D =>
  tf.tensor2d(
    Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(i + 1)),
    [rows, dim],
  );
export const encoder = (): SmallConvEncoder =>
  new SmallConvEncoder({ key, inChannels: 3, channels: [4], strides: [2] });

/** Eight samples of 16 x 16 pixels. */
export const samples = (): ArrayDataset<{ image: ReturnType<typeof image> }> =>
  new ArrayDataset(Array.from({ length: 8 }, (_, i) => ({ image: image(i) })));
const image = (seed: number) =>
  ndArray(
    Uint8Array.from({ length: 768 }, (_, i) => (i * 37 + seed * 11) % 256),
    [16, 16, 3],
  );

export const simclr = (): SimClr => new SimClr({ backbone: encoder(), key, normalize: statistics });

/** The smallest method: the mean of a linear layer's output squared. */
export class Squares implements Method<Batch> {
  readonly name: string = 'squares';
  readonly settings = {};
  readonly linear = new Linear(3, 1, { key });
  get modules(): Record<string, Module> {
    return { linear: this.linear };
  }
  trainable(): ReturnType<Module['namedParameters']> {
    return this.linear.namedParameters();
  }
  mean({ x }: { readonly x: tf.Tensor }): tf.Scalar {
    return tf.mean(tf.square(this.linear.forward(x)));
  }
  loss(batch: { readonly x: tf.Tensor }): MethodLoss {
    return { loss: this.mean(batch) };
  }
}

export interface Batch {
  readonly x: { readonly data: Float32Array; readonly shape: readonly number[] };
}

export const loader = {
  batchesPerEpoch: 2,
  async *epoch(): AsyncGenerator<Batch> {
    for (let i = 0; i < 2; i++) yield { x: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] } };
  },
  close: async (): Promise<void> => {},
};

/** Options of a run that is right. */
export function options(method: Squares = new Squares()): TrainerOptions<Batch> {
  const optimizer = new AdamW([{ parameters: method.trainable() }]);
  return { method, loader, optimizer, schedule: 1e-3, steps: 2, seed: 0, progress: 'silent', handleSignals: false };
}

/** A run with what a user changed. */
export const train = (change: object, method?: Squares): Promise<unknown> =>
  new Trainer<Batch>({ ...options(method), ...change }).fit();

/** A run of a method whose loss returns something else. */
export const trainLoss = (loss: (this: Squares, batch: { x: tf.Tensor }) => unknown): Promise<unknown> =>
  train({}, Object.assign(new Squares(), { loss }) as Squares);
