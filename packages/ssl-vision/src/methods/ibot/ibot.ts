import * as tf from '@tensorflow/tfjs-core';
import { Center, dino, featureStd, ibot } from '@selfsup/ssl-losses';
import type { Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
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
import type { DinoHead } from '../../heads/dino-head.js';
import { checkMaskedEncoder } from '../../encoders/check-token-encoder.js';
import { checkImageStatistics, type ImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { checkMaskShares, maskShareDefaults, type MaskShares } from '../self-distillation/block-masks.js';
import { type DinoHeadChoice, dinoHeadOf } from '../self-distillation/dino-head-of.js';
import {
  type DistillationNumbers,
  distillationNumberNames,
  type DistillationPhase,
  DistillationPlan,
} from '../self-distillation/distillation-numbers.js';
import {
  type MaskedEncoder,
  type MaskedMultiViewBatch,
  TokenDistillation,
  type TokenModules,
} from '../self-distillation/token-distillation.js';

/**
 * Defaults of {@link Ibot}: Zhou et al. 2021 (arXiv 2111.07832), section 4.1 and appendix, and `main_ibot.py` of
 * bytedance/ibot. Its head has 8192 prototypes, which class tokens and patches share.
 */
export const ibotDefaults = {
  studentTemperature: 0.1,
  warmupTeacherTemperature: 0.04,
  teacherTemperature: 0.07,
  warmupTeacherEpochs: 30,
  momentum: 0.996,
  centerMomentum: 0.9,
  freezeLastLayerEpochs: 1,
  patchWeight: 1,
  ...maskShareDefaults,
} as const;

/** Options of {@link Ibot}. */
export type IbotOptions = DistillationNumbers &
  MaskShares & {
    /** With a class token, a mask token, and for pictures of each size that the views have. */
    readonly backbone: MaskedEncoder;
    /** Statistics of the images' pixels. */
    readonly normalize: ImageStatistics;
    /** Weight of the loss of masked patches beside that of the class tokens, 0 or more. Default 1. */
    readonly patchWeight?: number;
    /** Head of the patches. Default: that of the class tokens, which the paper finds better. */
    readonly patchHead?: DinoHead;
  } & DinoHeadChoice;

const ibotOptionNames: OptionNames<IbotOptions> = {
  ...distillationNumberNames,
  maskedImages: 'optionalNumber',
  maskRatio: 'optional',
  backbone: 'required',
  normalize: 'required',
  patchWeight: 'optionalNumber',
  patchHead: 'optional',
  head: 'optional',
  key: 'optionalKey',
};

/**
 * iBOT: DINO between crops, and a student that tells from a global crop with masked patches what the teacher, who sees
 * them, tells of each: `dino + patchWeight * ibot` of @selfsup/ssl-losses, with a centre for class tokens and one for
 * patches. Keep `modules.teacher`, the one that the paper evaluates.
 *
 * Views are those of `ibotViews`: two global ones of one size, then others. The class token of a masked global crop is the
 * student's for the first loss, too. Masks are blocks drawn in the step, the same number of patches in every batch; a
 * loader's own come as `masks` of the batch.
 *
 * Optimiser and schedules as {@link Dino}'s: AdamW, weight decay `cosine({ base: 0.04, final: 0.4, totalSteps })`.
 *
 * Metrics: `featureStd` as {@link Dino}'s; `classLoss` and `patchLoss`.
 *
 * Source: Zhou et al. 2021 (arXiv 2111.07832), algorithm 1; `main_ibot.py` of bytedance/ibot. The patches' centre is the
 * mean over masked ones, as in DINOv2 and lightly's `IBOTPatchLoss`, and not over all; heads see no other patches.
 */
export class Ibot implements Method<MaskedMultiViewBatch, 'teacherTemperature', DistillationPhase> {
  readonly name = 'ibot';
  readonly settings: RunConfig;
  readonly modules: TokenModules;
  readonly state: { readonly center: Center; readonly patchCenter: Center };
  readonly #tokens: TokenDistillation;
  readonly #plan: DistillationPlan;
  readonly #patchWeight: number;

  /** @throws InvalidOptionError for numbers out of range, and for what is no encoder with a mask token or no head */
  constructor(options: IbotOptions) {
    const given = checkOptions('Ibot', options, ibotOptionNames);
    const all = { ...ibotDefaults, ...given };
    const { backbone, normalize, patchWeight, patchHead, maskedImages, maskRatio } = all;
    this.#plan = new DistillationPlan('Ibot', all);
    checkNonNegative('Ibot', { patchWeight });
    checkMaskShares('Ibot', { maskedImages, maskRatio });
    checkImageStatistics('Ibot', 'normalize', normalize);
    checkMaskedEncoder('Ibot', backbone);
    const head = dinoHeadOf('Ibot', backbone.tokenDim, given);
    this.#tokens = new TokenDistillation('Ibot', backbone, head, patchHead, normalize, { maskedImages, maskRatio });
    this.modules = this.#tokens.modules;
    this.state = { center: new Center(head.outDim), patchCenter: new Center(this.#tokens.patchDim) };
    this.#patchWeight = patchWeight;
    this.settings = {
      ...this.#plan.settings,
      patchWeight,
      maskedImages,
      maskRatio: [...maskRatio],
      normalize: statisticsOf(normalize),
    };
  }

  trainable(phase?: DistillationPhase): Map<string, Parameter> {
    return this.#tokens.trainable(phase);
  }

  schedules(run: RunShape): Record<'teacherTemperature', Schedule> {
    return this.#plan.schedules(run);
  }

  phaseAt(step: number, run: RunShape): DistillationPhase {
    return this.#plan.phaseAt(step, run);
  }

  emaPairs(run: RunShape): readonly EmaPair[] {
    return this.#tokens.pairs(run, this.#plan);
  }

  /** @throws InvalidOptionError for masks of other values than 0 and 1, or of another number than would be drawn */
  checkBatch(batch: MaskedMultiViewBatch): void {
    this.#tokens.checkMasks(batch);
  }

  /**
   * @throws ShapeError for views that are not two of one size and then others, and for masks that do not fit;
   *   InvalidOptionError where masks are drawn and `ctx` has no key
   */
  loss(batch: Tensors<MaskedMultiViewBatch>, ctx: StepContext<'teacherTemperature', DistillationPhase>): MethodLoss {
    const { targets, outputs, patchTargets, patchOutputs, mask, taught } = this.#tokens.pass(batch, ctx);
    const { center, patchCenter } = this.state;
    const options = {
      studentTemperature: this.#plan.settings.studentTemperature,
      teacherTemperature: ctx.values.teacherTemperature,
      updateCenter: false,
    };
    const classLoss = dino(targets, outputs, center, options);
    const patchLoss = ibot(patchTargets, patchOutputs, mask, patchCenter, options);
    return {
      loss: tf.add(classLoss, tf.mul(patchLoss, this.#patchWeight)),
      metrics: { featureStd: featureStd(taught), classLoss, patchLoss },
      // The means of a batch: batches of an update have one size.
      carried: { targets: tf.mean(tf.concat([...targets], 0), 0, true), patchTargets: tf.mean(patchTargets, 0, true) },
    };
  }

  afterUpdate(_ctx: StepContext<'teacherTemperature', DistillationPhase>, carried: Record<string, tf.Tensor>): void {
    const { centerMomentum } = this.#plan.settings;
    this.state.center.update(carried['targets']!, centerMomentum);
    this.state.patchCenter.update(carried['patchTargets']!, centerMomentum);
  }
}
