import type * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  evaluation,
  type ForwardContext,
  Module,
  type StateEntries,
  type TokenEncoder,
} from '@selfsup/ssl-nn';
import type { BertInputs } from '@selfsup/ssl-text-mlm';
import { checkTokenEncoder } from './check-token-encoder.js';
import type { BlipTextDecoder } from './text/blip-text-decoder.js';
import { upgradeBlipVision } from './blip-vision-names.js';

/**
 * What of BLIP writes captions: an encoder of pictures and the decoder of texts.
 *
 * State names are those of transformers' `BlipForConditionalGeneration`; its files load into a `VisionTransformer` and a
 * `BlipTextDecoder` of their sizes.
 *
 * Source: Li et al. 2022, arXiv 2201.12086, section 3.
 */
export class BlipCaptioner extends Module {
  static override readonly fieldNames = { image: 'vision_model', decoder: 'text_decoder' };
  readonly image: TokenEncoder;
  readonly decoder: BlipTextDecoder;

  /** @throws InvalidOptionError for what is no encoder with tokens, and tokens of another width */
  constructor(image: TokenEncoder, decoder: BlipTextDecoder) {
    super();
    checkTokenEncoder('BlipCaptioner', image, decoder.bert.memoryDim);
    this.image = image;
    this.decoder = decoder;
  }

  /**
   * Scores of the token after each.
   *
   * @param images float32 `[batch, height, width, channels]`, normalised
   * @param texts that begin with `[DEC]`
   * @returns logits `[batch * tokens, vocabulary]`
   */
  forward(images: tf.Tensor4D, texts: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { tokens } = this.image.encode(images, childContext(ctx, 'image'));
    return this.decoder.forward(texts, tokens, childContext(ctx, 'decoder'));
  }

  /** Reads the names of transformers' encoder of pictures too. */
  protected override upgradeStateDict(state: StateEntries): void {
    upgradeBlipVision(state);
  }
}
