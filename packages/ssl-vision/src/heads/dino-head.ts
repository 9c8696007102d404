import type * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/ssl-losses';
import {
  BatchNorm,
  evaluation,
  type ForwardContext,
  Gelu,
  Linear,
  Module,
  Sequential,
  truncatedNormal,
  type UnaryModule,
  zeros,
} from '@selfsup/ssl-nn';
import { checkCount, foldIn, type RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { WeightNormLinear } from './weight-norm-linear.js';

/** Defaults of {@link DinoHead}: Caron et al. 2021 (arXiv 2104.14294), appendix C, and `DINOHead` of its code. */
export const dinoHeadDefaults = {
  hiddenDim: 2048,
  bottleneckDim: 256,
  outDim: 65536,
  batchNorm: false,
  learnMagnitude: false,
} as const;

/** Options of {@link DinoHead}. */
export interface DinoHeadOptions {
  readonly key: RandomKey;
  /** Width of the two hidden layers. Default 2048. */
  readonly hiddenDim?: number;
  /** Width of what is scaled to length 1 before the last layer. Default 256. */
  readonly bottleneckDim?: number;
  /** Number of prototypes. Default 65536; a few thousand for small data. */
  readonly outDim?: number;
  /** Batch normalisation after each of the two hidden layers (`use_bn_in_head`). Default false. */
  readonly batchNorm?: boolean;
  /** Train the magnitudes of the prototypes (`norm_last_layer=False`): better on large ViTs, less stable. Default false. */
  readonly learnMagnitude?: boolean;
}

const dinoHeadOptionNames: OptionNames<DinoHeadOptions> = {
  key: 'requiredKey',
  hiddenDim: 'optionalNumber',
  bottleneckDim: 'optionalNumber',
  outDim: 'optionalNumber',
  batchNorm: 'optionalFlag',
  learnMagnitude: 'optionalFlag',
};

/**
 * Head of DINO, iBOT and DINOv2: three linear layers with GELU between them, the result scaled to length 1, and a
 * weight-normalised last layer without bias, whose magnitudes stay 1. State dict as `DINOHead` of facebookresearch/dino
 * (`mlp.0.weight`, `mlp.2.weight`, `mlp.4.weight`, or with `batchNorm` `mlp.0`, `mlp.1`, `mlp.3`, `mlp.4`, `mlp.6`;
 * `last_layer.weight_g`, `last_layer.weight_v`), and its initialisation:
 * normal of deviation 0.02, zero biases, the last layer as PyTorch's linear layers.
 *
 * Source: Caron et al. 2021 (arXiv 2104.14294), section 3.1 and appendix C. Equal to lightly's `DINOProjectionHead`.
 */
export class DinoHead extends Module {
  static override readonly fieldNames = { lastLayer: 'last_layer' };
  readonly outDim: number;
  readonly mlp: Sequential;
  /** The prototypes. */
  readonly lastLayer: WeightNormLinear;

  /**
   * @param inDim width of the input
   * @throws InvalidOptionError for a count that is not a positive integer
   */
  constructor(inDim: number, options: DinoHeadOptions) {
    super();
    const { key, hiddenDim, bottleneckDim, outDim, batchNorm, learnMagnitude } = {
      ...dinoHeadDefaults,
      ...checkOptions('DinoHead', options, dinoHeadOptionNames),
    };
    checkCount('DinoHead', { inDim, hiddenDim, bottleneckDim, outDim });
    const linear = (from: number, to: number, index: number): Linear =>
      new Linear(from, to, { key: foldIn(key, index), weightInit: truncatedNormal(), biasInit: zeros });
    this.outDim = outDim;
    const hidden = (from: number, index: number): UnaryModule[] => [
      linear(from, hiddenDim, index),
      ...(batchNorm ? [new BatchNorm(hiddenDim)] : []),
      new Gelu(),
    ];
    this.mlp = new Sequential([...hidden(inDim, 0), ...hidden(hiddenDim, 2), linear(hiddenDim, bottleneckDim, 4)]);
    this.lastLayer = new WeightNormLinear(bottleneckDim, outDim, { key: foldIn(key, 'last_layer'), learnMagnitude });
  }

  /**
   * @param features `[rows, inDim]`
   * @returns similarities to the prototypes, `[rows, outDim]`
   */
  forward(features: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.lastLayer.forward(l2Normalize(this.mlp.forward(features, ctx) as tf.Tensor2D));
  }
}
