import * as tf from '@tensorflow/tfjs-core';
import { featureStd, msnDefaults as matchingDefaults } from '@selfsup/ssl-losses';
import { childContext, drawKey, type ForwardContext, type Parameter, parametersOf, twinOf } from '@selfsup/ssl-nn';
import { checkCount, checkNonNegative, checkPositive, checkShare, foldIn, randomUniform } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { cosine, type EmaPair, type RunConfig, type RunShape, type Tensors } from '@selfsup/ssl-train';
import { cropsOf, globalCount } from '../../batches/crops-of.js';
import { checkVisionTransformer } from '../../encoders/check-token-encoder.js';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { MsnHead } from '../../heads/msn-head.js';
import { Prototypes } from '../../heads/prototypes.js';
import { checkImageStatistics, type ImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { randomMasking } from '../mae/random-masking.js';
import { passOfSize } from '../self-distillation/pass-of-size.js';
import { teacherContext } from '../self-distillation/teacher-context.js';
import type { MultiViewBatch } from '../simclr/simclr.js';

/** Options of masked Siamese networks. */
export interface MaskedSiameseOptions {
  /** For pictures of each size that the views have. */
  readonly backbone: VisionTransformer;
  /** Source of the prototypes, and of the head where none is given. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Default: 2048 wide, 256 out. */
  readonly head?: MsnHead;
  /** Number of prototypes. Default 1024; a few times the classes that one hopes for. */
  readonly prototypes?: number;
  /** Share of each anchor's patches that is dropped, in [0, 1). Default 0.15; large models take up to 0.7. */
  readonly maskRatio?: number;
  /** Divisor of the cosines. Default 0.1. */
  readonly temperature?: number;
  /** Sharpens the targets, in (0, 1]. Default 0.25. */
  readonly sharpenTemperature?: number;
  /** Rounds of balancing of the targets; 0: none. Default 3. */
  readonly sinkhornIterations?: number;
  /** Weight of the prior on the mean prediction, 0 or more. Default 1. */
  readonly regularizationWeight?: number;
  /** Of the teacher at the start, in `[0, 1]`; half a cosine brings it to 1 at the end of the run. Default 0.996. */
  readonly momentum?: number;
}

/** Names of {@link MaskedSiameseOptions}. */
export const maskedSiameseOptionNames: OptionNames<MaskedSiameseOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  head: 'optional',
  prototypes: 'optionalNumber',
  maskRatio: 'optionalNumber',
  temperature: 'optionalNumber',
  sharpenTemperature: 'optionalNumber',
  sinkhornIterations: 'optionalNumber',
  regularizationWeight: 'optionalNumber',
  momentum: 'optionalNumber',
};

/**
 * Defaults: Assran et al. 2022 (arXiv 2204.07141), appendix on implementation details, ViT-S; balancing and its weight as
 * in lightly's `MSNLoss`.
 */
export const maskedSiameseDefaults = {
  prototypes: 1024,
  maskRatio: 0.15,
  temperature: matchingDefaults.temperature,
  sharpenTemperature: matchingDefaults.targetSharpenTemperature,
  sinkhornIterations: matchingDefaults.sinkhornIterations,
  regularizationWeight: matchingDefaults.regularizationWeight,
  momentum: 0.996,
} as const;

/** Networks by name. */
export type MaskedSiameseModules = {
  readonly backbone: VisionTransformer;
  readonly head: MsnHead;
  readonly prototypes: Prototypes;
  readonly teacher: VisionTransformer;
  readonly teacherHead: MsnHead;
};

/** Networks and passes that MSN and PMSN share. */
export class MaskedSiamese {
  readonly modules: MaskedSiameseModules;
  readonly settings: RunConfig;
  readonly #options: Required<Omit<MaskedSiameseOptions, 'head'>>;

