import type * as tf from '@tensorflow/tfjs-core';
import { Module, evaluation } from '@selfsup/ssl-nn';
import type { ForwardContext, Sequential } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { mlpLayers, type LastNorm } from './mlp-layers.js';

/** Defaults of {@link ProjectionHead}: SimCLR's head as lightly builds it. */
export const projectionHeadDefaults = { outDim: 128, depth: 2, batchNorm: true } as const;

/** Options of {@link ProjectionHead}. */
export interface ProjectionHeadOptions {
  readonly key: RandomKey;
  /** Width of the hidden layers. Default: the input's. */
  readonly hiddenDim?: number;
  /** Width of the output. Default 128. */
  readonly outDim?: number;
  /** Linear layers. Default 2; SimCLR v2 has 3. */
  readonly depth?: number;
  /** Batch normalisation after every layer, which then has no bias; also after the last one. Default true. */
  readonly batchNorm?: boolean;
  /**
   * Batch normalisation after the last layer: `affine`, `plain` (without scale and offset, as in SimSiam and MoCo v3) or
   * `none` (the layer has a bias, as in BYOL). Default `affine`; without `batchNorm`, `none`.
   */
  readonly lastNorm?: LastNorm;
}

const projectionHeadOptionNames: OptionNames<ProjectionHeadOptions> = {
  key: 'requiredKey',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  depth: 'optionalNumber',
  batchNorm: 'optionalFlag',
  lastNorm: 'optional',
};

/**
 * The MLP that the loss sees: linear, batch norm, ReLU, ..., linear, batch norm. State dict as lightly's
 * `SimCLRProjectionHead` (`layers.0.weight`, `layers.1.weight`, `layers.3.weight`, ...), and by its options as those of
 * MoCo, BYOL, SimSiam, NNCLR and SMoG.
 *
 * Source: Chen et al. 2020 (arXiv 2002.05709), section 4.2; lightly 1.6, `heads.py`.
 */
export class ProjectionHead extends Module {
  readonly outDim: number;
  readonly layers: Sequential;

  /**
   * @param inDim width of the input
   * @throws InvalidOptionError for a count that is not a positive integer, and for another `lastNorm`
   */
  constructor(inDim: number, options: ProjectionHeadOptions) {
    super();
    const {
      key,
      hiddenDim = inDim,
      outDim,
      depth,
      batchNorm,
      lastNorm = batchNorm ? 'affine' : 'none',
    } = { ...projectionHeadDefaults, ...checkOptions('ProjectionHead', options, projectionHeadOptionNames) };
    this.layers = mlpLayers('ProjectionHead', { key, inDim, hiddenDim, outDim, depth, batchNorm, lastNorm });
    this.outDim = outDim;
  }

  /**
   * @param features `[batch, inDim]`
   * @returns `[batch, outDim]`, not normalised
   */
  forward(features: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.layers.forward(features, ctx) as tf.Tensor2D;
  }
}
