import * as tf from '@tensorflow/tfjs-core';
import { featureStd, maskedL1 } from '@selfsup/ssl-losses';
import { childContext, drawKey, evaluation, parametersOf, twinOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkPositive,
  checkShare,
  foldIn,
  InvalidOptionError,
  stopGradient,
  takeRows,
} from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { EmaPair, Method, MethodLoss, RunConfig, RunShape, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { samplesOf } from '../../batches/samples-of.js';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';
import { patchRows } from '../../encoders/vision-transformer/token-places.js';
import { checkVisionTransformer } from '../../encoders/check-token-encoder.js';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MaeDecoderSize } from '../mae/mae-decoder.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { jepaBlocks, type JepaBlocks, jepaBlockSizes } from './jepa-blocks.js';
import { JepaPredictor } from './jepa-predictor.js';

/** Options of {@link IJepa}. */
export interface IJepaOptions {
  /** Without registers. The paper's has no class token and the mean of patches as features: `pool: 'mean'`. */
  readonly backbone: VisionTransformer;
  /** Source of the predictor's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Size of the predictor. Default 384 wide, 6 blocks, 12 heads. */
  readonly predictor?: MaeDecoderSize;
  /** Targets of an image. Default 4. */
  readonly targetCount?: number;
  /** Share of the patches that a target has, in (0, 1). Default 0.175. */
  readonly targetScale?: number;
  /** Height over width of the targets, from and to. Default [0.75, 1.5]. */
  readonly targetAspects?: readonly [number, number];
  /** Share of the patches of the block that the context is taken from, in (0, 1]. Default 0.925. */
  readonly contextScale?: number;
  /** Share of the patches that the context has, in (0, 1]. Default 0.3. */
  readonly contextRatio?: number;
  /** Of the teacher at the start, in [0, 1]; rises to 1 over the run by equal steps. Default 0.996. */
  readonly momentum?: number;
}

const iJepaOptionNames: OptionNames<IJepaOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  predictor: 'optional',
  targetCount: 'optionalNumber',
  targetScale: 'optionalNumber',
  targetAspects: 'optional',
  contextScale: 'optionalNumber',
  contextRatio: 'optionalNumber',
  momentum: 'optionalNumber',
};

/**
 * Defaults of {@link IJepa}: Assran et al. 2023 (arXiv 2301.08243), section 3 and appendix A.1, with the middle of the
 * ranges that sizes are drawn from: targets of 0.15 to 0.2, contexts of 0.85 to 1. There with AdamW, rate 1e-4 up to 1e-3 in
 * 15 epochs and down to 1e-6 by a cosine, decay 0.04 to 0.4, batches of 2048.
 */
export const iJepaDefaults = {
  predictor: { dim: 384, depth: 6, heads: 12 },
  targetCount: 4,
  targetScale: 0.175,
  targetAspects: [0.75, 1.5],
  contextScale: 0.925,
  contextRatio: 0.3,
  momentum: 0.996,
} as const;

/**
 * {@link IJepa} for small pictures, encoders and runs: a narrow predictor of few blocks, and a teacher that moves within a
 * run of few steps. Chosen, not cited.
 */
export const iJepaSmall = { predictor: { dim: 96, depth: 2, heads: 3 }, momentum: 0.99 } as const;

/**
 * I-JEPA: from part of an image's patches, predict what a slowly following teacher, which sees all, makes of blocks that the
 * part does not have; no views, no pixels. `loss = mean over targets, patches and features of the smooth L1 distance` to the
 * teacher's tokens, each with mean 0 and deviation 1 over its features. Trains backbone and predictor; keep
 * `modules.teacher`, the target encoder, which the paper evaluates.
 *
 * Sizes of blocks are constants of a run and their places are drawn for each image, in the step (see {@link jepaBlocks}).
 * The class token goes with the context. One view of each image suffices (a crop); of more, each is a sample of its own.
 *
 * Metric `featureStd`: deviation of the teacher's mean tokens of length 1 over the batch, 0 where they have collapsed.
 *
 * Source: Assran et al. 2023 (arXiv 2301.08243), section 3; src/train.py of facebookresearch/ijepa.
 */
