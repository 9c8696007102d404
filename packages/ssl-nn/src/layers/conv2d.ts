import * as tf from '@tensorflow/tfjs-core';
import { type BatchMoments, checkCount, narrowConvNorm, type NarrowConvNormOptions } from '@selfsup/ssl-tensor';
import {
  checkOptions,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { checkIsTensor } from '@selfsup/ssl-tensor/host';
import { torchBias, torchWeight, type Initialiser } from '../init/initialiser.js';
import type { ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import { Parameter } from '../module/parameter.js';
import { convLayout } from '../module/state-layout.js';

/** Zeros around an image: TF.js's `same` or `valid`, one number for all sides, or `[[top, bottom], [left, right]]`. */
export type Padding = 'same' | 'valid' | number | readonly [readonly [number, number], readonly [number, number]];

/** Options of {@link Conv2d}. */
export interface Conv2dOptions {
  readonly key: RandomKey;
  /** Side, or `[height, width]`. */
  readonly kernelSize: number | readonly [number, number];
  /** Default 1. */
  readonly stride?: number | readonly [number, number];
  /** Default 0. `same` divides the size by the stride, rounded up; it equals PyTorch's only at stride 1. */
  readonly padding?: Padding;
  /** Default 1. Above 1 the filter is filled up with zeros, which costs `dilation^2` as many products. */
  readonly dilation?: number | readonly [number, number];
  /** Default 1. `groups === inChannels` is a depthwise convolution. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const conv2dOptionNames: OptionNames<Conv2dOptions> = {
  key: 'requiredKey',
  kernelSize: 'required',
  stride: 'optional',
  padding: 'optional',
  dilation: 'optional',
  groups: 'optionalNumber',
  bias: 'optionalFlag',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

type Pair = readonly [number, number];
const pair = (value: number | Pair): Pair => (typeof value === 'number' ? [value, value] : value);

type TfPadding = 'same' | 'valid' | [[number, number], [number, number], [number, number], [number, number]];

function tfPadding(padding: Padding): TfPadding {
  if (padding === 'same' || padding === 'valid') return padding;
  const [[top, bottom], [left, right]] =
    typeof padding === 'number'
      ? ([
          [padding, padding],
          [padding, padding],
        ] as const)
      : padding;
  for (const size of [top, bottom, left, right]) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new InvalidOptionError('Conv2d', 'padding', "'same', 'valid' or non-negative integers", size);
  }
  return top + bottom + left + right === 0
    ? 'valid'
    : [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
}

/**
 * Two-dimensional convolution of NHWC images.
 *
 * In memory `weight` is `[kh, kw, in / groups, out]`; in the state dict `[out, in / groups, kh, kw]`.
 * Source: defined as `torch.nn.Conv2d` but for the layout of images.
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias?: Parameter;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  readonly padding: Padding;
  private readonly pad: TfPadding;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    options: Conv2dOptions,
  ) {
    super();
    const {
      key,
      kernelSize,
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      weightInit = torchWeight,
      biasInit,
    } = checkOptions('Conv2d', options, conv2dOptionNames);
    checkCount('Conv2d', { inChannels });
    checkCount('Conv2d', { outChannels });
    checkCount('Conv2d', { groups });
    [this.kernelSize, this.stride, this.dilation] = [pair(kernelSize), pair(stride), pair(dilation)];
    for (const size of this.kernelSize) checkCount('Conv2d', { kernelSize: size });
    for (const size of this.stride) checkCount('Conv2d', { stride: size });
    for (const size of this.dilation) checkCount('Conv2d', { dilation: size });
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new InvalidOptionError(
        'Conv2d',
        'groups',
        `a divisor of inChannels (${inChannels}) and outChannels (${outChannels})`,
        groups,
      );
    }
    this.groups = groups;
    this.padding = padding;
    this.pad = tfPadding(padding);
    const shape = [...this.kernelSize, inChannels / groups, outChannels];
    const fanIn = this.kernelSize[0] * this.kernelSize[1] * (inChannels / groups);
    this.weight = new Parameter(weightInit(shape, foldIn(key, 'weight')), { layout: convLayout });
    if (bias) this.bias = new Parameter((biasInit ?? torchBias(fanIn))([outChannels], foldIn(key, 'bias')));
  }

  /**
   * @param x `[batch, height, width, in]`
   * @returns `[batch, height', width', out]`
   * @throws ShapeError when `x` has another rank or channel count, or is smaller than the kernel
   */
  forward(x: tf.Tensor4D, _ctx?: ForwardContext): tf.Tensor4D {
    this.checkInput(x);
    const filter = this.dilated(this.weight.variable as tf.Tensor as tf.Tensor4D);
    const y = this.convolve(x, filter);
    return this.bias === undefined ? y : tf.add(y, this.bias.variable);
  }

  /**
   * Whether {@link normalized} may be used. It pays for images of few channels, whose changes of layout cost little, and
   * filters of at most half as many elements as there are outputs: a first layer.
   */
  get isNarrow(): boolean {
    const fanIn = this.kernelSize[0] * this.kernelSize[1] * this.inChannels;
    // A convolution of one's own may do more.
    const isItself = this.forward === Conv2d.prototype.forward;
    const isPlain =
      isItself && this.bias === undefined && this.groups === 1 && this.dilation[0] * this.dilation[1] === 1;
    return isPlain && this.inChannels <= 4 && 2 * fanIn <= this.outChannels;
  }

  /**
   * The convolution with batch normalisation by the batch's own statistics, in fewer passes over memory.
   *
   * @param x `[batch, height, width, in]`
   * @param scale `[out]`
   * @param bias `[out]`
   * @returns the value `[batch, height', width', out]`, and the moments of the convolution
   * @throws ShapeError as {@link forward}
   */
  normalized(
    x: tf.Tensor4D,
    scale: tf.Tensor,
    bias: tf.Tensor,
    options: Pick<NarrowConvNormOptions, 'epsilon' | 'activation'>,
  ): { readonly value: tf.Tensor4D; readonly moments: BatchMoments } {
    this.checkInput(x);
    const filter = this.weight.variable as tf.Tensor as tf.Tensor4D;
    return narrowConvNorm(x, filter, scale, bias, { ...options, strides: this.stride, pad: this.pad });
  }

  private checkInput(x: tf.Tensor4D): void {
    checkIsTensor('Conv2d.forward', 'x', x);
    if (x.rank !== 4 || x.shape[3] !== this.inChannels) {
      const { shape } = x as tf.Tensor;
      const isChannelsFirst = shape.length === 4 && shape[1] === this.inChannels;
      throw new ShapeError(
        'Conv2d.forward',
        'x',
        `[batch, height, width, ${this.inChannels}]${isChannelsFirst ? ', such as tf.transpose(x, [0, 2, 3, 1])' : ''}`,
        `[${shape.join(', ')}]${isChannelsFirst ? ', which has the channels first' : ''}${shape.length === 5 ? ', as volumes have' : ''}`,
        shape.length === 4 && !isChannelsFirst && shape[3]! <= 4
          ? `An encoder of such pictures is built with inChannels: ${shape[3]}`
          : undefined,
      );
    }
    this.checkReach(x);
  }

  private convolve(x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor4D {
    const strides: [number, number] = [...this.stride];
    if (this.groups === 1) return tf.conv2d(x, filter, strides, this.pad);
    if (this.groups === this.inChannels && strides[0] === strides[1]) {
      const [kh, kw] = filter.shape;
      const perChannel = tf.reshape(filter, [
        kh,
        kw,
        this.inChannels,
        this.outChannels / this.inChannels,
      ]) as tf.Tensor4D;
      return tf.depthwiseConv2d(x, perChannel, strides, this.pad as 'same');
    }
    const inputs = tf.split(x, this.groups, 3);
    const filters = tf.split(filter, this.groups, 3);
    return tf.concat(
      inputs.map((input, group) => tf.conv2d(input as tf.Tensor4D, filters[group] as tf.Tensor4D, strides, this.pad)),
      3,
    );
  }

  /** TF.js has no gradient of a dilated convolution, so zeros go between the filter's taps. */
  private dilated(filter: tf.Tensor4D): tf.Tensor4D {
    const [kh, kw, input, output] = filter.shape;
    const [dh, dw] = this.dilation;
    if (dh * dw === 1) return filter;
    const spread = tf.pad(tf.reshape(filter, [kh, 1, kw, 1, input * output]), [
      [0, 0],
      [0, dh - 1],
      [0, 0],
      [0, dw - 1],
      [0, 0],
    ]);
    const full = tf.reshape(spread, [kh * dh, kw * dw, input, output]) as tf.Tensor4D;
    return tf.slice(full, [0, 0, 0, 0], [(kh - 1) * dh + 1, (kw - 1) * dw + 1, input, output]);
  }

  private checkReach(x: tf.Tensor4D): void {
    if (this.pad === 'same') return;
    const [, [top, bottom], [left, right]] = this.pad === 'valid' ? ([0, [0, 0], [0, 0]] as const) : this.pad;
    const reach = this.kernelSize.map((size, axis) => (size - 1) * this.dilation[axis]! + 1);
    if (x.shape[1] + top + bottom < reach[0]! || x.shape[2] + left + right < reach[1]!) {
      throw new ShapeError(
        'Conv2d.forward',
        'x',
        `at least [batch, ${reach[0]! - top - bottom}, ${reach[1]! - left - right}, ${this.inChannels}]`,
        `[${x.shape.join(', ')}]`,
      );
    }
  }
}
