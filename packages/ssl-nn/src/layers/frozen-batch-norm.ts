import * as tf from '@tensorflow/tfjs-core';
import { channelAffine, type ChannelActivation, checkCount } from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { ones, zeros } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Buffer } from '../module/parameter.js';
import type { StateEntries } from '../module/state-entries.js';

/** Options of {@link FrozenBatchNorm}. */
export interface FrozenBatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

const frozenBatchNormOptionNames: OptionNames<FrozenBatchNormOptions> = { epsilon: 'optionalNumber' };

/**
 * Batch normalisation by the statistics that came with the weights, also while training; scale and offset do not train.
 * For fine-tuning on batches of few pictures. Reads the state dict of a `BatchNorm`.
 *
 * Source: defined as `torchvision.ops.FrozenBatchNorm2d`.
 */
export class FrozenBatchNorm extends Module {
  static override readonly fieldNames = { runningMean: 'running_mean', runningVariance: 'running_var' };
  readonly weight: Buffer;
  readonly bias: Buffer;
  readonly runningMean: Buffer;
  readonly runningVariance: Buffer;
  readonly epsilon: number;

  constructor(
    readonly features: number,
    options: FrozenBatchNormOptions = {},
  ) {
    super();
    const { epsilon = 1e-5 } = checkOptions('FrozenBatchNorm', options, frozenBatchNormOptionNames);
    checkCount('FrozenBatchNorm', { features });
    this.epsilon = epsilon;
    this.weight = new Buffer(ones([features], [0, 0]));
    this.bias = new Buffer(zeros([features], [0, 0]));
    this.runningMean = new Buffer(zeros([features], [0, 0]));
    this.runningVariance = new Buffer(ones([features], [0, 0]));
  }

  /**
   * @param x `[..., features]`, rank 2 or more
   * @param activation applied to the result in the same pass over memory
   * @returns same shape
   * @throws ShapeError on another last axis
   */
  forward<T extends tf.Tensor>(x: T, _ctx?: ForwardContext, activation?: ChannelActivation): T {
    checkIsTensor('FrozenBatchNorm.forward', 'x', x);
    if (x.rank < 2 || x.shape.at(-1) !== this.features)
      throw new ShapeError(
        'FrozenBatchNorm.forward',
        'x',
        `[..., ${this.features}], rank 2 or more`,
        `[${x.shape.join(', ')}]`,
      );
    const deviation = tf.rsqrt(tf.add(this.runningVariance.variable, this.epsilon));
    const scale = tf.mul(deviation, this.weight.variable);
    const offset = tf.sub(this.bias.variable, tf.mul(this.runningMean.variable, scale));
    return channelAffine(x, scale, offset, activation);
  }

  protected override upgradeStateDict(state: StateEntries): void {
    state.ignore('num_batches_tracked', 'counts the batches of a running mean, which does not move here');
  }
}
