import * as tf from '@tensorflow/tfjs-core';
import { featureStd, l2Normalize } from '@selfsup/ssl-losses';
import { childContext, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, checkNonNegative, checkShare, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { joinedViewsOf } from '../../batches/joined-views-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { DistillationHead } from '../../heads/distillation-head.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { resizeBilinear } from '../../images/resize-bilinear.js';
import { type Distance, distanceNames, distanceOf } from './distances.js';
import { type Features, featuresOf, mapOf } from './features-of.js';
import { FeatureTargets, type TargetKind, targetKinds } from './feature-targets.js';
import { type DistillationTeacher, type TaughtBatch, type Teacher, teacherOf } from './teacher.js';

/** A batch of views, with a teacher's features where the loader adds them. */
export interface DistillationBatch {
  /** One or more of one size, each `uint8 [batch, height, width, channels]`. */
  readonly views: readonly NdArray<Uint8Array>[];
  readonly teacher?: TaughtBatch;
}

/** Options of {@link Distillation}. */
export interface DistillationOptions {
  /** The student. */
  readonly backbone: Encoder;
  readonly teacher: DistillationTeacher;
  /** Source of the heads' initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels, for the student. */
  readonly normalize: ImageStatistics;
  /** Side of the square pictures that the student sees, to which views are brought. Default: the views'. */
  readonly size?: number;
  /** Weight of the pooled features' distance. Default 1. */
  readonly globalWeight?: number;
  /** Weight of the distance of patches: tokens, or places of a map. Default 0. */
  readonly patchWeight?: number;
  /** Default `cosine`. */
  readonly globalDistance?: Distance;
  /** Default `cosineSmoothL1`. */
  readonly patchDistance?: Distance;
  /** From the student's features to the teacher's width. Default `linear`. */
  readonly head?: 'linear' | 'mlp' | 'none';
  /** Width of the MLP's hidden layer. Default: the teacher's. */
  readonly hiddenDim?: number;
  /**
   * What of the teacher is copied. `standardized`: each dimension by its moving mean and deviation. `layerNorm`: each vector
   * by its own. `raw`: as it is. Default `standardized`.
   */
  readonly targets?: TargetKind;
  /** Of the moving statistics, in [0, 1]. Default 0.99. */
  readonly targetMomentum?: number;
  /** Of the student's maps: stage, or number of blocks that its tokens have gone through. Default: the last. */
  readonly stage?: number;
}

const distillationOptionNames: OptionNames<DistillationOptions> = {
  backbone: 'required',
  teacher: 'required',
  key: 'requiredKey',
  normalize: 'required',
  size: 'optionalNumber',
  globalWeight: 'optionalNumber',
  patchWeight: 'optionalNumber',
  globalDistance: 'optional',
  patchDistance: 'optional',
  head: 'optional',
  hiddenDim: 'optionalNumber',
  targets: 'optional',
  targetMomentum: 'optionalNumber',
  stage: 'optionalNumber',
};

/**
 * Defaults of {@link Distillation}: the cosine of pooled features, as AM-RADIO's summary loss (Ranzinger et al. 2023,
 * arXiv 2312.06709), of patches its mixture; features standardised (UNIC, arXiv 2408.05088); one layer, the regressor of
 * FitNets (arXiv 1412.6550). At ImageNet scale AM-RADIO and UNIC take AdamW with a cosine after a warm-up.
 */
export const distillationDefaults = {
  globalWeight: 1,
  patchWeight: 0,
  globalDistance: 'cosine',
  patchDistance: 'cosineSmoothL1',
  head: 'linear',
  targets: 'standardized',
  targetMomentum: 0.99,
} as const;

/** {@link Distillation} of pooled features and of patches in equal parts, as AM-RADIO does. */
export const distillationDense = { globalWeight: 1, patchWeight: 1 } as const;

/**
 * A student of any backbone learns the features that a frozen teacher gives of the same pictures, without labels:
 * `loss = globalWeight D(h(s), t) + patchWeight mean_p D(h'(s_p), t_p)` with `s` the student's, `t` the teacher's features,
 * standardised, and `h` the heads. Both see the same views, cropped alike, as Beyer et al. 2021 (arXiv 2106.05237)
 * find best; each in a size and with statistics of its own. A student's map of another grid is brought to the teacher's,
 * bilinearly. Trains backbone and heads; keep `modules.backbone`.
 *
 * Batch statistics: one pass of the student over all views, those of all of them. The teacher runs in evaluation and is in
 * no checkpoint: `settings.teacher` has the digest of its weights, so that a run does not go on with another.
 *
 * Metrics `featureStd`: deviation of the student's features of length 1 over the batch, 0 where they have collapsed (of
 * patches alone: of what the head makes of them); `similarity`: mean cosine of what the heads tell and the targets, of pooled
 * features where these are copied.
 *
 * Source: Romero et al. 2014 (FitNets), arXiv 1412.6550, for a regressor on the student's features; AM-RADIO and UNIC as
 * above. The arithmetic of the golden is written out in `generate_distillation.py`.
 *
 * @example
 * const method = new Distillation({ backbone, key: randomKey(1), normalize, teacher: { encoder, normalize, size: 224 } });
 */
export class Distillation implements Method<DistillationBatch> {
  readonly name = 'distillation';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head?: DistillationHead;
    readonly patchHead?: DistillationHead;
  };
  readonly state: Readonly<Record<string, FeatureTargets>>;
  readonly #teacher: Teacher;
  readonly #options: Required<Pick<DistillationOptions, keyof typeof distillationDefaults>> &
    Pick<DistillationOptions, 'normalize' | 'size'>;
  readonly #stage: number | undefined;

  /** @throws InvalidOptionError for options out of range, for what is no encoder, and for maps that one of both does not give */
  constructor(options: DistillationOptions) {
    const where = 'Distillation';
    const all = { ...distillationDefaults, ...checkOptions(where, options, distillationOptionNames) };
    const { backbone, key, normalize, size, globalWeight, patchWeight, head, hiddenDim, targets, targetMomentum } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    if (size !== undefined) checkCount(where, { size });
    checkNonNegative(where, { globalWeight, patchWeight });
    if (globalWeight + patchWeight === 0)
      throw new InvalidOptionError(where, 'globalWeight', 'above 0 where patchWeight is 0', globalWeight);
    checkChoice(where, 'globalDistance', all.globalDistance, distanceNames);
    checkChoice(where, 'patchDistance', all.patchDistance, distanceNames);
    checkChoice(where, 'head', head, ['linear', 'mlp', 'none']);
    checkChoice(where, 'targets', targets, targetKinds);
    checkShare(where, { targetMomentum });
    const wanted = { global: globalWeight > 0, patches: patchWeight > 0 };
    const teacher = teacherOf(where, all.teacher, wanted);
    const map = wanted.patches
      ? mapOf(where, 'backbone', backbone, { stage: all.stage, global: wanted.global, trains: true })
      : undefined;
    const headOf = (name: string, from: number, outDim: number): DistillationHead =>
      new DistillationHead(from, {
        kind: head,
        outDim,
        key: foldIn(key, name),
        ...(hiddenDim === undefined ? {} : { hiddenDim }),
      });
    const targetsOf = (dim: number): FeatureTargets =>
      new FeatureTargets(dim, { kind: targets, momentum: targetMomentum });
    this.modules = {
      backbone,
      ...(wanted.global ? { head: headOf('head', backbone.featureDim, teacher.featureDim) } : {}),
      ...(map === undefined ? {} : { patchHead: headOf('patchHead', map.channels, teacher.mapDim!) }),
    };
    this.state = {
      ...(wanted.global ? { targets: targetsOf(teacher.featureDim) } : {}),
      ...(map === undefined ? {} : { patchTargets: targetsOf(teacher.mapDim!) }),
    };
    this.settings = {
      ...(wanted.global ? { globalWeight, globalDistance: all.globalDistance } : {}),
      ...(map === undefined ? {} : { patchWeight, patchDistance: all.patchDistance, stage: map.stage }),
      head,
      targets,
      ...(targets === 'standardized' ? { targetMomentum } : {}),
      normalize: statisticsOf(normalize),
      ...(size === undefined ? {} : { size }),
      teacher: teacher.settings,
    };
    this.#teacher = teacher;
    this.#options = all;
    this.#stage = map?.stage;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError unless there are one or more views of one shape; InvalidOptionError for a batch without its teacher */
  loss(batch: Tensors<DistillationBatch>, ctx: ForwardContext): MethodLoss {
    const { normalize, size, globalWeight, patchWeight, globalDistance, patchDistance } = this.#options;
    const { backbone, head, patchHead } = this.modules;
    const images = joinedViewsOf('Distillation', batch);
    const wanted = this.#teacher.features(images, batch);
    const own = size === undefined ? images : resizeBilinear(images as tf.Tensor4D, [size, size]);
    const passes = { global: globalWeight > 0, stage: this.#stage };
    const given = featuresOf(backbone, normalizeImages(own, normalize), passes, childContext(ctx, 'backbone'));
    const parts: { readonly loss: tf.Scalar; readonly told: tf.Tensor2D; readonly target: tf.Tensor2D }[] = [];
    const add = (told: tf.Tensor2D, target: tf.Tensor2D, distance: Distance, weight: number): void => {
      parts.push({ loss: tf.mul(distanceOf(told, target, distance), weight), told, target });
    };
    if (head !== undefined) {
      const target = this.state['targets']!.of(wanted.global!) as tf.Tensor2D;
      add(head.forward(given.global!, childContext(ctx, 'head')), target, globalDistance, globalWeight);
    }
    if (patchHead !== undefined) {
      const [student, teacher] = [given.map!, wanted.map!];
      const [, rows, columns, dim] = teacher.shape;
      const cells = tf.reshape(resizeBilinear(student, [rows, columns]), [-1, student.shape[3]]) as tf.Tensor2D;
      const target = tf.reshape(this.state['patchTargets']!.of(teacher), [-1, dim]) as tf.Tensor2D;
      add(patchHead.forward(cells, childContext(ctx, 'patchHead')), target, patchDistance, patchWeight);
    }
    const [{ told, target }] = parts as [(typeof parts)[number]];
    const similarity = tf.mean(tf.sum(tf.mul(l2Normalize(told), l2Normalize(target)), 1)) as tf.Scalar;
    return {
      loss: tf.addN(parts.map(({ loss }) => loss)),
      metrics: { featureStd: featureStd(given.global ?? told), similarity },
      carried: this.#moments(wanted),
    };
  }

  afterUpdate(_ctx: ForwardContext, carried: Readonly<Record<string, tf.Tensor>>): void {
    for (const [name, moments] of Object.entries(carried)) this.state[name]!.update(moments as tf.Tensor2D);
  }

  /** What the statistics of the targets are to have of a batch. */
  #moments({ global, map }: Features): Record<string, tf.Tensor> {
    if (this.#options.targets !== 'standardized') return {};
    return {
      ...(global === undefined ? {} : { targets: this.state['targets']!.momentsOf(global) }),
      ...(map === undefined ? {} : { patchTargets: this.state['patchTargets']!.momentsOf(map) }),
    };
  }
}
