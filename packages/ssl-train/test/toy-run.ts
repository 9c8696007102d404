import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, type ForwardContext, Linear, type Module, type Parameter, parametersOf } from '@selfsup/ssl-nn';
import { randomUniform } from '@selfsup/ssl-tensor';
import { DataError, foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { AdamW } from '../src/optimizers/adam-w.js';
import { cosine } from '../src/schedules/cosine.js';
import type { RunConfig } from '../src/checkpoint/run-config.js';
import type { BatchLoader } from '../src/run/batch-loader.js';
import type { Method, MethodLoss } from '../src/step/method.js';
import type { Tensors } from '../src/step/tensors.js';
import { Trainer } from '../src/run/trainer.js';
import type { TrainerOptions } from '../src/run/trainer-options.js';

export interface ToyBatch {
  readonly x: NdArray<Float32Array>;
  readonly y: NdArray<Float32Array>;
}

export const [batchSize, inputs] = [8, 4];

/** Points of a plane; the batch of a position is a function of the position. */
export class ToyLoader implements BatchLoader<ToyBatch> {
  readonly requested: (readonly [epoch: number, from: number])[] = [];
  returned = 0;

  constructor(
    readonly batchesPerEpoch = 5,
    readonly failAt = Infinity,
  ) {}

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<ToyBatch> {
    this.requested.push([epoch, fromBatch]);
    try {
      for (let position = fromBatch; position < this.batchesPerEpoch; position++) {
        if (position >= this.failAt) throw new DataError('broken image');
        const stream = new RandomStream(foldIn(foldIn(randomKey(7), epoch), position));
        const x = Float32Array.from({ length: batchSize * inputs }, () => stream.normal());
        const y = Float32Array.from(
          { length: batchSize },
          (_, row) => x[row * inputs]! - 2 * x[row * inputs + 1]! + 0.5,
        );
        yield { x: { data: x, shape: [batchSize, inputs] }, y: { data: y, shape: [batchSize, 1] } };
      }
    } finally {
      this.returned++;
    }
  }

  async close(): Promise<void> {}
}

/** Regression with noise from the step's key, batch normalisation and a target that follows by EMA. */
export class ToyMethod implements Method<ToyBatch> {
  readonly name = 'toy';
  readonly settings: RunConfig = {};
  readonly norm = new BatchNorm(inputs);
  readonly linear: Linear;
  readonly target: Linear;

  constructor(seed = 1) {
    this.linear = new Linear(inputs, 1, { key: randomKey(seed) });
    this.target = new Linear(inputs, 1, { key: randomKey(seed) });
  }

  get modules(): Record<string, Module> {
    return { norm: this.norm, linear: this.linear };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf({ norm: this.norm, linear: this.linear });
  }

  emaPairs(): { online: Module; target: Module }[] {
    return [{ online: this.linear, target: this.target }];
  }

  loss({ x, y }: Tensors<ToyBatch>, ctx: ForwardContext): MethodLoss {
    const noise = tf.mul(tf.sub(randomUniform(ctx.key!, [batchSize, inputs]), 0.5), 0.1);
    const prediction = this.linear.forward(this.norm.forward(tf.add(x, noise), ctx));
    const error = tf.sub(prediction, y);
    return { loss: tf.mean(tf.square(error)), metrics: { absolute: tf.mean(tf.abs(error)) } };
  }
}

export interface Toy {
  readonly method: ToyMethod;
  readonly loader: ToyLoader;
  readonly trainer: Trainer<ToyBatch>;
}

export type Settings = Partial<TrainerOptions<ToyBatch>> & { readonly makeMethod?: () => ToyMethod };

/** A run of new objects, as a new process has. */
export function toy({ makeMethod = () => new ToyMethod(), ...options }: Settings = {}): Toy {
  const method = (options.method ?? makeMethod()) as ToyMethod;
  const loader = (options.loader ?? new ToyLoader()) as ToyLoader;
  const optimizer = options.optimizer ?? new AdamW([{ parameters: method.trainable() }], { weightDecay: 0.05 });
  const length = options.steps === undefined && options.epochs === undefined ? { epochs: 4 } : {};
  const trainer = new Trainer<ToyBatch>({
    seed: 3,
    schedule: cosine({ base: 0.05, totalSteps: 20 }),
    progress: 'silent',
    logEvery: 1,
    ...length,
    ...options,
    method,
    loader,
    optimizer,
  });
  return { method, loader, trainer };
}

export const weights = ({ linear, norm, target }: ToyMethod): number[][] =>
  [linear, norm, target].flatMap((module) => [...module.stateDict().values()].map(({ data }) => [...data]));
