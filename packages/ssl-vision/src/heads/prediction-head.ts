import type * as tf from '@tensorflow/tfjs-core';
import { Module, evaluation } from '@selfsup/ssl-nn';
import type { ForwardContext, Sequential } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mlpLayers, type LastNorm } from './mlp-layers.js';

/** Defaults of {@link PredictionHead}: BYOL's form (arXiv 2006.07733, section 3.2), which SimSiam and NNCLR have, too. */
export const predictionHeadDefaults = { lastNorm: 'none' } as const;

/** Options of {@link PredictionHead}. */
export interface PredictionHeadOptions {
  readonly key: RandomKey;
  /** Width of the hidden layer. Default: the input's. A quarter of it is SimSiam's bottleneck. */
  readonly hiddenDim?: number;
  /** Width of the output. Default: the input's, since it is compared with projections. */
  readonly outDim?: number;
  /** Batch normalisation after the last layer; `plain` (without scale and offset) in MoCo v3. Default `none`. */
  readonly lastNorm?: LastNorm;
}

const predictionHeadOptionNames: OptionNames<PredictionHeadOptions> = {
  key: 'requiredKey',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  lastNorm: 'optional',
};

/**
 * The MLP that predicts one view's projection from the other's: linear, batch norm, ReLU, linear. State dict as lightly's
 * `BYOLPredictionHead`, `SimSiamPredictionHead` and `NNCLRPredictionHead` (`layers.0.weight`, `layers.1.weight`,
 * `layers.3.weight`, `layers.3.bias`).
 *
 * Source: Grill et al. 2020 (arXiv 2006.07733), section 3.2; Chen and He 2021 (arXiv 2011.10566), section 3; lightly 1.6.
 */
export class PredictionHead extends Module {
  readonly outDim: number;
  readonly layers: Sequential;

  /**
   * @param inDim width of the projections
   * @throws InvalidOptionError for a count that is not a positive integer, and for another `lastNorm`
   */
  constructor(inDim: number, options: PredictionHeadOptions) {
    super();
    const {
      key,
      hiddenDim = inDim,
      outDim = inDim,
      lastNorm,
    } = { ...predictionHeadDefaults, ...checkOptions('PredictionHead', options, predictionHeadOptionNames) };
    const sizes = { inDim, hiddenDim, outDim, depth: 2 };
    this.layers = mlpLayers('PredictionHead', { key, ...sizes, batchNorm: true, lastNorm });
    this.outDim = outDim;
  }

  /**
   * @param projections `[batch, inDim]`
   * @returns `[batch, outDim]`, not normalised
   */
  forward(projections: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.layers.forward(projections, ctx) as tf.Tensor2D;
  }
}
