import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/ssl-losses';
import {
  childContext,
  evaluation,
  type ForwardContext,
  Linear,
  Module,
  type StateEntries,
  type TokenEncoder,
} from '@selfsup/ssl-nn';
import { checkCount, checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '@selfsup/ssl-text-mlm';
import { checkTokenEncoder } from './check-token-encoder.js';
import type { BlipTextModel } from './text/blip-text-model.js';
import { upgradeBlipVision } from './blip-vision-names.js';

/** Options of {@link BlipMatcher}. */
export interface BlipMatcherOptions {
  /** Source of the projections' and the head's initial weights. */
  readonly key: RandomKey;
  /** Width of the common space. */
  readonly embedDim: number;
}

const blipMatcherOptionNames: OptionNames<BlipMatcherOptions> = { key: 'requiredKey', embedDim: 'requiredNumber' };

/**
 * What of BLIP compares pictures with texts: an encoder of pictures and one of texts, each with a projection into one space,
 * and the head that tells from both together whether they match.
 *
 * State names are those of transformers' `BlipForImageTextRetrieval`; its files load into a `VisionTransformer` and a
 * `BlipTextModel` of their sizes. A picture's token in the common space is its class token, or without one the mean.
 *
 * Source: Li et al. 2022, arXiv 2201.12086, section 3.
 */
export class BlipMatcher extends Module {
  static override readonly fieldNames = {
    image: 'vision_model',
    text: 'text_encoder',
    imageProjection: 'vision_proj',
    textProjection: 'text_proj',
    matchingHead: 'itm_head',
  };
  readonly image: TokenEncoder;
  readonly text: BlipTextModel;
  readonly imageProjection: Linear;
  readonly textProjection: Linear;
  readonly matchingHead: Linear;

  /** @throws InvalidOptionError for what is no encoder with tokens, tokens of another width, and options out of range */
  constructor(image: TokenEncoder, text: BlipTextModel, options: BlipMatcherOptions) {
    super();
    const where = 'BlipMatcher';
    const { key, embedDim } = checkOptions(where, options, blipMatcherOptionNames);
    checkCount(where, { embedDim });
    checkTokenEncoder(where, image, text.memoryDim);
    this.image = image;
    this.text = text;
    const { hiddenSize } = text.config;
    this.imageProjection = new Linear(image.tokenDim, embedDim, { key: foldIn(key, 'image') });
    this.textProjection = new Linear(hiddenSize, embedDim, { key: foldIn(key, 'text') });
    this.matchingHead = new Linear(hiddenSize, 2, { key: foldIn(key, 'matching') });
  }

  /**
   * @param images float32 `[batch, height, width, channels]`, normalised
   * @returns tokens of the pictures, `[batch, tokens, tokenDim]`, and their places in the common space, of length 1
   */
  encodeImages(
    images: tf.Tensor4D,
    ctx: ForwardContext = evaluation,
  ): { readonly tokens: tf.Tensor3D; readonly embeddings: tf.Tensor2D } {
    const { tokens, prefix } = this.image.encode(images, childContext(ctx, 'image'));
    const whole = prefix > 0 ? firstOf(tokens) : (tf.mean(tokens, 1) as tf.Tensor2D);
    return { tokens, embeddings: l2Normalize(this.imageProjection.forward(whole) as tf.Tensor2D) };
  }

  /** @returns places of texts in the common space, of length 1, `[batch, embedDim]` */
  embedTexts(texts: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const first = firstOf(this.text.forward(texts, childContext(ctx, 'text')));
    return l2Normalize(this.textProjection.forward(first) as tf.Tensor2D);
  }

  /**
   * Scores of 'does not match' and 'matches' for each picture with its text.
   *
   * @param texts BLIP's begin with `[ENC]`; those of transformers' processor with `[CLS]`
   * @param tokens of the pictures, `[batch, tokens, tokenDim]`
   * @returns logits `[batch, 2]`
   */
  match(texts: BertInputs, tokens: tf.Tensor3D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const states = this.text.forward(texts, childContext(ctx, 'match'), { memory: tokens });
    return this.matchingHead.forward(firstOf(states)) as tf.Tensor2D;
  }

  /** Reads the names of transformers' encoder of pictures too. */
  protected override upgradeStateDict(state: StateEntries): void {
    upgradeBlipVision(state);
  }
}

/** The first token of each. */
function firstOf(tokens: tf.Tensor3D): tf.Tensor2D {
  const [batch, , dim] = tokens.shape;
  return tf.reshape(tf.slice(tokens, [0, 0, 0], [batch, 1, dim]), [batch, dim]);
}
