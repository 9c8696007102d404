import * as tf from '@tensorflow/tfjs-core';
import { normal } from '@selfsup/ssl-nn';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { Grid } from '../../encoders/vision-transformer/resize-positions.js';
import { MaeDecoder, type MaeDecoderSize } from '../mae/mae-decoder.js';

/** Options of {@link JepaPredictor}. */
export interface JepaPredictorOptions extends MaeDecoderSize {
  readonly key: RandomKey;
  /** Width of the encoder's tokens. */
  readonly encoderDim: number;
  /** Rows and columns of patches. */
  readonly grid: Grid;
}

const jepaPredictorOptionNames: OptionNames<JepaPredictorOptions> = {
  key: 'requiredKey',
  encoderDim: 'requiredNumber',
  grid: 'required',
  dim: 'requiredNumber',
  depth: 'requiredNumber',
  heads: 'requiredNumber',
};

/**
 * Predictor of I-JEPA: a narrow transformer over the context's tokens and one learnt token in place of each patch of a
 * target, with fixed positions; tells the teacher's tokens of the target. What a {@link MaeDecoder} is, of tokens in place
 * of pixels, with the names of facebookresearch/ijepa (`predictor_embed`, `predictor_blocks`, ...) and its start: normal of
 * deviation 0.02, what leaves a branch of block `i` divided by `sqrt(2 i)`, counted from 1.
 *
 * Source: Assran et al. 2023 (arXiv 2301.08243), section 3; `VisionTransformerPredictor` of facebookresearch/ijepa.
 */
export class JepaPredictor extends MaeDecoder {
  static override readonly fieldNames = {
    embed: 'predictor_embed',
    maskToken: 'mask_token',
    posEmbed: 'predictor_pos_embed',
    blocks: 'predictor_blocks',
    norm: 'predictor_norm',
    pred: 'predictor_proj',
  };

  /** @throws InvalidOptionError for a width that is not a multiple of 4 and of `heads`, or a depth below 1 */
  constructor(options: JepaPredictorOptions) {
    const { encoderDim, ...sizes } = checkOptions('JepaPredictor', options, jepaPredictorOptionNames);
    super({ ...sizes, encoderDim, pixels: encoderDim, weightInit: normal(0.02) });
    tf.tidy(() =>
      this.blocks.forEach((block, at) => {
        for (const [name, { variable }] of block.namedParameters())
          if (name === 'attn.proj.weight' || name === 'mlp.fc2.weight')
            variable.assign(tf.div(variable, Math.sqrt(2 * (at + 1))));
      }),
    );
  }
}
