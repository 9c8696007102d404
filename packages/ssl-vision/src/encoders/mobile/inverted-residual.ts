import * as tf from '@tensorflow/tfjs-core';
import { DropPath, Module, childContext, evaluation } from '@selfsup/ssl-nn';
import type { BatchNormOptions, ForwardContext } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Activation } from './activations.js';
import { ConvNormAct } from './conv-norm-act.js';
import { type GateKind, SqueezeExcitation } from './squeeze-excitation.js';

/** Options of {@link InvertedResidual}. */
export interface InvertedResidualOptions {
  readonly key: RandomKey;
  readonly inChannels: number;
  /** Channels of the depthwise convolution; as many as `inChannels`: no layer widens. */
  readonly expanded: number;
  readonly out: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly activation: Activation;
  /** Channels between the two layers of the gate, and its kind. Default: no gate. */
  readonly gate?: { readonly squeezed: number; readonly kind: GateKind } | undefined;
  /** Of the batch normalisations. */
  readonly norm?: Pick<BatchNormOptions, 'epsilon' | 'momentum'>;
  /** Probability that a sample skips the branch, where it has a shortcut. Default 0. */
  readonly dropPath?: number;
}

const invertedResidualOptionNames: OptionNames<InvertedResidualOptions> = {
  key: 'requiredKey',
  inChannels: 'requiredNumber',
  expanded: 'requiredNumber',
  out: 'requiredNumber',
  kernelSize: 'requiredNumber',
  stride: 'requiredNumber',
  activation: 'required',
  gate: 'optional',
  norm: 'optional',
  dropPath: 'optionalNumber',
};

/**
 * Widening 1 x 1 convolution, depthwise convolution, gate, narrowing 1 x 1 convolution; with a shortcut where the shape
 * stays. MobileNetV3's `InvertedResidual` and EfficientNet's `MBConv`, names as in torchvision.
 *
 * Source: Sandler et al. 2018 (arXiv 1801.04381); Howard et al. 2019 (arXiv 1905.02244), figure 4.
 */
export class InvertedResidual extends Module {
  readonly block: readonly (ConvNormAct | SqueezeExcitation)[];
  readonly stride: number;
  readonly outChannels: number;
  private readonly hasShortcut: boolean;
  private readonly dropPath: DropPath;

  constructor(options: InvertedResidualOptions) {
    super();
    const {
      key,
      inChannels,
      expanded,
      out,
      kernelSize,
      stride,
      activation,
      gate,
      norm = {},
      dropPath = 0,
    } = checkOptions('InvertedResidual', options, invertedResidualOptionNames);
    const widen = { key: foldIn(key, 'expand'), kernelSize: 1, activation, norm };
    const depthwise = { key: foldIn(key, 'depthwise'), kernelSize, stride, groups: expanded, activation, norm };
    const narrow = { key: foldIn(key, 'project'), kernelSize: 1, activation: 'none', norm } as const;
    this.block = [
      ...(expanded === inChannels ? [] : [new ConvNormAct(inChannels, expanded, widen)]),
      new ConvNormAct(expanded, expanded, depthwise),
      ...(gate ? [new SqueezeExcitation(expanded, gate.squeezed, gate.kind, foldIn(key, 'gate'))] : []),
      new ConvNormAct(expanded, out, narrow),
    ];
    this.stride = stride;
    this.outChannels = out;
    this.hasShortcut = stride === 1 && inChannels === out;
    this.dropPath = new DropPath(dropPath);
  }

  /**
   * @param x `[batch, height, width, in]`
   * @returns `[batch, ceil(height / stride), ceil(width / stride), out]`
   */
  forward(x: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const y = this.block.reduce((value, layer, i) => layer.forward(value, childContext(ctx, i)), x);
    return this.hasShortcut ? tf.add(x, this.dropPath.forward(y, childContext(ctx, 'drop_path'))) : y;
  }
}