export class IJepa implements Method<MultiViewBatch> {
  readonly name = 'ijepa';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: VisionTransformer;
    readonly predictor: JepaPredictor;
    readonly teacher: VisionTransformer;
  };
  readonly #options: Required<IJepaOptions>;

  /** @throws InvalidOptionError for options out of range, and for what is no vision transformer without registers */
  constructor(options: IJepaOptions) {
    const where = 'IJepa';
    const all = { ...iJepaDefaults, ...checkOptions(where, options, iJepaOptionNames) };
    const { backbone, key, normalize, predictor, targetAspects, momentum } = all;
    const { targetCount, targetScale, contextScale, contextRatio } = all;
    checkVisionTransformer(where, backbone, { registers: 0 });
    checkImageStatistics(where, 'normalize', normalize);
    checkCount(where, { targetCount });
    checkPositive(where, { targetScale, contextScale, contextRatio });
    checkShare(where, { targetScale, contextScale, contextRatio, momentum });
    const isRange = Array.isArray(targetAspects) && targetAspects.length === 2;
    if (!isRange || !(targetAspects[0] > 0 && targetAspects[1] >= targetAspects[0]))
      throw new InvalidOptionError(where, 'targetAspects', 'two positive numbers, the lower first', targetAspects);
    const { grid } = backbone.patchEmbed;
    jepaBlockSizes(grid, all);
    const sizes = { ...predictor, encoderDim: backbone.tokenDim, grid };
    this.modules = {
      backbone,
      predictor: new JepaPredictor({ ...sizes, key: foldIn(key, 'predictor') }),
      teacher: twinOf(backbone),
    };
    const blocks = { targetCount, targetScale, targetAspects: [...targetAspects], contextScale, contextRatio };
    this.settings = { ...blocks, momentum, normalize: statisticsOf(normalize) };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, predictor } = this.modules;
    return parametersOf({ backbone, predictor });
  }

  emaPairs(run: RunShape): EmaPair[] {
    const { totalSteps } = run;
    const { backbone, teacher } = this.modules;
    const { momentum: base } = this.#options;
    const momentum = (step: number): number => base + (1 - base) * Math.min(1, step / totalSteps);
    return [{ online: backbone, target: teacher, momentum }];
  }

  /** @throws InvalidOptionError where `ctx` has no key */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const images = normalizeImages(samplesOf('IJepa', batch, 2), this.#options.normalize);
    const grid = this.modules.backbone.patchEmbed.gridOf(images);
    const key = drawKey(ctx, 'IJepa.loss');
    return this.lossOf(images, jepaBlocks(key, images.shape[0], grid, jepaBlockSizes(grid, this.#options)), ctx);
  }

  /**
   * Loss of given images and blocks.
   *
   * @param images `[batch, height, width, channels]`, normalised
   */
  lossOf(images: tf.Tensor4D, blocks: JepaBlocks, ctx: ForwardContext): MethodLoss {
    const { context, targets } = blocks;
    const { backbone, predictor, teacher } = this.modules;
    const wanted = this.#targetsOf(teacher, images);
    const [batch, patches, dim] = wanted.shape;
    const seen = backbone.encode(images, childContext(ctx, 'backbone'), { keep: context });
    const losses = targets.map((masked, at) => {
      const own = childContext(childContext(ctx, 'predictor'), at);
      const told = predictor.forward(seen.tokens, { kept: context, masked }, own, seen.grid as Grid);
      const rows = takeRows(tf.reshape(wanted, [-1, dim]) as tf.Tensor2D, patchRows(masked, patches));
      const maps = [batch, 1, masked.shape[1], dim] as [number, number, number, number];
      const distance = maskedL1(
        tf.reshape<tf.Rank.R4>(told, maps),
        tf.reshape<tf.Rank.R4>(rows, maps),
        tf.ones([batch, 1, masked.shape[1]]) as tf.Tensor3D,
        { beta: 1 },
      );
      return tf.mul(distance, masked.shape[1]);
    });
    const count = targets.reduce((sum, { shape }) => sum + shape[1], 0);
    return {
      loss: tf.div(tf.addN(losses), count) as tf.Scalar,
      metrics: { featureStd: featureStd(tf.mean(wanted, 1) as tf.Tensor2D) },
    };
  }

  /** The teacher's tokens of all patches, `[batch, patches, dim]`, each with mean 0 and deviation 1, without gradient. */
  #targetsOf(teacher: VisionTransformer, images: tf.Tensor4D): tf.Tensor3D {
    const { tokens, prefix } = teacher.encode(images, evaluation);
    const [batch, count, dim] = tokens.shape;
    const patches = stopGradient(tf.slice(tokens, [0, prefix, 0], [batch, count - prefix, dim]));
    const centred = tf.sub(patches, tf.mean(patches, 2, true));
    // 1e-5 is that of PyTorch's layer_norm.
    return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 2, true), 1e-5)));
  }
}
