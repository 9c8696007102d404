/** Three methods that live in these tests alone, each with what a family of methods needs. */
import * as tf from '@tensorflow/tfjs-core';
import { foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { Center, clipLoss, FeatureQueue, infoNCE, l2Normalize, softmaxCrossEntropy } from '@selfsup/ssl-losses';
import { Linear, Mlp, Module, Parameter, parametersOf } from '@selfsup/ssl-nn';
import {
  type BatchLoader,
  cosine,
  type EmaPair,
  linearWarmup,
  type Method,
  type MethodLoss,
  type RunShape,
  type Schedule,
  type StepContext,
  type Tensors,
} from '@selfsup/ssl-train';

type Rows = NdArray<Float32Array>;

const [batch, width] = [8, 12];

/** Rows around one of four centres, by the position alone. */
function rows(
  epoch: number,
  position: number,
  kind: string,
  columns = width,
): { x: Rows; labels: NdArray<Int32Array> } {
  const stream = new RandomStream(foldIn(foldIn(foldIn(randomKey(9), kind), epoch), position));
  const labels = Int32Array.from({ length: batch }, () => stream.integer(4));
  const x = Float32Array.from({ length: batch * columns }, (_, at) => {
    const label = labels[Math.floor(at / columns)]!;
    return 2 * Math.cos(1 + label * (1 + (at % columns))) + 0.5 * stream.normal();
  });
  return { x: { data: x, shape: [batch, columns] }, labels: { data: labels, shape: [batch] } };
}

/** A loader of batches that are functions of their position. */
export function positions<B>(batchesPerEpoch: number, make: (epoch: number, position: number) => B): BatchLoader<B> {
  return {
    batchesPerEpoch,
    async *epoch(epoch, fromBatch = 0) {
      for (let position = fromBatch; position < batchesPerEpoch; position++) yield make(epoch, position);
    },
    close: async () => {},
  };
}

class Net extends Module {
  readonly body = new Mlp(width, 16, { key: randomKey(1), outFeatures: 8 });
  readonly last = new Linear(8, 6, { key: randomKey(2), bias: false });

  forward(x: tf.Tensor): tf.Tensor2D {
    return this.last.forward(this.body.forward(x)) as tf.Tensor2D;
  }
}

export interface Crops {
  /** Two whole views and two that see a part of the columns. */
  readonly views: readonly Rows[];
}

export const crops = (): BatchLoader<Crops> =>
  positions(4, (epoch, position) => {
    const { x } = rows(epoch, position, 'crops');
    const noise = new RandomStream(foldIn(foldIn(randomKey(4), epoch), position));
    const view = (columns: number): Rows => ({
      data: Float32Array.from({ length: batch * columns }, (_, at) => {
        const [row, column] = [Math.floor(at / columns), at % columns];
        return x.data[row * width + column]! + 0.1 * noise.normal();
      }),
      shape: [batch, columns],
    });
    return { views: [view(width), view(width), view(6), view(6)] };
  });

/**
 * Self-distillation as DINO's with a queue of negatives: twin by momentum, crops of two sizes, a centre, a temperature by
 * schedule, a last layer that is frozen at first, a queue that comes late.
 */
export class QueueTwin implements Method<Crops, 'temperature', 'frozen' | 'all' | 'queue'> {
  readonly name = 'queue-twin';
  readonly settings;
  readonly modules = { student: new Net(), teacher: new Net() };
  readonly state = { centre: new Center(6), queue: new FeatureQueue(48, 6, { key: randomKey(3) }) };

  constructor(readonly share = 0.5) {
    this.settings = { share };
  }

  trainable(phase?: string): Map<string, Parameter> {
    const { student } = this.modules;
    return phase === 'frozen' ? parametersOf({ 'student.body': student.body }) : parametersOf({ student });
  }

  schedules({ totalSteps }: RunShape): Record<'temperature', Schedule> {
    return { temperature: linearWarmup({ base: 0.2, warmupSteps: totalSteps }) };
  }

  phaseAt(step: number): 'frozen' | 'all' | 'queue' {
    return step < 2 ? 'frozen' : step < 4 ? 'all' : 'queue';
  }

  emaPairs({ totalSteps }: RunShape): EmaPair[] {
    const { student, teacher } = this.modules;
    return [{ online: student, target: teacher, momentum: cosine({ base: 0.9, final: 1, totalSteps }) }];
  }

  loss({ views }: Tensors<Crops>, { values, phase }: StepContext<'temperature', string>): MethodLoss {
    const { student, teacher } = this.modules;
    const padded = views.map((view) =>
      tf.pad(view as tf.Tensor2D, [
        [0, 0],
        [0, width - view.shape[1]!],
      ]),
    );
    const taught = padded.slice(0, 2).map((view) => teacher.forward(view));
    const { center } = this.state.centre.buffers;
    const targets = taught.map((output) => tf.softmax(tf.div(tf.sub(output, center), 0.1)));
    const outputs = padded.map((view) => student.forward(view));
    const terms = outputs.flatMap((output, at) =>
      targets.flatMap((target, of) =>
        at === of
          ? []
          : [
              tf.neg(
                tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(tf.div(output, tf.add(values.temperature, 0.2)))), 1)),
              ),
            ],
      ),
    );
    const distilled = tf.div(tf.addN(terms), terms.length) as tf.Scalar;
    const keys = l2Normalize(taught[1]!);
    const contrast = (): tf.Tensor =>
      tf.mul(infoNCE(outputs[0]!, taught[1]!, this.state.queue.features, { temperature: 0.2 }), this.share);
    return {
      loss: phase === 'queue' ? tf.add(distilled, contrast()) : distilled,
      carried: { taught: tf.concat(taught), keys },
    };
  }

  afterUpdate(_ctx: StepContext<'temperature', string>, { taught, keys }: Record<string, tf.Tensor>): void {
    this.state.centre.update(taught!);
    this.state.queue.enqueue(keys as tf.Tensor2D);
  }
}

