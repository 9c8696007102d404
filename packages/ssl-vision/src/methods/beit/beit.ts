import * as tf from '@tensorflow/tfjs-core';
import { featureStd, visualTokenCrossEntropy } from '@selfsup/ssl-losses';
import { childContext, drawKey, Linear, parametersOf, truncatedNormal, zeros } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { foldIn, InvalidOptionError, ShapeError, stopGradient } from '@selfsup/ssl-tensor';
import type { NdArray, RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { samplesOf } from '../../batches/samples-of.js';
import { checkVisionTransformer } from '../../encoders/check-token-encoder.js';
import type { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { blockMasks } from '../self-distillation/block-masks.js';
import { checkMaskValues } from '../self-distillation/check-mask-values.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { VisualTokenizer } from './visual-tokenizer.js';

/** Options of {@link Beit}. */
export interface BeitOptions {
  /** A vision transformer with `maskToken: true`; the paper's is of `beitBase`. */
  readonly backbone: VisionTransformer;
  /** Trained, see `DiscreteVae`; it is kept as it is. A patch of the backbone is one token or more pixels of it. */
  readonly tokenizer: VisualTokenizer;
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels, for the backbone. */
  readonly normalize: ImageStatistics;
  /** Share of the patches that is masked, in (0, 1); `floor` of it in each image. Default 0.4. */
  readonly maskRatio?: number;
}

const beitOptionNames: OptionNames<BeitOptions> = {
  backbone: 'required',
  tokenizer: 'required',
  key: 'requiredKey',
  normalize: 'required',
  maskRatio: 'optionalNumber',
};

/**
 * Defaults of {@link Beit}: Bao et al. 2021 (arXiv 2106.08254), section 2.3 and 3.1 (75 of 196 patches at most). There with
 * AdamW, betas 0.9 and 0.999, decay 0.05, a rate of 1.5e-3 up in 10 epochs and down by a cosine, gradients of norm 3, drop
 * path 0.1, batches of 2048, 800 epochs.
 */
export const beitDefaults = { maskRatio: 0.4 } as const;

/** A batch of images, and where a loader makes them their masks. */
export interface MaskedBatch extends MultiViewBatch {
  /**
   * `[images, patches]`, the first views' images first, 1 = masked, such as `blockPatchMask` of @selfsup/ssl-data makes
   * them. Default: drawn.
   */
  readonly masks?: NdArray<Uint8Array>;
}

/**
 * BEiT: mask blocks of patches and tell their visual tokens, which a frozen tokenizer makes of the whole picture;
 * `loss = mean over masked patches of -log p(token)` by one linear layer over the vocabulary. Keep `modules.backbone`.
 *
 * The tokenizer sees the same picture, as the paper's: at 1 over its `downsampling` of the backbone's patches in size (the
 * paper: 112 of 224 pixels), by means of squares and not by Lanczos. One view of each image suffices (a crop, a flip, colours);
 * of more, each is a sample of its own.
 *
 * Metrics: `tokenAccuracy` of masked patches; `featureStd`, deviation of the mean patches of length 1 over the batch.
 *
 * Source: Bao et al. 2021 (arXiv 2106.08254); beit/engine_for_pretraining.py and modeling_pretrain.py of microsoft/unilm. Blocks
 * as `Ibot` draws them; give `masks` for algorithm 1 itself.
 */
export class Beit implements Method<MaskedBatch> {
  readonly name = 'beit';
  readonly settings: RunConfig;
  readonly modules: {
    readonly backbone: VisionTransformer;
    readonly head: Linear;
    readonly tokenizer: VisualTokenizer;
  };
  readonly #normalize: ImageStatistics;
  readonly #maskRatio: number;

  /**
   * @throws InvalidOptionError for options out of range, for what is no vision transformer with a mask token or no tokenizer,
   *   and where a patch is no whole number of the tokenizer's places
   */
  constructor(options: BeitOptions) {
    const where = 'Beit';
    const all = { ...beitDefaults, ...checkOptions(where, options, beitOptionNames) };
    const { backbone, tokenizer, key, normalize, maskRatio } = all;
    checkVisionTransformer(where, backbone, { maskToken: true });
    if (!(tokenizer instanceof VisualTokenizer))
      throw new InvalidOptionError(where, 'tokenizer', 'a VisualTokenizer', tokenizer);
    checkImageStatistics(where, 'normalize', normalize);
    if (!(maskRatio > 0 && maskRatio < 1)) throw new InvalidOptionError(where, 'maskRatio', 'in (0, 1)', maskRatio);
    const [patch] = backbone.patchEmbed.proj.kernelSize;
    const { downsampling, vocabulary } = tokenizer;
    if (patch % downsampling !== 0)
      throw new InvalidOptionError(
        where,
        'tokenizer',
        `one whose downsampling divides the backbone's patches of ${patch}`,
        downsampling,
      );
    const init = { weightInit: truncatedNormal({ standardDeviation: 0.02, limit: 1 }), biasInit: zeros };
    const head = new Linear(backbone.tokenDim, vocabulary, { ...init, key: foldIn(key, 'head') });
    this.modules = { backbone, head, tokenizer };
    this.settings = { maskRatio, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#maskRatio = maskRatio;
  }

  trainable(): Map<string, Parameter> {
    const { backbone, head } = this.modules;
    return parametersOf({ backbone, head });
  }

  /** @throws InvalidOptionError for masks of other values than 0 and 1, and for none of which a patch is masked */
  checkBatch(batch: MaskedBatch): void {
    const { masks } = batch;
    if (masks === undefined) return;
    const advice = 'Write 1 for masked patches and 0 for others, or leave masks out: then they are drawn';
    checkMaskValues('Beit', masks.data, advice);
    if (masks.data.includes(1)) return;
    throw new InvalidOptionError('Beit', 'batch.masks', 'of one masked patch or more', 0, advice);
  }

  /**
   * @throws ShapeError for images that do not fit and for masks of another number; InvalidOptionError where `ctx` has no key
   *   for masks to be drawn, or where no patch would be masked
   */
  loss(batch: Tensors<MaskedBatch>, ctx: ForwardContext): MethodLoss {
    const images = samplesOf('Beit', batch, 2) as tf.Tensor4D;
    const [rows, columns] = this.modules.backbone.patchEmbed.gridOf(images);
    return this.lossOf(images, this.#maskOf(batch.masks, images.shape[0], [rows, columns], ctx), ctx);
  }

  /**
   * Loss of given images and masks.
   *
   * @param images `[batch, height, width, channels]`, 0 .. 255
   * @param mask `[batch, patches]`, 1 = masked
   */
  lossOf(images: tf.Tensor4D, mask: tf.Tensor2D, ctx: ForwardContext): MethodLoss {
    const { backbone, head } = this.modules;
    const tokens = this.#tokensOf(images);
    const own = childContext(ctx, 'backbone');
    const seen = backbone.encode(normalizeImages(images, this.#normalize), own, { mask });
    const [batch, count, dim] = seen.tokens.shape;
    const patches = tf.slice(seen.tokens, [0, seen.prefix, 0], [batch, count - seen.prefix, dim]);
    const logits = head.forward(patches);
    const right = tf.cast(tf.equal(tf.argMax(logits, 2), tokens), 'float32');
    return {
      loss: visualTokenCrossEntropy(logits, tokens, mask),
      metrics: {
        tokenAccuracy: tf.div(tf.sum(tf.mul(right, mask)), tf.sum(mask)),
        featureStd: featureStd(tf.mean(patches, 1) as tf.Tensor2D),
      },
    };
  }

  /** Visual tokens of the patches, int32 `[batch, patches]`, without gradient. */
  #tokensOf(images: tf.Tensor4D): tf.Tensor2D {
    const { backbone, tokenizer } = this.modules;
    const scale = backbone.patchEmbed.proj.kernelSize[0] / tokenizer.downsampling;
    const pixels = stopGradient(tf.div(tf.cast(images, 'float32'), 255) as tf.Tensor4D);
    return tokenizer.tokens(scale === 1 ? pixels : tf.avgPool(pixels, scale, scale, 'valid'));
  }

  #maskOf(
    given: tf.Tensor | undefined,
    count: number,
    grid: readonly [number, number],
    ctx: ForwardContext,
  ): tf.Tensor2D {
    const patches = grid[0] * grid[1];
    if (given !== undefined) {
      const expected = `[${count}, ${patches}]`;
      if (given.shape.join(', ') !== `${count}, ${patches}`)
        throw new ShapeError('Beit', 'batch.masks', expected, `[${given.shape.join(', ')}]`);
      return tf.cast(given, 'float32') as tf.Tensor2D;
    }
    const masked = Math.floor(this.#maskRatio * patches);
    if (masked === 0)
      throw new InvalidOptionError('Beit', 'maskRatio', `one patch or more of ${patches}`, this.#maskRatio);
    const key = drawKey(childContext(ctx, 'masks'), 'Beit.loss');
    return blockMasks(key, Array<number>(count).fill(masked), grid);
  }
}