  /** @throws InvalidOptionError for numbers out of range, and for what is no vision transformer or no head */
  constructor(
    private readonly where: string,
    given: MaskedSiameseOptions,
  ) {
    const all = { ...maskedSiameseDefaults, ...given } as Required<Omit<MaskedSiameseOptions, 'head'>>;
    const { backbone, key, normalize, prototypes, maskRatio, momentum } = all;
    const { temperature, sharpenTemperature, sinkhornIterations, regularizationWeight } = all;
    checkVisionTransformer(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { prototypes });
    checkCount(where, { sinkhornIterations }, 0);
    checkPositive(where, { temperature, sharpenTemperature });
    checkNonNegative(where, { regularizationWeight });
    checkShare(where, { momentum });
    if (!(maskRatio >= 0 && maskRatio < 1)) throw new InvalidOptionError(where, 'maskRatio', 'in [0, 1)', maskRatio);
    const { head = new MsnHead(backbone.tokenDim, { key: foldIn(key, 'head') }) } = given;
    if (!(head instanceof MsnHead)) throw new InvalidOptionError(where, 'head', 'an MsnHead', head);
    this.modules = {
      backbone,
      head,
      prototypes: new Prototypes(prototypes, head.outDim, { key: foldIn(key, 'prototypes') }),
      teacher: twinOf(backbone),
      teacherHead: twinOf(head),
    };
    this.#options = all;
    this.settings = {
      maskRatio,
      temperature,
      sharpenTemperature,
      sinkhornIterations,
      regularizationWeight,
      momentum,
      normalize: statisticsOf(normalize),
    };
  }

  /** Options of the loss. */
  get matching() {
    const { temperature, sharpenTemperature, sinkhornIterations, regularizationWeight } = this.#options;
    return { temperature, targetSharpenTemperature: sharpenTemperature, sinkhornIterations, regularizationWeight };
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head, prototypes } = this.modules;
    return parametersOf({ backbone, head, prototypes });
  }

  pairs({ totalSteps }: RunShape): readonly EmaPair[] {
    const { backbone, head, teacher, teacherHead } = this.modules;
    const momentum = cosine({ base: this.#options.momentum, final: 1, totalSteps });
    return [
      { online: backbone, target: teacher, momentum, buffers: 'keep' },
      { online: head, target: teacherHead, momentum, buffers: 'keep' },
    ];
  }

  /**
   * @returns `anchors` `[(views - 1) * batch, dim]`, view after view; `targets` `[batch, dim]`; the teacher's deviation
   * @throws ShapeError for views that are not two of one size and then others; InvalidOptionError where patches are
   *   dropped and `ctx` has no key
   */
  pass(
    batch: Tensors<MultiViewBatch>,
    ctx: ForwardContext,
  ): { readonly anchors: tf.Tensor2D; readonly targets: tf.Tensor2D; readonly featureStd: tf.Scalar } {
    const { backbone, head, teacher, teacherHead } = this.modules;
    const { globals, groups } = cropsOf(this.where, batch, { images: 2 });
    const [rows, ...pixels] = globals.shape;
    const size = rows / globalCount;
    const whole = tf.slice(globals, [0, 0, 0, 0], [size, ...pixels]);
    const taught = this.classTokens(teacher, whole, teacherContext(teacher, ctx, 'teacher'), 0);
    const own = childContext(ctx, 'backbone');
    const features = groups.map(({ images }, index) => {
      const [count, ...shape] = images.shape;
      const anchors = index > 0 ? images : tf.slice(images, [size, 0, 0, 0], [count - size, ...shape]);
      return passOfSize(this.where, anchors, whole, () =>
        this.classTokens(backbone, anchors, childContext(own, index), this.#options.maskRatio),
      );
    });
    return {
      anchors: head.forward(tf.concat(features, 0), childContext(ctx, 'head')),
      targets: teacherHead.forward(taught, teacherContext(teacherHead, ctx, 'teacherHead')),
      featureStd: featureStd(taught),
    };
  }

  /** Class tokens of images of which a share of the patches, drawn for each, is not there: `[images, dim]`. */
  private classTokens(encoder: VisionTransformer, images: tf.Tensor, ctx: ForwardContext, ratio: number): tf.Tensor2D {
    const pixels = normalizeImages(images, this.#options.normalize);
    const [rows, columns] = encoder.patchEmbed.gridOf(pixels);
    const noise = (): tf.Tensor2D =>
      randomUniform(drawKey(childContext(ctx, 'masks'), this.where), [images.shape[0]!, rows * columns]) as tf.Tensor2D;
    const { tokens } = encoder.encode(pixels, ctx, ratio === 0 ? {} : { keep: randomMasking(noise(), ratio).kept });
    const [count, , dim] = tokens.shape;
    return tf.reshape(tf.slice(tokens, [0, 0, 0], [count, 1, dim]), [count, dim]);
  }
}
