import * as tf from '@tensorflow/tfjs-core';
import { featureStd, meanSquaredError } from '@selfsup/ssl-losses';
import { childContext, drawKey, parametersOf } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Parameter } from '@selfsup/ssl-nn';
import {
  checkChoice,
  checkNonNegative,
  checkShare,
  randomNormal,
  randomUniform,
  ShapeError,
} from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { samplesOf } from '../../batches/samples-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { ConvDecoder } from './conv-decoder.js';

/** Options of {@link Autoencoder}. */
export interface AutoencoderOptions {
  readonly backbone: Encoder;
  /** Source of the decoder's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Height and width of the images; one number for both. */
  readonly imageSize: number | readonly [number, number];
  /** Channels of the images. Default 3. */
  readonly inChannels?: number;
  /** Channels of the decoder's maps, each of which is doubled in size; the smallest first. Default [64, 32]. */
  readonly channels?: readonly number[];
  /**
   * What the encoder sees instead of the image: the image (`none`), with a normal number added to each of its numbers
   * (`gaussian`), or with some of its numbers at 0, the mean (`masking`). Default `none`.
   */
  readonly corruption?: 'none' | 'gaussian' | 'masking';
  /** Deviation of the normal numbers, or share of those at 0. Default 0.3. */
  readonly amount?: number;
}

const autoencoderOptionNames: OptionNames<AutoencoderOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  imageSize: 'required',
  inChannels: 'optionalNumber',
  channels: 'optional',
  corruption: 'optional',
  amount: 'optionalNumber',
};

/** Defaults of {@link Autoencoder}: a plain one. */
export const autoencoderDefaults = {
  inChannels: 3,
  channels: [64, 32],
  corruption: 'none',
  amount: 0.3,
} as const;

/**
 * Of a denoising {@link Autoencoder}: Vincent et al. 2010 (JMLR 11), section 6, masking noise; 0.25 is in the middle of what
 * they try.
 */
export const denoisingDefaults = { corruption: 'masking', amount: 0.25 } as const;

/**
 * Autoencoder: the encoder's features are to tell the image, by a small decoder; denoising: of an image that was corrupted.
 * `loss = mean over pixels of (prediction - image)^2`, of images as they are normalised. The field's baseline: it keeps what
 * takes many pixels, not what tells images apart. Keep `modules.backbone`.
 *
 * One view of each image suffices; of more, each is a sample of its own.
 *
 * Metric `featureStd`: deviation of the features of length 1 over the batch.
 *
 * Source: Hinton and Salakhutdinov 2006; Vincent et al. 2010, Stacked Denoising Autoencoders, JMLR 11. End to end and not
 * layer by layer.
 */
export class Autoencoder implements Method<MultiViewBatch> {
  readonly name = 'autoencoder';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Encoder; readonly decoder: ConvDecoder };
  readonly #normalize: ImageStatistics;
  readonly #corruption: 'none' | 'gaussian' | 'masking';
  readonly #amount: number;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: AutoencoderOptions) {
    const where = 'Autoencoder';
    const all = { ...autoencoderDefaults, ...checkOptions(where, options, autoencoderOptionNames) };
    const { backbone, key, normalize, imageSize, inChannels, channels, corruption, amount } = all;
    checkEncoder(where, backbone);
    checkImageStatistics(where, 'normalize', normalize);
    checkChoice(where, 'corruption', corruption, ['none', 'gaussian', 'masking']);
    if (corruption === 'masking') checkShare(where, { amount });
    else checkNonNegative(where, { amount });
    const sizes = { imageSize, outChannels: inChannels, channels };
    this.modules = { backbone, decoder: new ConvDecoder(backbone.featureDim, { ...sizes, key }) };
    this.settings = { corruption, amount, normalize: statisticsOf(normalize) };
    this.#normalize = normalize;
    this.#corruption = corruption;
    this.#amount = amount;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws ShapeError for images of another size than the decoder's; InvalidOptionError for noise without a key in `ctx` */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { backbone, decoder } = this.modules;
    const images = normalizeImages(samplesOf('Autoencoder', batch, 2), this.#normalize);
    const features = backbone.forward(this.#corrupted(images, ctx), childContext(ctx, 'backbone'));
    const prediction = decoder.forward(features, childContext(ctx, 'decoder'));
    if (prediction.shape.join() !== images.shape.join())
      throw new ShapeError(
        'Autoencoder',
        'views',
        `images of [${prediction.shape.slice(1).join(', ')}], the decoder's imageSize and inChannels`,
        `[${images.shape.slice(1).join(', ')}]`,
        `Give the loader views of that size, such as maeViews({ size: ${prediction.shape[1]} })`,
      );
    return { loss: meanSquaredError(prediction, images), metrics: { featureStd: featureStd(features) } };
  }

  #corrupted(images: tf.Tensor4D, ctx: ForwardContext): tf.Tensor4D {
    if (this.#corruption === 'none') return images;
    const key = drawKey(ctx, 'Autoencoder.loss');
    if (this.#corruption === 'gaussian') return tf.add(images, tf.mul(randomNormal(key, images.shape), this.#amount));
    const keeps = tf.greaterEqual(randomUniform(key, images.shape), this.#amount);
    return tf.mul(images, tf.cast(keeps, 'float32'));
  }
}
