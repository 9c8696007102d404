import * as tf from '@tensorflow/tfjs-core';
import { distillation } from '@selfsup/ssl-losses';
import { childContext, Linear, normal, parametersOf, zeros } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkCount, checkPositive, checkShare, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { joinedViewsOf } from '../../batches/joined-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { resizeBilinear } from '../../images/resize-bilinear.js';
import type { DistillationBatch } from '../distillation/distillation.js';
import { type DistillationTeacher, type Teacher, teacherOf } from '../distillation/teacher.js';

/** A batch of views, with classes where some are to be learnt from. */
export interface LogitDistillationBatch extends DistillationBatch {
  /** Classes, `[batch]`, -1 = no label. */
  readonly labels?: NdArray<Int32Array>;
}

/** Options of {@link LogitDistillation}. */
export interface LogitDistillationOptions {
  /** The student. */
  readonly backbone: Encoder;
  /** Its features are logits: a `ClassifierEncoder`, or an `OnnxEncoder` of a classifier. */
  readonly teacher: DistillationTeacher;
  /** Source of the classifier's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels, for the student. */
  readonly normalize: ImageStatistics;
  /** Side of the square pictures that the student sees, to which views are brought. Default: the views'. */
  readonly size?: number;
  /** Divisor of both logits. Default 1. */
  readonly temperature?: number;
  /** Weight of the teacher, in [0, 1]; the labels have the rest. Default 1: none are needed. */
  readonly alpha?: number;
}

const logitDistillationOptionNames: OptionNames<LogitDistillationOptions> = {
  backbone: 'required',
  teacher: 'required',
  key: 'requiredKey',
  normalize: 'required',
  size: 'optionalNumber',
  temperature: 'optionalNumber',
  alpha: 'optionalNumber',
};

/** Defaults of {@link LogitDistillation}: pictures without labels alone (SimCLR v2, arXiv 2006.10029, section 2, equation 2). */
export const logitDistillationDefaults = { temperature: 1, alpha: 1 } as const;

/**
 * SimCLR v2's third step: a student learns, on pictures without labels, the class probabilities of a teacher that was
 * fine-tuned on few: `loss = alpha KL(softmax(t / T) || softmax(s / T)) + (1 - alpha) CE(s, y)`. The paper's cross-entropy
 * with the teacher differs from the divergence by the teacher's entropy, which has no gradient; unlike Hinton's there is no
 * factor of the temperature's square. Trains backbone and classifier; keep both, `modules.backbone` and `modules.head`.
 *
 * Batch statistics: one pass of the student over all views. The teacher runs in evaluation and is in no checkpoint.
 *
 * Metric `agreement`: share of pictures for which student and teacher choose one class.
 *
 * Source: Chen et al. 2020 (SimCLR v2), arXiv 2006.10029, section 2, equations 2 and 3.
 */
export class LogitDistillation implements Method<LogitDistillationBatch> {
  readonly name = 'logit-distillation';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly head: Linear };
  readonly #teacher: Teacher;
  readonly #normalize: ImageStatistics;
  readonly #size: number | undefined;
  readonly #temperature: number;
  readonly #alpha: number;

  /** @throws InvalidOptionError for options out of range, and for what is no encoder or teacher */
  constructor(options: LogitDistillationOptions) {
    const where = 'LogitDistillation';
    const all = { ...logitDistillationDefaults, ...checkOptions(where, options, logitDistillationOptionNames) };
    const { backbone, key, normalize, size, temperature, alpha } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    if (size !== undefined) checkCount(where, { size });
    checkPositive(where, { temperature });
    checkShare(where, { alpha });
    const teacher = teacherOf(where, all.teacher, { global: true, patches: false });
    const classifier = { key: foldIn(key, 'head'), weightInit: normal(0.01), biasInit: zeros };
    this.modules = { backbone, head: new Linear(backbone.featureDim, teacher.featureDim, classifier) };
    this.settings = {
      temperature,
      alpha,
      normalize: statisticsOf(normalize),
      ...(size === undefined ? {} : { size }),
      teacher: teacher.settings,
    };
    this.#teacher = teacher;
    this.#normalize = normalize;
    this.#size = size;
    this.#temperature = temperature;
    this.#alpha = alpha;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are views of one shape; InvalidOptionError for a batch without labels where `alpha` is below 1 */
  loss(batch: Tensors<LogitDistillationBatch>, ctx: ForwardContext): MethodLoss {
    const images = joinedViewsOf('LogitDistillation', batch);
    const own = this.#size === undefined ? images : resizeBilinear(images as tf.Tensor4D, [this.#size, this.#size]);
    const { backbone, head } = this.modules;
    const features = backbone.forward(normalizeImages(own, this.#normalize), childContext(ctx, 'backbone'));
    const student = head.forward(features);
    const teacher = this.#teacher.features(images, batch).global!;
    const temperature = this.#temperature;
    const soft = tf.div(distillation(student, teacher, { temperature, alpha: 1 }), temperature ** 2) as tf.Scalar;
    const same = tf.equal(tf.argMax(student, 1), tf.argMax(teacher, 1));
    const metrics = { agreement: tf.mean(tf.cast(same, 'float32')) as tf.Scalar };
    if (this.#alpha === 1) return { loss: soft, metrics };
    const hard = distillation(student, teacher, { alpha: 0, labels: this.#labels(batch) });
    return { loss: tf.add(tf.mul(soft, this.#alpha), tf.mul(hard, 1 - this.#alpha)), metrics };
  }

  /** Classes of all views. */
  #labels({ labels, views }: Tensors<LogitDistillationBatch>): tf.Tensor1D {
    if (labels === undefined) {
      const advice = 'Give the loader a data set with labels, or leave alpha at 1';
      throw new InvalidOptionError('LogitDistillation', 'batch.labels', 'classes of the images', labels, advice);
    }
    return tf.concat(views.map(() => labels as tf.Tensor1D));
  }
}