export interface Pairs {
  readonly left: Rows;
  readonly right: Rows;
}

export const pairs = (): BatchLoader<Pairs> =>
  positions(4, (epoch, position) => {
    const { x } = rows(epoch, position, 'pairs');
    const right = Float32Array.from({ length: batch * 5 }, (_, at) => x.data[Math.floor(at / 5) * width + (at % 5)]!);
    return { left: x, right: { data: right, shape: [batch, 5] } };
  });

class Scale extends Module {
  readonly log = new Parameter({ data: Float32Array.of(Math.log(1 / 0.07)), shape: [] });
}

/** Two encoders of two kinds of input and a learnt scale, as CLIP's. */
export class TwoTowers implements Method<Pairs> {
  readonly name = 'two-towers';
  readonly settings;
  readonly modules = {
    left: new Mlp(width, 16, { key: randomKey(1), outFeatures: 6 }),
    right: new Mlp(5, 16, { key: randomKey(2), outFeatures: 6 }),
    scale: new Scale(),
  };

  constructor(readonly limit = 100) {
    this.settings = { limit };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss({ left, right }: Tensors<Pairs>): MethodLoss {
    const { modules } = this;
    const [a, b] = [modules.left.forward(left) as tf.Tensor2D, modules.right.forward(right) as tf.Tensor2D];
    return { loss: clipLoss(a, b, modules.scale.log.variable as tf.Scalar, { maxScale: this.limit }) };
  }
}

export interface Labelled {
  readonly x: Rows;
  readonly labels: NdArray<Int32Array>;
}

export const labelled = (): BatchLoader<Labelled> =>
  positions(3, (epoch, position) => rows(epoch, position, 'labelled'));
export const unlabelled = (): BatchLoader<{ readonly x: Rows }> =>
  positions(4, (epoch, position) => ({ x: rows(epoch, position, 'unlabelled').x }));

type SemiBatch = { readonly unlabelled: { readonly x: Rows }; readonly labelled: Labelled };

/** A classifier on labelled rows that is to be sure of unlabelled ones: two loaders, as FixMatch's. */
export class SemiSupervised implements Method<SemiBatch> {
  readonly name = 'semi-supervised';
  readonly settings;
  readonly modules = { net: new Mlp(width, 16, { key: randomKey(1), outFeatures: 4 }) };

  constructor(readonly share = 0.1) {
    this.settings = { share };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(given: Tensors<SemiBatch>): MethodLoss {
    const { net } = this.modules;
    const logits = net.forward(given.labelled.x) as tf.Tensor2D;
    const own = tf.logSoftmax(net.forward(given.unlabelled.x));
    const entropy = tf.neg(tf.mean(tf.sum(tf.mul(tf.exp(own), own), -1)));
    const supervised = softmaxCrossEntropy(logits, given.labelled.labels as tf.Tensor1D) as tf.Scalar;
    return { loss: tf.add(supervised, tf.mul(entropy, this.share)), metrics: { entropy: entropy as tf.Scalar } };
  }
}
