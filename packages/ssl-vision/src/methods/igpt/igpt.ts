import * as tf from '@tensorflow/tfjs-core';
import { nextTokenCrossEntropy, visualTokenCrossEntropy } from '@selfsup/ssl-losses';
import { childContext, drawKey, Linear, parametersOf, zeros } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { foldIn, InvalidOptionError, randomUniform } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { samplesOf } from '../../batches/samples-of.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { randomUnits } from '../simmim/random-units.js';
import { PixelTransformer } from './pixel-transformer.js';

/** Options of {@link IGpt}. */
export interface IGptOptions {
  /** Causal for the next pixel; with `causal: false` masked pixels are told. */
  readonly backbone: PixelTransformer;
  /** Source of the head's name in the run; its weights start at 0. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels, those of the palette. */
  readonly normalize: ImageStatistics;
  /** Share of the pixels that is masked where the backbone is not causal, in (0, 1). Default 0.15. */
  readonly maskRatio?: number;
}

const iGptOptionNames: OptionNames<IGptOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  maskRatio: 'optionalNumber',
};

/**
 * Defaults of {@link IGpt}: Chen et al. 2020, section 2.2 and 3.3. There with Adam, betas 0.9 and 0.95, no decay, a rate of
 * some 3e-3 (S) or 1e-3 (L) up in one epoch and down to 0 by a cosine, batches of 128, 1,000,000 updates.
 */
export const iGptDefaults = { maskRatio: 0.15 } as const;

/**
 * iGPT: tell each pixel's colour of a palette from those before it, row by row;
 * `loss = mean over pixels of -log p(x_i | x_1 .. x_i-1)`. With a backbone that sees all, the objective of BERT: some pixels'
 * colours are hidden and told, `loss = mean over hidden pixels`. Keep `modules.backbone`, whose features come from its middle.
 *
 * Memory and time grow with the fourth power of the side. One view of each image suffices (a crop, a flip); of more, each is
 * a sample of its own. Of each image as many pixels are hidden, where the paper draws each by itself.
 *
 * Metric `tokenAccuracy`: share of the pixels, or of the hidden ones, whose most likely colour is theirs.
 *
 * Source: Chen et al. 2020, Generative Pretraining from Pixels, section 2; src/model.py of openai/image-gpt.
 */
export class IGpt implements Method<MultiViewBatch> {
  readonly name = 'igpt';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: PixelTransformer; readonly head: Linear };
  readonly #normalize: ImageStatistics;
  readonly #maskRatio: number;

  /** @throws InvalidOptionError for options out of range and for what is no PixelTransformer */
  constructor(options: IGptOptions) {
    const where = 'IGpt';
    const all = { ...iGptDefaults, ...checkOptions(where, options, iGptOptionNames) };
    const { backbone, key, normalize, maskRatio } = all;
    if (!(backbone instanceof PixelTransformer))
      throw new InvalidOptionError(where, 'backbone', 'a PixelTransformer', backbone);
    checkImageStatistics(where, 'normalize', normalize);
    if (!(maskRatio > 0 && maskRatio < 1)) throw new InvalidOptionError(where, 'maskRatio', 'in (0, 1)', maskRatio);
    const init = { bias: false, weightInit: zeros };
    const head = new Linear(backbone.featureDim, backbone.colours, { ...init, key: foldIn(key, 'head') });
    this.modules = { backbone, head };
    this.settings = {
      objective: backbone.causal ? 'next' : 'masked',
      ...(backbone.causal ? {} : { maskRatio }),
      normalize: statisticsOf(normalize),
    };
    this.#normalize = normalize;
    this.#maskRatio = maskRatio;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError for images of another size; InvalidOptionError where pixels are masked and `ctx` has no key */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { backbone } = this.modules;
    const images = normalizeImages(samplesOf('IGpt', batch), this.#normalize);
    if (backbone.causal) return this.lossOf(images, undefined, ctx);
    const [count, rows, columns] = images.shape;
    const key = drawKey(childContext(ctx, 'masks'), 'IGpt.loss');
    const noise = randomUniform(key, [count, rows * columns]) as tf.Tensor2D;
    return this.lossOf(images, randomUnits(noise, [rows, columns], 1, this.#maskRatio), ctx);
  }

  /**
   * Loss of given images and hidden pixels.
   *
   * @param images `[batch, side, side, channels]`, normalised
   * @param mask `[batch, pixels]`, 1 = hidden; undefined where the backbone is causal
   */
  lossOf(images: tf.Tensor4D, mask: tf.Tensor2D | undefined, ctx: ForwardContext): MethodLoss {
    const { backbone, head } = this.modules;
    const tokens = backbone.tokens(images);
    const logits = head.forward(backbone.encode(tokens, childContext(ctx, 'backbone'), mask));
    const right = tf.cast(tf.equal(tf.argMax(logits, 2), tokens), 'float32');
    const counted = mask ?? (tf.ones(tokens.shape) as tf.Tensor2D);
    return {
      loss:
        mask === undefined
          ? nextTokenCrossEntropy(logits, tokens, { shift: false })
          : visualTokenCrossEntropy(logits, tokens, mask),
      metrics: { tokenAccuracy: tf.div(tf.sum(tf.mul(right, counted)), tf.sum(counted)) },
    };
  }
}
