import * as tf from '@tensorflow/tfjs-core';
import { foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { type ForwardContext, Mlp, type Module, type Parameter, saveSafetensors } from '@selfsup/ssl-nn';
import {
  AdamW,
  type BatchLoader,
  cosine,
  type Method,
  type MethodLoss,
  type Tensors,
  Trainer,
} from '@selfsup/ssl-train';
import type { TrainerObserver, TrainerCheckpointOptions } from '@selfsup/ssl-train';
import { randomUniform } from '@selfsup/ssl-tensor';

interface Batch {
  readonly x: NdArray<Float32Array>;
  readonly y: NdArray<Float32Array>;
}

const [batchSize, inputs] = [8, 16];
/** Steps of the training. */
export const trainingSteps = 20;

class SmallLoader implements BatchLoader<Batch> {
  readonly batchesPerEpoch = 5;

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<Batch> {
    for (let position = fromBatch; position < this.batchesPerEpoch; position++) {
      const stream = new RandomStream(foldIn(foldIn(randomKey(7), epoch), position));
      const x = Float32Array.from({ length: batchSize * inputs }, () => stream.normal());
      const y = Float32Array.from({ length: batchSize * inputs }, (_, at) => Math.sin(x[at]!));
      yield { x: { data: x, shape: [batchSize, inputs] }, y: { data: y, shape: [batchSize, inputs] } };
    }
  }

  async close(): Promise<void> {}
}

/** Regression by a small net, with noise from the step's key. */
class SmallMethod implements Method<Batch> {
  readonly name = 'campaign';
  readonly settings = {};
  readonly net: Mlp;

  constructor(hidden: number) {
    this.net = new Mlp(inputs, hidden, { key: randomKey(1) });
  }

  get modules(): Record<string, Module> {
    return { net: this.net };
  }

  trainable(): Map<string, Parameter> {
    return this.net.namedParameters();
  }

  loss({ x, y }: Tensors<Batch>, ctx: ForwardContext): MethodLoss {
    const noise = tf.mul(randomUniform(ctx.key!, [batchSize, inputs]), 0.1);
    return { loss: tf.mean(tf.square(tf.sub(this.net.forward(tf.add(x, noise), ctx), y))) };
  }
}

/** A training of {@link trainingSteps} steps, with everything that a run writes. */
export interface SmallTraining {
  readonly checkpoint: TrainerCheckpointOptions;
  readonly logFile?: string;
  /** Where the weights go when it ends. */
  readonly weights?: string;
  /** Width of the net, and so the size of its checkpoints: 400 bytes for each. Default 16. */
  readonly hidden?: number;
  readonly observers?: TrainerObserver;
  readonly handleSignals?: boolean;
  /** Stop after this step, as a signal does. */
  readonly stopAt?: number;
}

/** Trains; returns whether it was stopped by a signal. */
export async function trainSmall({
  checkpoint,
  logFile,
  weights,
  hidden = 16,
  observers = {},
  handleSignals = false,
  stopAt,
}: SmallTraining): Promise<{ readonly interrupted: boolean }> {
  const method = new SmallMethod(hidden);
  const stop = new AbortController();
  const stopping: TrainerObserver = { onStep: ({ step }) => (step === stopAt ? stop.abort() : undefined) };
  const trainer = new Trainer<Batch>({
    method,
    loader: new SmallLoader(),
    optimizer: new AdamW([{ parameters: method.trainable() }]),
    schedule: cosine({ base: 0.01, totalSteps: trainingSteps }),
    steps: trainingSteps,
    seed: 3,
    logEvery: 1,
    progress: 'silent',
    checkpoint,
    handleSignals,
    observers: [observers, stopping],
    signal: stop.signal,
    ...(logFile === undefined ? {} : { logFile }),
    compile: { device: 'cpu', threads: 1 },
  });
  const { interrupted } = await trainer.fit();
  if (!interrupted && weights !== undefined) await saveSafetensors(weights, method.net.stateDict());
  return { interrupted };
}
