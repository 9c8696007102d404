import * as tf from '@tensorflow/tfjs-core';
import { clipLoss, featureStd, l2Normalize, siglip } from '@selfsup/ssl-losses';
import {
  childContext,
  type Encoder,
  evaluation,
  type ForwardContext,
  Linear,
  normal,
  type Parameter,
  parametersOf,
} from '@selfsup/ssl-nn';
import { checkChoice, checkCount, checkPositive, foldIn, type RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '@selfsup/ssl-text-mlm';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { type ImageStatistics, normalizeImages } from '@selfsup/ssl-vision';
import { checkPairs } from '../data/check-pairs.js';
import type { ImageTextBatch } from '../data/image-text-batch.js';
import { SimilarityScale } from './similarity-scale.js';

/** Options of {@link Clip}. */
export interface ClipOptions {
  /** Of pictures, any of @selfsup/ssl-vision or of your own. */
  readonly image: Encoder;
  /** Of texts, such as `BertTextEncoder`. */
  readonly text: Encoder<BertInputs>;
  /** Source of the projections' initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Width of the common space. Default 256. */
  readonly embedDim?: number;
  /** `clip`: softmax over the batch, both ways. `siglip`: each pair by itself. Default `clip`. */
  readonly loss?: 'clip' | 'siglip';
  /** Temperature at the start. Default 0.07, with `siglip` 0.1. */
  readonly temperature?: number;
  /** Largest scale of the similarities, of `clip`. Default 100. */
  readonly maxScale?: number;
  /** A pretrained tower that stays as it is (LiT, arXiv 2111.07991); its projection is trained. Default: both train. */
  readonly frozen?: 'image' | 'text';
}

const clipOptionNames: OptionNames<ClipOptions> = {
  image: 'required',
  text: 'required',
  key: 'requiredKey',
  normalize: 'required',
  embedDim: 'optionalNumber',
  loss: 'optional',
  temperature: 'optionalNumber',
  maxScale: 'optionalNumber',
  frozen: 'optional',
};

/**
 * Defaults of {@link Clip}: temperatures and limit as in Radford et al. 2021 (arXiv 2103.00020, section 2.4) and Zhai et al.
 * 2023 (arXiv 2303.15343, algorithm 1, whose bias starts at -10); the width is ours, theirs are 512 and more.
 */
export const clipDefaults = {
  embedDim: 256,
  loss: 'clip',
  temperature: { clip: 0.07, siglip: 0.1 },
  maxScale: 100,
  bias: -10,
} as const;

/**
 * CLIP and SigLIP: an encoder of pictures and one of texts, each with a linear projection into one space where a picture
 * and its text are near. Trains all of it, the scale of the similarities too; for a tower that stays as it is see the
 * package's README.
 *
 * Metrics: `imageStd` and `textStd`, deviations of the unit-length embeddings over the batch, about `1 / sqrt(embedDim)`
 * where they spread over the sphere, 0 where they have collapsed; `scale`, the factor of the similarities.
 *
 * The loss takes its negatives from the batch: with `accumulateSteps` each part has its own alone; see `gradCache`.
 *
 * Source: Radford et al. 2021, arXiv 2103.00020, figure 3; Zhai et al. 2023, arXiv 2303.15343, algorithm 1.
 */
export class Clip implements Method<ImageTextBatch> {
  readonly name: string;
  readonly settings: RunConfig;
  readonly modules: {
    readonly image: Encoder;
    readonly text: Encoder<BertInputs>;
    readonly imageProjection: Linear;
    readonly textProjection: Linear;
    readonly scale: SimilarityScale;
  };
  readonly #normalize: ImageStatistics;
  readonly #loss: 'clip' | 'siglip';
  readonly #maxScale: number;
  readonly #frozen: 'image' | 'text' | undefined;

  /** @throws InvalidOptionError for options out of range and for what is no encoder */
  constructor(options: ClipOptions) {
    const where = 'Clip';
    const given = checkOptions(where, options, clipOptionNames);
    const { image, text, key, normalize, embedDim = clipDefaults.embedDim, loss = clipDefaults.loss, frozen } = given;
    checkChoice(where, 'loss', loss, ['clip', 'siglip']);
    if (frozen !== undefined) checkChoice(where, 'frozen', frozen, ['image', 'text']);
    const { temperature = clipDefaults.temperature[loss], maxScale = clipDefaults.maxScale } = given;
    checkCount(where, { embedDim });
    checkPositive(where, { temperature, maxScale });
    checkTower('image', image);
    checkTower('text', text);
    this.name = loss;
    this.settings = {
      loss,
      temperature,
      ...(loss === 'clip' ? { maxScale } : {}),
      ...(frozen === undefined ? {} : { frozen }),
      normalize: { mean: normalize.mean, std: normalize.std } as RunConfig,
    };
    const projection = ({ featureDim }: { readonly featureDim: number }, name: string): Linear =>
      new Linear(featureDim, embedDim, {
        key: foldIn(key, name),
        bias: false,
        weightInit: normal(featureDim ** -0.5),
      });
    this.modules = {
      image,
      text,
      imageProjection: projection(image, 'image'),
      textProjection: projection(text, 'text'),
      scale: new SimilarityScale(temperature, loss === 'siglip' ? clipDefaults.bias : undefined),
    };
    this.#normalize = normalize;
    this.#loss = loss;
    this.#maxScale = maxScale;
    this.#frozen = frozen;
  }

  trainable(): Map<string, Parameter> {
    const { image, text, ...others } = this.modules;
    const towers = { image, text };
    const trained = Object.entries(towers).filter(([name]) => name !== this.#frozen);
    return parametersOf({ ...Object.fromEntries(trained), ...others });
  }

  /**
   * Places of pictures in the common space, of length 1.
   *
   * @param images uint8 as int32 `[batch, height, width, channels]`
   * @returns `[batch, embedDim]`
   */
  embedImages(images: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { image, imageProjection } = this.modules;
    const features = image.forward(normalizeImages(images, this.#normalize), this.#towerContext('image', ctx));
    return l2Normalize(imageProjection.forward(features) as tf.Tensor2D);
  }

  /**
   * Places of texts in the common space, of length 1.
   *
   * @returns `[batch, embedDim]`
   */
  embedTexts(texts: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { text, textProjection } = this.modules;
    const features = text.forward(texts, this.#towerContext('text', ctx));
    return l2Normalize(textProjection.forward(features) as tf.Tensor2D);
  }

  /**
   * @throws InvalidOptionError for a batch without pictures or texts; ShapeError for less than two pairs, and where there are
   *   not as many texts as pictures
   */
  loss(batch: Tensors<ImageTextBatch>, ctx: ForwardContext): MethodLoss {
    const { scale } = this.modules;
    checkPairs('Clip', batch);
    const { images, inputIds, attentionMask } = batch;
    const pictures = this.embedImages(images, ctx);
    const texts = this.embedTexts({ inputIds, attentionMask }, ctx);
    const loss =
      this.#loss === 'clip'
        ? clipLoss(pictures, texts, scale.log, { maxScale: this.#maxScale, normalize: false })
        : siglip(pictures, texts, scale.log, scale.bias!.variable as tf.Scalar, { normalize: false });
    const factor = tf.exp(scale.log);
    return {
      loss,
      metrics: {
        imageStd: featureStd(pictures),
        textStd: featureStd(texts),
        scale: this.#loss === 'clip' ? tf.minimum(factor, this.#maxScale) : factor,
      },
    };
  }

  /** A frozen tower computes as in evaluation. */
  #towerContext(name: 'image' | 'text', ctx: ForwardContext): ForwardContext {
    return this.#frozen === name ? evaluation : childContext(ctx, name);
  }
}

function checkTower(option: 'image' | 'text', encoder: unknown): void {
  const given = encoder as Partial<Encoder> | null | undefined;
  if (typeof given?.forward === 'function' && typeof given.namedParameters === 'function' && given.featureDim! > 0)
    return;
  const advice =
    option === 'image'
      ? 'Such as resnet18({ key: randomKey(1) }) of @selfsup/ssl-vision'
      : 'Such as new BertTextEncoder(new BertModel(config, { key: randomKey(2) }))';
  throw new InvalidOptionError('Clip', option, 'a module with featureDim and forward(inputs, ctx)', encoder, advice);
}
