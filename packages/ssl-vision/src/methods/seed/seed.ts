import type * as tf from '@tensorflow/tfjs-core';
import { FeatureQueue, featureStd, l2Normalize, seedDistillation } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkPositive, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { joinedViewsOf } from '../../batches/joined-views-of.js';
import { checkQueue } from '../../batches/check-queue.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { project } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { resizeBilinear } from '../../images/resize-bilinear.js';
import type { DistillationBatch } from '../distillation/distillation.js';
import { type DistillationTeacher, type Teacher, teacherOf } from '../distillation/teacher.js';

/** Options of {@link Seed}. */
export interface SeedOptions {
  /** The student. */
  readonly backbone: Encoder;
  readonly teacher: DistillationTeacher;
  /** Source of the head's initial weights and of the queue's first rows. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels, for the student. */
  readonly normalize: ImageStatistics;
  /** Side of the square pictures that the student sees, to which views are brought. Default: the views'. */
  readonly size?: number;
  /** Width of the head's hidden layer. Default: the student's features. */
  readonly hiddenDim?: number;
  /** The teacher's features of earlier images; a multiple of the images of an update. Default 65536. */
  readonly queueSize?: number;
  /** Divisor of the student's similarities. Default 0.2. */
  readonly studentTemperature?: number;
  /** Divisor of the teacher's similarities. Default 0.01. */
  readonly teacherTemperature?: number;
}

const seedOptionNames: OptionNames<SeedOptions> = {
  backbone: 'required',
  teacher: 'required',
  key: 'requiredKey',
  normalize: 'required',
  size: 'optionalNumber',
  hiddenDim: 'optionalNumber',
  queueSize: 'optionalNumber',
  studentTemperature: 'optionalNumber',
  teacherTemperature: 'optionalNumber',
};

/**
 * Defaults of {@link Seed}: Fang et al. 2021 (arXiv 2101.04731), section 4. There with SGD, momentum 0.9, decay 1e-4, rate
 * 0.03 for batches of 256, by a cosine.
 */
export const seedDefaults = { queueSize: 65536, studentTemperature: 0.2, teacherTemperature: 0.01 } as const;

/**
 * {@link Seed} for small pictures, batches and data sets, of which a queue is to hold fewer images than there are: MoCo's
 * queue on CIFAR-10, as in `mocoSmall`.
 */
export const seedSmall = { queueSize: 4096 } as const;

/**
 * SEED: a student is to find an image's neighbours where a frozen teacher has them: its similarities to a queue of the
 * teacher's features of earlier images, and to that of the image, follow the teacher's. Unlike `Distillation` it copies no
 * feature, only who is near whom. Trains backbone and head; keep `modules.backbone`.
 *
 * Batch statistics: one pass of the student over all views. The teacher runs in evaluation and is in no checkpoint:
 * `settings.teacher` has the digest of its weights. The queue takes an update's features after it.
 *
 * Metric `featureStd`: deviation of the projections of length 1 over the batch, about 1 over the root of their width where
 * they spread over the sphere, 0 where they have collapsed.
 *
 * Source: Fang et al. 2021 (SEED), arXiv 2101.04731, section 3; seed/builder.py of jacobswan1/SEED. There the
 * teacher's projections are copied; here its features, unless the encoder that is given has its head.
 */
export class Seed implements Method<DistillationBatch> {
  readonly name = 'seed';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: ProjectionHead };
  readonly state: { readonly queue: FeatureQueue };
  readonly #teacher: Teacher;
  readonly #normalize: ImageStatistics;
  readonly #size: number | undefined;
  readonly #temperatures: { readonly studentTemperature: number; readonly teacherTemperature: number };

  /** @throws InvalidOptionError for options out of range, and for what is no encoder or teacher */
  constructor(options: SeedOptions) {
    const where = 'Seed';
    const all = { ...seedDefaults, ...checkOptions(where, options, seedOptionNames) };
    const { backbone, key, normalize, size, queueSize, studentTemperature, teacherTemperature } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    const { hiddenDim = backbone.featureDim } = all;
    checkCount(where, { hiddenDim, queueSize, ...(size === undefined ? {} : { size }) });
    checkPositive(where, { studentTemperature, teacherTemperature });
    const teacher = teacherOf(where, all.teacher, { global: true, patches: false });
    const outDim = teacher.featureDim;
    const sizes = { hiddenDim, outDim, batchNorm: false } as const;
    this.modules = {
      backbone,
      head: new ProjectionHead(backbone.featureDim, { ...sizes, key: foldIn(key, 'head') }),
    };
    this.state = { queue: new FeatureQueue(queueSize, outDim, { key: foldIn(key, 'queue') }) };
    this.settings = {
      queueSize,
      studentTemperature,
      teacherTemperature,
      normalize: statisticsOf(normalize),
      ...(size === undefined ? {} : { size }),
      teacher: teacher.settings,
    };
    this.#teacher = teacher;
    this.#normalize = normalize;
    this.#size = size;
    this.#temperatures = { studentTemperature, teacherTemperature };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are one or more views of one shape; InvalidOptionError for a batch without its teacher */
  loss(batch: Tensors<DistillationBatch>, ctx: ForwardContext): MethodLoss {
    const images = joinedViewsOf('Seed', batch);
    const own = this.#size === undefined ? images : resizeBilinear(images as tf.Tensor4D, [this.#size, this.#size]);
    const taught = l2Normalize(this.#teacher.features(images, batch).global!);
    const student = project(this.modules, normalizeImages(own, this.#normalize), childContext(ctx, 'student'));
    return {
      loss: seedDistillation(student, taught, this.state.queue.features, this.#temperatures),
      metrics: { featureStd: featureStd(student) },
      carried: { taught },
    };
  }

  /** @throws ShapeError unless the images of an update divide the queue, as in the authors' code */
  afterUpdate(_ctx: ForwardContext, carried: Readonly<Record<string, tf.Tensor>>): void {
    const { taught } = carried;
    const { queue } = this.state;
    checkQueue('Seed', queue, taught!.shape[0]!);
    queue.enqueue(taught as tf.Tensor2D);
  }
}
