import * as tf from '@tensorflow/tfjs-core';
import { type ChannelActivation, checkCount, groupNorm } from '@selfsup/ssl-tensor';
import {
  checkIsTensor,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { ones, zeros } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';

/** Options of {@link GroupNorm}. */
export interface GroupNormLayerOptions {
  /** Groups of neighbouring channels, a divisor of their number. Default 32. */
  readonly groups?: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

const groupNormLayerOptionNames: OptionNames<GroupNormLayerOptions> = {
  groups: 'optionalNumber',
  epsilon: 'optionalNumber',
};

/**
 * Group normalisation: each sample's groups of channels have mean 0 and variance 1 over all positions, then a trainable
 * `weight` and `bias` `[features]`. The same while training and not, and for any size of batch.
 *
 * Source: Wu and He 2018, arXiv 1803.08494; defined as `torch.nn.GroupNorm`.
 */
export class GroupNorm extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly groups: number;
  readonly epsilon: number;

  /** @throws InvalidOptionError when `groups` does not divide the features */
  constructor(
    readonly features: number,
    options: GroupNormLayerOptions = {},
  ) {
    super();
    const { groups = 32, epsilon = 1e-5 } = checkOptions('GroupNorm', options, groupNormLayerOptionNames);
    checkCount('GroupNorm', { features });
    checkCount('GroupNorm', { groups });
    if (features % groups !== 0)
      throw new InvalidOptionError('GroupNorm', 'groups', `a divisor of the ${features} features`, groups);
    this.groups = groups;
    this.epsilon = epsilon;
    this.weight = new Parameter(ones([features], [0, 0]));
    this.bias = new Parameter(zeros([features], [0, 0]));
  }

  /**
   * @param x `[batch, ..., features]`
   * @param activation applied to the result
   * @returns same shape
   * @throws ShapeError when the last axis is not `features`
   */
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext, activation?: ChannelActivation): T {
    checkIsTensor('GroupNorm.forward', 'x', x);
    if (x.rank < 2 || x.shape.at(-1) !== this.features)
      throw new ShapeError('GroupNorm.forward', 'x', `[batch, ..., ${this.features}]`, `[${x.shape.join(', ')}]`);
    const { groups, epsilon } = this;
    const y = groupNorm(x, this.weight.variable, this.bias.variable, { groups, epsilon });
    return activation === undefined ? y : tf.relu(y);
  }
}
