import * as tf from '@tensorflow/tfjs-core';
import { Center, dino, featureStd, ibot, koleo } from '@selfsup/ssl-losses';
import { type Parameter, type Tokens, twinOf } from '@selfsup/ssl-nn';
import { checkChoice, checkNonNegative } from '@selfsup/ssl-tensor';
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
import { cropsOf } from '../../batches/crops-of.js';
import { loaderOf, viewsOf } from '../../batches/views-of.js';
import type { DinoHead } from '../../heads/dino-head.js';
import { checkMaskedEncoder } from '../../encoders/check-token-encoder.js';
import { checkImageStatistics, type ImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
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
import { GramAnchor, type GramAnchoringPhase } from './gram-anchor.js';

/** Whether the prototypes train, and whether Gram anchoring has begun. */
export type DinoV2Phase = DistillationPhase | 'gram';

/**
 * Defaults of {@link DinoV2}: Oquab et al. 2023 (arXiv 2304.07193), section 4, and `ssl_default_config.yaml` of
 * facebookresearch/dinov2; the balancing by Sinkhorn-Knopp is that of its long runs (`vitl14.yaml`, `vitg14.yaml`).
 */
export const dinoV2Defaults = {
  studentTemperature: 0.1,
  warmupTeacherTemperature: 0.04,
  teacherTemperature: 0.07,
  warmupTeacherEpochs: 30,
  momentum: 0.992,
  centerMomentum: 0.9,
  freezeLastLayerEpochs: 1,
  centering: 'sinkhorn',
  classWeight: 1,
  patchWeight: 1,
  koleoWeight: 0.1,
  ...maskShareDefaults,
} as const;

/** Options of {@link DinoV2}. */
export type DinoV2Options = DistillationNumbers &
  MaskShares & {
    /** With a class token, a mask token, and for pictures of each size that the views have. */
    readonly backbone: MaskedEncoder;
    /** Statistics of the images' pixels. */
    readonly normalize: ImageStatistics;
    /** Against collapse: balanced over the batch, or a moving centre. Default `sinkhorn`. */
    readonly centering?: 'sinkhorn' | 'center';
    /** Weight of DINO's loss, 0 or more. Default 1. */
    readonly classWeight?: number;
    /** Weight of iBOT's loss, 0 or more. Default 1. */
    readonly patchWeight?: number;
    /** Weight of the spread of the class tokens, 0 or more. Default 0.1. */
    readonly koleoWeight?: number;
    /** Gram anchoring in the last part of a long run. Default: none. */
    readonly gram?: GramAnchoringPhase;
    /** Head of the patches. Default: that of the class tokens; the paper's large models have one of their own. */
    readonly patchHead?: DinoHead;
  } & DinoHeadChoice;

const dinoV2OptionNames: OptionNames<DinoV2Options> = {
  ...distillationNumberNames,
  maskedImages: 'optionalNumber',
  maskRatio: 'optional',
  backbone: 'required',
  normalize: 'required',
  centering: 'optional',
  classWeight: 'optionalNumber',
  patchWeight: 'optionalNumber',
  koleoWeight: 'optionalNumber',
  gram: 'optional',
  patchHead: 'optional',
  head: 'optional',
  key: 'optionalKey',
};

/**
 * DINOv2's losses: `classWeight dino + patchWeight ibot + koleoWeight (koleo of each global view)`, with the teacher's
 * outputs balanced over the batch by Sinkhorn-Knopp, the class tokens' and the patches' apart. Keep `modules.teacher`.
 *
 * Views are those of `dinov2Views`. Masks, heads and teacher as {@link Ibot}'s. KoLeo is of the student's class tokens
 * before the head and wants two images or more; equal ones have a gradient of 1e8: clip gradients (`clipByGlobalNorm(3)`).
 * Balancing and KoLeo look at the whole batch: with `accumulateSteps` each part does by itself.
 *
 * The reference's optimiser is AdamW with a rate of 0.004 for 1024 images (by the square root of the batch), weight decay
 * `cosine({ base: 0.04, final: 0.4, totalSteps })`, rates that fall by 0.9 from block to block (`layerDecayGroups`) and
 * 0.2 of that for the patches' projection.
 *
 * With `gram`, patches' relations are held to those of an earlier teacher in the last part of the run (DINOv3's refinement):
 * `+ weight` times {@link gramAnchoring} of the student's patches, masked ones too, in the global views. That Gram teacher
 * is `modules.gramTeacher`, a copy that is renewed every so many updates. Long runs of large encoders want it, whose patches
 * grow noisy while class tokens still gain; at `startStep` the phase is traced anew.
 *
 * Metrics: `featureStd` as {@link Dino}'s; `classLoss`, `patchLoss`, `koleo`; with `gram`, `gramLoss`, 0 before its phase.
 *
 * Source: Oquab et al. 2023 (arXiv 2304.07193), section 4; `dinov2/train/ssl_meta_arch.py` of facebookresearch/dinov2;
 * Siméoni et al. 2025 (DINOv3, arXiv 2508.10104), section 4.
 */
export class DinoV2 implements Method<MaskedMultiViewBatch, 'teacherTemperature', DinoV2Phase> {
  readonly name = 'dinov2';
  readonly settings: RunConfig;
  readonly modules: TokenModules & { readonly gramTeacher?: MaskedEncoder };
  /** The centres, where there are any. */
  readonly state: Readonly<Record<string, Center>>;
  readonly #tokens: TokenDistillation;
  readonly #plan: DistillationPlan;
  readonly #normalize: ImageStatistics;
  readonly #gram: GramAnchor | undefined;
  readonly #weights: { readonly classWeight: number; readonly patchWeight: number; readonly koleoWeight: number };

  /** @throws InvalidOptionError for numbers out of range, and for what is no encoder with a mask token or no head */
  constructor(options: DinoV2Options) {
    const given = checkOptions('DinoV2', options, dinoV2OptionNames);
    const all = { ...dinoV2Defaults, ...given };
    const { backbone, normalize, centering, classWeight, patchWeight, koleoWeight, patchHead } = all;
    const { maskedImages, maskRatio, gram } = all;
    this.#plan = new DistillationPlan('DinoV2', all);
    this.#weights = { classWeight, patchWeight, koleoWeight };
    checkChoice('DinoV2', 'centering', centering, ['sinkhorn', 'center']);
    checkNonNegative('DinoV2', this.#weights);
    checkMaskShares('DinoV2', { maskedImages, maskRatio });
    checkImageStatistics('DinoV2', 'normalize', normalize);
    checkMaskedEncoder('DinoV2', backbone);
    const head = dinoHeadOf('DinoV2', backbone.tokenDim, given);
    this.#tokens = new TokenDistillation('DinoV2', backbone, head, patchHead, normalize, { maskedImages, maskRatio });
    this.#normalize = normalize;
    this.#gram = gram === undefined ? undefined : new GramAnchor('DinoV2', gram);
    this.modules = {
      ...this.#tokens.modules,
      ...(this.#gram === undefined ? {} : { gramTeacher: twinOf(backbone) }),
    };
    this.state =
      centering === 'center' ? { center: new Center(head.outDim), patchCenter: new Center(this.#tokens.patchDim) } : {};
    this.settings = {
      ...this.#plan.settings,
      ...this.#weights,
      centering,
      maskedImages,
      maskRatio: [...maskRatio],
      ...(this.#gram === undefined ? {} : { gram: this.#gram.settings }),
      normalize: statisticsOf(normalize),
    };
  }

  trainable(phase?: DinoV2Phase): Map<string, Parameter> {
    return this.#tokens.trainable(phase === 'gram' ? 'all' : phase);
  }

  schedules(run: RunShape): Record<'teacherTemperature', Schedule> {
    return this.#plan.schedules(run);
  }

  /** The Gram phase begins when the prototypes train, if `startStep` is before that. */
  phaseAt(step: number, run: RunShape): DinoV2Phase {
    const phase = this.#plan.phaseAt(step, run);
    return phase === 'all' && this.#gram?.includes(step) === true ? 'gram' : phase;
  }

  emaPairs(run: RunShape): readonly EmaPair[] {
    const pairs = this.#tokens.pairs(run, this.#plan);
    const { teacher, gramTeacher } = this.modules;
    // After the teacher's own, whose new weights it takes.
    return gramTeacher === undefined ? pairs : [...pairs, this.#gram!.pair(teacher, gramTeacher)];
  }

  /** @throws InvalidOptionError for masks of other values than 0 and 1, or of another number than would be drawn */
  checkBatch(batch: MaskedMultiViewBatch): void {
    this.#tokens.checkMasks(batch);
  }

  /**
   * @throws ShapeError for views that are not two of one size and then others, and for masks that do not fit;
   *   InvalidOptionError where masks are drawn and `ctx` has no key
   */
  loss(batch: Tensors<MaskedMultiViewBatch>, ctx: StepContext<'teacherTemperature', DinoV2Phase>): MethodLoss {
    const views = this.#gram?.reduced(viewsOf('DinoV2', batch, loaderOf('crops'))) ?? batch.views;
    const seen = this.#tokens.pass({ ...batch, views }, ctx, 2);
    const { classWeight, patchWeight, koleoWeight } = this.#weights;
    const options = {
      studentTemperature: this.#plan.settings.studentTemperature,
      teacherTemperature: ctx.values.teacherTemperature,
      updateCenter: false,
    };
    const { center = 'sinkhorn', patchCenter = 'sinkhorn' } = this.state;
    const classLoss = dino(seen.targets, seen.outputs, center, options);
    const patchLoss = ibot(seen.patchTargets, seen.patchOutputs, seen.mask, patchCenter, options);
    const spread = tf.addN(seen.classTokens.map((tokens) => koleo(tokens))) as tf.Scalar;
    const gramLoss = this.#anchored(batch, seen.seen, ctx);
    const terms = [tf.mul(classLoss, classWeight), tf.mul(patchLoss, patchWeight), tf.mul(spread, koleoWeight)];
    if (ctx.phase === 'gram') terms.push(tf.mul(gramLoss, this.#gram!.settings.weight));
    return {
      loss: tf.addN(terms) as tf.Scalar,
      metrics: {
        featureStd: featureStd(seen.taught),
        classLoss,
        patchLoss,
        koleo: spread,
        ...(this.#gram === undefined ? {} : { gramLoss }),
      },
      // The means of a batch: batches of an update have one size.
      ...(center === 'sinkhorn'
        ? {}
        : {
            carried: {
              center: tf.mean(tf.concat([...seen.targets], 0), 0, true),
              patchCenter: tf.mean(seen.patchTargets, 0, true),
            },
          }),
    };
  }

  /** The loss of the Gram phase; 0 outside it. */
  #anchored(
    batch: Tensors<MaskedMultiViewBatch>,
    seen: Tokens,
    ctx: StepContext<'teacherTemperature', DinoV2Phase>,
  ): tf.Scalar {
    if (ctx.phase !== 'gram') return tf.scalar(0);
    const { globals } = cropsOf('DinoV2', batch);
    return this.#gram!.loss(seen, this.modules.gramTeacher!, normalizeImages(globals, this.#normalize), ctx);
  }

  afterUpdate(_ctx: StepContext<'teacherTemperature', DinoV2Phase>, carried: Record<string, tf.Tensor>): void {
    for (const [name, centre] of Object.entries(this.state))
      centre.update(carried[name]!, this.#plan.settings.centerMomentum);
  }
}
