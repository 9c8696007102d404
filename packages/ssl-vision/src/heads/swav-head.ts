import type * as tf from '@tensorflow/tfjs-core';
import { l2Normalize, normalizePrototypes } from '@selfsup/ssl-losses';
import {
  BatchNorm,
  childContext,
  evaluation,
  type ForwardContext,
  Linear,
  Module,
  Relu,
  Sequential,
} from '@selfsup/ssl-nn';
import { checkCount, foldIn, type RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Defaults of {@link SwavHead}: Caron et al. 2020 (arXiv 2006.09882), section 4 and appendix A. */
export const swavHeadDefaults = { hiddenDim: 2048, outDim: 128, prototypes: 3000 } as const;

/** Options of {@link SwavHead}. */
export interface SwavHeadOptions {
  readonly key: RandomKey;
  /** Width of the hidden layer. Default 2048. */
  readonly hiddenDim?: number;
  /** Width of the embeddings. Default 128. */
  readonly outDim?: number;
  /** Number of prototypes. Default 3000; about ten times the classes that one hopes for. */
  readonly prototypes?: number;
}

const swavHeadOptionNames: OptionNames<SwavHeadOptions> = {
  key: 'requiredKey',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
  prototypes: 'optionalNumber',
};

/** What a {@link SwavHead} gives. */
export interface SwavOutput {
  /** Of length 1, `[rows, outDim]`. */
  readonly embeddings: tf.Tensor2D;
  /** Their products with the prototypes, `[rows, prototypes]`. */
  readonly scores: tf.Tensor2D;
}

/**
 * Head of SwAV: linear, batch norm, ReLU, linear, the result scaled to length 1, and prototypes of length 1. State dict as
 * facebookresearch/swav (`projection_head.0.weight`, `projection_head.1.running_mean`, `projection_head.3.weight`,
 * `prototypes.weight`). Who trains it calls {@link normalize} after every update, as `Swav` does.
 *
 * Source: Caron et al. 2020 (arXiv 2006.09882), section 3; `src/resnet50.py` of facebookresearch/swav.
 */
export class SwavHead extends Module {
  static override readonly fieldNames = { projection: 'projection_head' };
  readonly outDim: number;
  readonly projection: Sequential;
  readonly prototypes: Linear;

  /**
   * @param inDim width of the input
   * @throws InvalidOptionError for a count that is not a positive integer
   */
  constructor(inDim: number, options: SwavHeadOptions) {
    super();
    const { key, hiddenDim, outDim, prototypes } = {
      ...swavHeadDefaults,
      ...checkOptions('SwavHead', options, swavHeadOptionNames),
    };
    checkCount('SwavHead', { inDim, hiddenDim, outDim, prototypes });
    this.outDim = outDim;
    this.projection = new Sequential([
      new Linear(inDim, hiddenDim, { key: foldIn(key, 0) }),
      new BatchNorm(hiddenDim),
      new Relu(),
      new Linear(hiddenDim, outDim, { key: foldIn(key, 3) }),
    ]);
    this.prototypes = new Linear(outDim, prototypes, { key: foldIn(key, 'prototypes'), bias: false });
    this.normalize();
  }

  /** @param features `[rows, inDim]` */
  forward(features: tf.Tensor2D, ctx: ForwardContext = evaluation): SwavOutput {
    const projected = this.projection.forward(features, childContext(ctx, 'projection'));
    const embeddings = l2Normalize(projected as tf.Tensor2D);
    return { embeddings, scores: this.prototypes.forward(embeddings) };
  }

  /** Scales the prototypes to length 1; works inside `compile()`. */
  normalize(): void {
    normalizePrototypes(this.prototypes.weight.variable as tf.Variable<tf.Rank.R2>, 0);
  }
}
