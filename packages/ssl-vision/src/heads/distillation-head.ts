import type * as tf from '@tensorflow/tfjs-core';
import { evaluation, Gelu, LayerNorm, Linear, Module, Sequential } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { checkChoice, checkCount, foldIn, InvalidOptionError } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Defaults of {@link DistillationHead}: FitNets' regressor, arXiv 1412.6550, section 2.2. */
export const distillationHeadDefaults = { kind: 'linear' } as const;

/** Options of {@link DistillationHead}. */
export interface DistillationHeadOptions {
  readonly key: RandomKey;
  /** Width of the teacher's features. */
  readonly outDim: number;
  /**
   * `linear`: one layer. `mlp`: linear, layer norm, GELU, linear, as in AM-RADIO (arXiv 2312.06709). `none`: the features
   * as they are, which must be as wide. Default `linear`.
   */
  readonly kind?: 'linear' | 'mlp' | 'none';
  /** Width of the MLP's hidden layer. Default: `outDim`. */
  readonly hiddenDim?: number;
}

const distillationHeadOptionNames: OptionNames<DistillationHeadOptions> = {
  key: 'requiredKey',
  outDim: 'requiredNumber',
  kind: 'optional',
  hiddenDim: 'optionalNumber',
};

/** From a student's features to a teacher's, which mostly are of another width. State dict as a `Sequential`: `layers.0.weight`, ... */
export class DistillationHead extends Module {
  readonly layers: Sequential;

  /**
   * @param inDim width of the student's features
   * @throws InvalidOptionError for another `kind`, widths that are no positive integers, and `none` where they differ
   */
  constructor(inDim: number, options: DistillationHeadOptions) {
    super();
    const where = 'DistillationHead';
    const all = { ...distillationHeadDefaults, ...checkOptions(where, options, distillationHeadOptionNames) };
    const { key, kind, outDim, hiddenDim = outDim } = all;
    checkChoice(where, 'kind', kind, ['linear', 'mlp', 'none']);
    checkCount(where, { inDim, outDim, hiddenDim });
    if (kind === 'none' && inDim !== outDim)
      throw new InvalidOptionError(
        where,
        'kind',
        `linear or mlp where the student has ${inDim} features and the teacher ${outDim}`,
        kind,
      );
    const linear = (from: number, to: number, place: number): Linear =>
      new Linear(from, to, { key: foldIn(key, place) });
    this.layers = new Sequential(
      kind === 'none'
        ? []
        : kind === 'linear'
          ? [linear(inDim, outDim, 0)]
          : [linear(inDim, hiddenDim, 0), new LayerNorm(hiddenDim), new Gelu(), linear(hiddenDim, outDim, 3)],
    );
  }

  /**
   * @param features `[rows, inDim]`
   * @returns `[rows, outDim]`
   */
  forward(features: tf.Tensor2D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.layers.forward(features, ctx) as tf.Tensor2D;
  }
}
