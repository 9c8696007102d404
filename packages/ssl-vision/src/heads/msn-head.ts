import type * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, evaluation, type ForwardContext, Gelu, Linear, Module, Sequential } from '@selfsup/ssl-nn';
import { checkCount, foldIn, type RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Defaults of {@link MsnHead}: Assran et al. 2022 (arXiv 2204.07141), appendix. */
export const msnHeadDefaults = { hiddenDim: 2048, outDim: 256 } as const;

/** Options of {@link MsnHead}. */
export interface MsnHeadOptions {
  readonly key: RandomKey;
  /** Width of the two hidden layers. Default 2048. */
  readonly hiddenDim?: number;
  /** Width of the output. Default 256. */
  readonly outDim?: number;
}

const msnHeadOptionNames: OptionNames<MsnHeadOptions> = {
  key: 'requiredKey',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
};

/**
 * Head of masked Siamese networks: linear, batch norm, GELU, twice, then linear. State dict as lightly's
 * `MSNProjectionHead` (`layers.0.weight`, `layers.1.running_mean`, `layers.6.bias`, ...).
 *
 * Source: Assran et al. 2022 (arXiv 2204.07141), appendix; `src/msn_train.py` of facebookresearch/msn.
 */
export class MsnHead extends Module {
  readonly outDim: number;
  readonly layers: Sequential;

  /**
   * @param inDim width of the input
   * @throws InvalidOptionError for a count that is not a positive integer
   */
  constructor(inDim: number, options: MsnHeadOptions) {
    super();
    const { key, hiddenDim, outDim } = { ...msnHeadDefaults, ...checkOptions('MsnHead', options, msnHeadOptionNames) };
    checkCount('MsnHead', { inDim, hiddenDim, outDim });
    const block = (from: number, index: number) => [
      new Linear(from, hiddenDim, { bias: false, key: foldIn(key, index) }),
      new BatchNorm(hiddenDim),
      new Gelu(),
    ];
    this.outDim = outDim;
    this.layers = new Sequential([
      ...block(inDim, 0),
      ...block(hiddenDim, 3),
      new Linear(hiddenDim, outDim, { key: foldIn(key, 6) }),
    ]);
  }

  /**
   * @param features `[rows, inDim]`
   * @returns `[rows, outDim]`, not normalised
   */
  forward(features: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.layers.forward(features, ctx) as tf.Tensor2D;
  }
}
