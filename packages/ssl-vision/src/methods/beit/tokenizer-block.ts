import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, kaimingNormal, Module, zeros } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** How convolutions of a tokenizer start: Gaussian of variance `1 / fanIn`, biases 0 (`dall_e/utils.py`). */
export const tokenizerInit = { weightInit: kaimingNormal({ gain: 1 }), biasInit: zeros };

/** Options of {@link TokenizerBlock}. */
export interface TokenizerBlockOptions {
  readonly key: RandomKey;
  /** Sides of the four convolutions: 3, 3, 3, 1 in an encoder, 1, 3, 3, 3 in a decoder. */
  readonly kernels: readonly number[];
  /** Factor of the branch: one over the square of the number of blocks, so that a deep net starts stable. */
  readonly gain: number;
}

const tokenizerBlockOptionNames: OptionNames<TokenizerBlockOptions> = {
  key: 'requiredKey',
  kernels: 'required',
  gain: 'requiredNumber',
};

/**
 * `id(x) + gain * branch(x)`; the branch has four times a ReLU and a convolution, inside a quarter as wide as its output.
 *
 * Source: Ramesh et al. 2021 (arXiv 2102.12092), appendix A.1; `EncoderBlock` and `DecoderBlock` of openai/DALL-E.
 */
export class TokenizerBlock extends Module {
  readonly id: Conv2d | undefined;
  readonly branch: readonly Conv2d[];
  private readonly gain: number;

  constructor(inChannels: number, outChannels: number, options: TokenizerBlockOptions) {
    super();
    const { key, kernels, gain } = checkOptions('TokenizerBlock', options, tokenizerBlockOptionNames);
    const conv = (from: number, to: number, kernelSize: number, own: RandomKey): Conv2d =>
      new Conv2d(from, to, { ...tokenizerInit, kernelSize, padding: (kernelSize - 1) / 2, key: own });
    const inner = outChannels / 4;
    this.gain = gain;
    this.id = inChannels === outChannels ? undefined : conv(inChannels, outChannels, 1, foldIn(key, 'id'));
    this.branch = kernels.map((kernel, at) =>
      conv(
        at === 0 ? inChannels : inner,
        at === kernels.length - 1 ? outChannels : inner,
        kernel,
        foldIn(foldIn(key, 'branch'), at),
      ),
    );
  }

  /** @param x `[batch, height, width, inChannels]` */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    const branched = this.branch.reduce((h, conv) => conv.forward(tf.relu(h)), x);
    return tf.add(this.id?.forward(x) ?? x, tf.mul(branched, this.gain));
  }
}
