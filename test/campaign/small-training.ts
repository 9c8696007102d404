import * as tf from '@tensorflow/tfjs-core';
import { foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { FeatureQueue, l2Normalize } from '@selfsup/ssl-losses';
import {
  type ForwardContext,
  Mlp,
  type Module,
  type Parameter,
  saveSafetensors,
  twinOf,
  withPrefix,
} from '@selfsup/ssl-nn';
import {
  AdamW,
  type BatchLoader,
  cosine,
  dynamicLossScale,
  type EmaPair,
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

/** Regression by a small net, with noise from the step's key, a twin that follows and a queue of what it says. */
class SmallMethod implements Method<Batch> {
  readonly name = 'campaign';
  readonly settings = {};
  readonly net: Mlp;
  readonly twin: Mlp;
  readonly state = { queue: new FeatureQueue(48, inputs, { key: randomKey(2) }) };

  constructor(hidden: number) {
    this.net = new Mlp(inputs, hidden, { key: randomKey(1) });
    this.twin = twinOf(this.net);
  }

  get modules(): Record<string, Module> {
    return { net: this.net, twin: this.twin };
  }

  trainable(): Map<string, Parameter> {
    return this.net.namedParameters();
  }

  emaPairs(): EmaPair[] {
    return [{ online: this.net, target: this.twin, momentum: 0.9 }];
  }

  loss({ x, y }: Tensors<Batch>, ctx: ForwardContext): MethodLoss {
    const noise = tf.mul(randomUniform(ctx.key!, [batchSize, inputs]), 0.1);
    const said = this.net.forward(tf.add(x, noise), ctx) as tf.Tensor2D;
    const likeness = tf.mean(tf.square(tf.matMul(said, this.state.queue.features, false, true)));
    return {
      loss: tf.add(tf.mean(tf.square(tf.sub(said, y))), tf.mul(likeness, 0.01)),
      carried: { rows: l2Normalize(this.twin.forward(x) as tf.Tensor2D) },
    };
  }

  afterUpdate(_ctx: ForwardContext, { rows }: Readonly<Record<string, tf.Tensor>>): void {
    this.state.queue.enqueue(rows as tf.Tensor2D);
  }

  /** Everything that the training leaves, of which a saved file is made. */
  stateDict(): Map<string, NdArray> {
    const queue = Object.entries<tf.Variable>(this.state.queue.buffers).map(([name, variable]): [string, NdArray] => [
      `queue.${name}`,
      { data: variable.dataSync().slice() as Float32Array, shape: variable.shape },
    ]);
    return new Map([
      ...withPrefix(this.net.stateDict(), 'net.'),
      ...withPrefix(this.twin.stateDict(), 'twin.'),
      ...queue,
    ]);
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
  let counted = 0;
  // A step is counted once, whatever happens between: what an observer keeps goes on with the run.
  const counting: TrainerObserver = {
    name: 'counting',
    onStep: () => void counted++,
    state: () => counted,
    restore: (state) => (counted = state as number),
    onEnd: ({ steps }) => {
      if (counted !== steps) throw new RangeError(`counted ${counted} of ${steps} steps`);
    },
  };
  const trainer = new Trainer<Batch>({
    method,
    loader: new SmallLoader(),
    optimizer: new AdamW([{ parameters: method.trainable() }]),
    schedule: cosine({ base: 0.01, totalSteps: trainingSteps }),
    steps: trainingSteps,
    seed: 3,
    accumulateSteps: 2,
    gradientStages: [dynamicLossScale({ initial: 2 ** 126, growthInterval: 4 })],
    logEvery: 1,
    progress: 'silent',
    checkpoint,
    handleSignals,
    observers: [observers, stopping, counting],
    signal: stop.signal,
    ...(logFile === undefined ? {} : { logFile }),
    compile: { device: 'cpu', threads: 1 },
  });
  const { interrupted } = await trainer.fit();
  if (!interrupted && weights !== undefined) await saveSafetensors(weights, method.stateDict());
  return { interrupted };
}
