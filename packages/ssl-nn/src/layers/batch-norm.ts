import * as tf from '@tensorflow/tfjs-core';
import {
  type BatchMoments,
  batchMoments,
  batchNorm,
  type ChannelActivation,
  channelAffine,
  checkCount,
} from '@selfsup/ssl-tensor';
import { checkIsTensor, checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { ones, zeros } from '../init/initialiser.js';
import { isCaptured, setOutput } from '../module/call-recorder.js';
import { checkContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Buffer, Parameter } from '../module/parameter.js';
import type { Conv2d } from './conv2d.js';

/** Options of {@link BatchNorm}. */
export interface BatchNormOptions {
  /** Share of the batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Trainable scale and offset. Default true. */
  readonly affine?: boolean;
}

const batchNormOptionNames: OptionNames<BatchNormOptions> = {
  momentum: 'optionalNumber',
  epsilon: 'optionalNumber',
  affine: 'optionalFlag',
};

/**
 * Batch normalisation over all axes but the last: `(x - mean) / sqrt(variance + epsilon) * weight + bias`.
 *
 * Training uses the batch's mean and biased variance, and moves the running statistics towards the mean and the unbiased
 * variance; evaluation uses the running statistics. Serves volumes `[batch, d, h, w, c]`, images
 * `[batch, h, w, c]` and vectors `[batch, c]` alike.
 * Source: Ioffe and Szegedy 2015, arXiv 1502.03167; defined as `torch.nn.BatchNorm1d`, `BatchNorm2d` and
 * `BatchNorm3d`.
 */
export class BatchNorm extends Module {
  static override readonly fieldNames = {
    runningMean: 'running_mean',
    runningVariance: 'running_var',
    batchesTracked: 'num_batches_tracked',
  };
  readonly weight?: Parameter;
  readonly bias?: Parameter;
  readonly runningMean: Buffer;
  readonly runningVariance: Buffer;
  /** Count of training batches seen; kept for the reference's state dict. */
  readonly batchesTracked: Buffer;
  readonly momentum: number;
  readonly epsilon: number;

  constructor(
    readonly features: number,
    options: BatchNormOptions = {},
  ) {
    super();
    const { momentum = 0.1, epsilon = 1e-5, affine = true } = checkOptions('BatchNorm', options, batchNormOptionNames);
    checkCount('BatchNorm', { features });
    this.momentum = momentum;
    this.epsilon = epsilon;
    if (affine) {
      this.weight = new Parameter(ones([features], [0, 0]));
      this.bias = new Parameter(zeros([features], [0, 0]));
    }
    this.runningMean = new Buffer(zeros([features], [0, 0]));
    this.runningVariance = new Buffer(ones([features], [0, 0]));
    this.batchesTracked = new Buffer({ data: new Int32Array(1), shape: [] });
  }

  /**
   * @param x `[..., features]`, rank 2 or more
   * @param activation applied to the result in the same pass over memory
   * @returns same shape
   * @throws ShapeError on another last axis, or while training on a single value per feature
   */
  forward<T extends tf.Tensor>(x: T, ctx: ForwardContext = evaluation, activation?: ChannelActivation): T {
    checkIsTensor('BatchNorm.forward', 'x', x);
    checkContext('BatchNorm.forward', ctx);
    if (x.rank < 2 || x.shape.at(-1) !== this.features)
      throw new ShapeError(
        'BatchNorm.forward',
        'x',
        `[..., ${this.features}], rank 2 or more`,
        `[${x.shape.join(', ')}]`,
      );
    if (activation !== undefined && isCaptured(this)) {
      const plain = this.forward(x, ctx);
      setOutput(this, plain);
      return tf.relu(plain);
    }
    if (!ctx.training) return this.evaluate(x, activation);
    const rows = tf.reshape(x, [-1, this.features]) as tf.Tensor2D;
    const count = rows.shape[0];
    const moments = batchMoments(rows);
    this.track(moments, count);
    const [scale, offset] = this.affine();
    return tf.reshape(batchNorm(rows, moments, scale, offset, this.options(activation)), x.shape) as T;
  }

  /**
   * The same of a convolution's result, `forward(convolution.forward(x))`, while training in fewer passes over memory
   * where the convolution's filters are small ({@link Conv2d.isNarrow}).
   *
   * @param x `[batch, height, width, in]`
   * @param activation applied to the result
   * @returns `[batch, height', width', features]`
   * @throws ShapeError as {@link forward} and {@link Conv2d.forward}
   */
  forwardConvolution(
    convolution: Conv2d,
    x: tf.Tensor4D,
    ctx: ForwardContext = evaluation,
    activation?: ChannelActivation,
  ): tf.Tensor4D {
    checkContext('BatchNorm.forwardConvolution', ctx);
    if (isCaptured(this) || !ctx.training || !convolution.isNarrow || convolution.outChannels !== this.features)
      return this.forward(convolution.forward(x), ctx, activation);
    const { value, moments } = convolution.normalized(x, ...this.affine(), this.options(activation));
    this.track(moments, value.size / this.features);
    return value;
  }

  private affine(): [scale: tf.Tensor, offset: tf.Tensor] {
    return [this.weight?.variable ?? tf.ones([this.features]), this.bias?.variable ?? tf.zeros([this.features])];
  }

  private options(activation: ChannelActivation | undefined): { epsilon: number; activation?: ChannelActivation } {
    return { epsilon: this.epsilon, ...(activation === undefined ? {} : { activation }) };
  }

  private evaluate<T extends tf.Tensor>(x: T, activation: ChannelActivation | undefined): T {
    const rstd = tf.rsqrt(tf.add(this.runningVariance.variable, this.epsilon));
    const scale = this.weight === undefined ? rstd : tf.mul(rstd, this.weight.variable);
    const centred = tf.mul(this.runningMean.variable, scale);
    const offset = this.bias === undefined ? tf.neg(centred) : tf.sub(this.bias.variable, centred);
    return channelAffine(x, scale, offset, activation);
  }

  /** @param count of values per feature */
  private track({ mean, variance }: BatchMoments, count: number): void {
    if (count < 2)
      throw new ShapeError(
        'BatchNorm.forward',
        'x',
        'more than one value per feature while training',
        `${count}`,
        'Give it two rows or more: a larger batchSize, and no last batch of one (dropLast)',
      );
    const blend = (buffer: Buffer, value: tf.Tensor): void =>
      tf.tidy(() =>
        buffer.variable.assign(tf.add(tf.mul(buffer.variable, 1 - this.momentum), tf.mul(value, this.momentum))),
      );
    blend(this.runningMean, mean);
    blend(this.runningVariance, tf.mul(variance, count / (count - 1)));
    tf.tidy(() => this.batchesTracked.variable.assign(tf.add(this.batchesTracked.variable, tf.scalar(1, 'int32'))));
  }
}
