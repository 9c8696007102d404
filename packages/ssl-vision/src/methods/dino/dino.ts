import * as tf from '@tensorflow/tfjs-core';
import { Center, dino, featureStd } from '@selfsup/ssl-losses';
import { childContext, type Encoder, type Parameter, parametersOf, twinOf } from '@selfsup/ssl-nn';
import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type {
  EmaPair,
  Method,
  MethodLoss,
  RunConfig,
  RunShape,
  Schedule,
  StepContext,
  Tensors,
} from '@selfsup/ssl-train';
import { cropsOf, globalCount } from '../../batches/crops-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import type { DinoHead } from '../../heads/dino-head.js';
import { checkImageStatistics, type ImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { type DinoHeadChoice, dinoHeadOf } from '../self-distillation/dino-head-of.js';
import {
  type DistillationNumbers,
  distillationNumberNames,
  type DistillationPhase,
  DistillationPlan,
} from '../self-distillation/distillation-numbers.js';
import { encodeCrops } from '../self-distillation/encode-crops.js';
import { teacherContext } from '../self-distillation/teacher-context.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/**
 * Defaults of {@link Dino}: Caron et al. 2021 (arXiv 2104.14294), section 3 and appendix, and `main_dino.py` of
 * facebookresearch/dino. Its temperature stays at 0.04; the paper's best ViTs have 0.07 after 30 epochs. In a short run
 * with a centre the teacher tells of all images alike for some hundred steps (a loss near the logarithm of the number of
 * prototypes; seen on digits in batches of 32); balanced outputs are spread from the first steps on.
 */
export const dinoDefaults = {
  studentTemperature: 0.1,
  warmupTeacherTemperature: 0.04,
  teacherTemperature: 0.04,
  warmupTeacherEpochs: 30,
  momentum: 0.996,
  centerMomentum: 0.9,
  freezeLastLayerEpochs: 1,
  centering: 'center',
} as const;

/** Options of {@link Dino}. */
export type DinoOptions = DistillationNumbers & {
  /** Trained, and the teacher's start. It takes pictures of each size that the views have. */
  readonly backbone: Encoder;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Against collapse: a moving centre, or balanced over the batch as DINOv2 does. Default `center`. */
  readonly centering?: 'center' | 'sinkhorn';
} & DinoHeadChoice;

const dinoOptionNames: OptionNames<DinoOptions> = {
  ...distillationNumberNames,
  backbone: 'required',
  normalize: 'required',
  centering: 'optional',
  head: 'optional',
  key: 'optionalKey',
};

/**
 * DINO: a student tells from every crop what its teacher, whose weights follow its own, tells from the two global crops;
 * `dino` of @selfsup/ssl-losses with a centre that moves once an update (or `centering: 'sinkhorn'`, which has none). Keep `modules.teacher`, the one that the paper
 * evaluates; `modules.backbone` is the student.
 *
 * Views are those of `dinoViews`: two global ones of one size, then others. The student's encoder runs once for each run
 * of crops of one size, the teacher's on the global crops; the heads run on all of them.
 *
 * Batch statistics, in an encoder that has them, are over the crops of one pass; each pass moves the running ones of its
 * own encoder, global crops first, and the teacher keeps its own. An encoder without them drops nothing as a teacher
 * (dropout, drop path).
 *
 * The reference's optimiser is AdamW with a weight decay that rises from 0.04 to 0.4 along half a cosine,
 * `weightDecay: cosine({ base: 0.04, final: 0.4, totalSteps })`, a rate of 0.0005 for each 256 samples with 10 epochs of
 * warm-up and a cosine to 1e-6, gradients clipped to a norm of 3.
 *
 * Metric `featureStd`: deviation of the teacher's unit-length features of the global crops, averaged over their width `d`;
 * about `1 / sqrt(d)` where they spread over the sphere, 0 where they have collapsed.
 *
 * Source: Caron et al. 2021 (arXiv 2104.14294), algorithm 1; `main_dino.py` of facebookresearch/dino.
 */
export class Dino implements Method<MultiViewBatch, 'teacherTemperature', DistillationPhase> {
  readonly name = 'dino';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: Encoder;
    readonly head: DinoHead;
    readonly teacher: Encoder;
    readonly teacherHead: DinoHead;
  };
  /** The centre, where there is one. */
  readonly state: { readonly center?: Center };
  readonly #plan: DistillationPlan;
  readonly #normalize: ImageStatistics;

  /** @throws InvalidOptionError for numbers out of range, and for what is no encoder or no head */
  constructor(options: DinoOptions) {
    const given = checkOptions('Dino', options, dinoOptionNames);
    const all = { ...dinoDefaults, ...given };
    const { backbone, normalize, centering } = all;
    this.#plan = new DistillationPlan('Dino', all);
    checkChoice('Dino', 'centering', centering, ['center', 'sinkhorn']);
    checkEncoder('Dino', backbone);
    checkImageStatistics('Dino', 'normalize', normalize);
    const head = dinoHeadOf('Dino', backbone.featureDim, given);
    this.modules = { backbone, head, teacher: twinOf(backbone), teacherHead: twinOf(head) };
    this.state = centering === 'center' ? { center: new Center(head.outDim) } : {};
    this.settings = { ...this.#plan.settings, centering, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
  }

  trainable(phase?: DistillationPhase): Map<string, Parameter> {
    const { backbone, head } = this.modules;
    return parametersOf(phase === 'lastLayerFrozen' ? { backbone, 'head.mlp': head.mlp } : { backbone, head });
  }

  schedules(run: RunShape): Record<'teacherTemperature', Schedule> {
    return this.#plan.schedules(run);
  }

  phaseAt(step: number, run: RunShape): DistillationPhase {
    return this.#plan.phaseAt(step, run);
  }

  emaPairs(run: RunShape): readonly EmaPair[] {
    const { backbone, head, teacher, teacherHead } = this.modules;
    return this.#plan.pairs(run, [
      { online: backbone, target: teacher },
      { online: head, target: teacherHead },
    ]);
  }

  /** @throws ShapeError for views that are not two of one size and then others */
  loss(batch: Tensors<MultiViewBatch>, ctx: StepContext<'teacherTemperature', DistillationPhase>): MethodLoss {
    const { backbone, head, teacher, teacherHead } = this.modules;
    const { center } = this.state;
    const { globals, groups, count } = cropsOf('Dino', batch);
    const teaching = teacherContext(teacher, ctx, 'teacher');
    const taught = encodeCrops(teacher, [{ images: globals, count: globalCount }], this.#normalize, teaching);
    const targets = teacherHead.forward(taught, teaching);
    const features = encodeCrops(backbone, groups, this.#normalize, childContext(ctx, 'backbone'), 'Dino');
    const outputs = head.forward(features, childContext(ctx, 'head'));
    const loss = dino(tf.split(targets, globalCount), tf.split(outputs, count), center ?? 'sinkhorn', {
      studentTemperature: this.#plan.settings.studentTemperature,
      teacherTemperature: ctx.values.teacherTemperature,
      updateCenter: false,
    });
    return {
      loss,
      metrics: { featureStd: featureStd(taught) },
      // The mean of a batch: batches of an update have one size.
      ...(center === undefined ? {} : { carried: { targets: tf.mean(targets, 0, true) } }),
    };
  }

  afterUpdate(_ctx: StepContext<'teacherTemperature', DistillationPhase>, carried: Record<string, tf.Tensor>): void {
    this.state.center?.update(carried['targets']!, this.#plan.settings.centerMomentum);
  }
}
