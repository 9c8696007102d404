import type * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, Linear, Module, Relu, Sequential, evaluation } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { checkCount, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

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
}

const projectionHeadOptionNames: OptionNames<ProjectionHeadOptions> = {
  key: 'requiredKey',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  depth: 'optionalNumber',
  batchNorm: 'optionalFlag',
};

/**
 * The MLP that the contrastive loss sees: linear, batch norm, ReLU, ..., linear, batch norm. State dict as lightly's
 * `SimCLRProjectionHead` (`layers.0.weight`, `layers.1.weight`, `layers.3.weight`, ...).
 *
 * Source: Chen et al. 2020 (arXiv 2002.05709), section 4.2; lightly 1.6, `SimCLRProjectionHead`.
 */
export class ProjectionHead extends Module {
  readonly outDim: number;
  readonly layers: Sequential;

  /**
   * @param inDim width of the input
   * @throws InvalidOptionError for a count that is not a positive integer
   */
  constructor(inDim: number, options: ProjectionHeadOptions) {
    super();
    const {
      key,
      hiddenDim = inDim,
      outDim,
      depth,
      batchNorm,
    } = { ...projectionHeadDefaults, ...checkOptions('ProjectionHead', options, projectionHeadOptionNames) };
    checkCount('ProjectionHead', { inDim, hiddenDim, outDim, depth });
    this.outDim = outDim;
    const blocks = Array.from({ length: depth }, (_, i) => {
      const last = i === depth - 1;
      const width = last ? outDim : hiddenDim;
      const linear = new Linear(i === 0 ? inDim : hiddenDim, width, { bias: !batchNorm, key: foldIn(key, i) });
      return [linear, ...(batchNorm ? [new BatchNorm(width)] : []), ...(last ? [] : [new Relu()])];
    });
    this.layers = new Sequential(blocks.flat());
  }

  /**
   * @param features `[batch, inDim]`
   * @returns `[batch, outDim]`, not normalised
   */
  forward(features: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.layers.forward(features, ctx) as tf.Tensor2D;
  }
}
