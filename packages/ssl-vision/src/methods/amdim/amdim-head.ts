import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, childContext, evaluation, Linear, Module, uniform, zeros } from '@selfsup/ssl-nn';
import type { ForwardContext, Initialiser } from '@selfsup/ssl-nn';
import { checkCount, foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link AmdimHead}. */
export interface AmdimHeadOptions {
  readonly key: RandomKey;
}

const amdimHeadOptionNames: OptionNames<AmdimHeadOptions> = { key: 'requiredKey' };

/** Almost the identity: uniform in +-0.01 beside a diagonal of ones. */
const almostIdentity: Initialiser = (shape, key) => {
  const noise = uniform(-0.01, 0.01)(shape, key);
  const [inDim, outDim] = shape as [number, number];
  for (let at = 0; at < Math.min(inDim, outDim); at++) noise.data[at * outDim + at] = 1;
  return noise;
};

/**
 * Features of each place to where they are compared: `norm(conv2(relu(conv1(x))) + shortcut(x))`, all of 1 x 1. At the start
 * the second layer is 0 and the shortcut almost the identity, where it does not narrow.
 *
 * Source: `FakeRKHSConvNet` of Philip-Bachman/amdim-public with `use_bn=False`.
 */
export class AmdimHead extends Module {
  static override readonly fieldNames = { bnOut: 'bn_out' };
  readonly conv1: Linear;
  readonly conv2: Linear;
  readonly shortcut: Linear;
  readonly bnOut: BatchNorm;

  /** @throws InvalidOptionError for widths that are not positive integers */
  constructor(inDim: number, outDim: number, options: AmdimHeadOptions) {
    super();
    const { key } = checkOptions('AmdimHead', options, amdimHeadOptionNames);
    checkCount('AmdimHead', { inDim, outDim });
    this.conv1 = new Linear(inDim, outDim, { bias: false, key: foldIn(key, 'conv1') });
    this.conv2 = new Linear(outDim, outDim, { bias: false, weightInit: zeros, key: foldIn(key, 'conv2') });
    const widens = outDim >= inDim ? { weightInit: almostIdentity } : {};
    this.shortcut = new Linear(inDim, outDim, { ...widens, key: foldIn(key, 'shortcut') });
    this.bnOut = new BatchNorm(outDim);
  }

  /**
   * @param map `[batch, rows, columns, inDim]`
   * @returns `[batch, rows * columns, outDim]`
   */
  forward(map: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor3D {
    const inner = this.conv2.forward(tf.relu(this.conv1.forward(map)));
    const normal = this.bnOut.forward(tf.add(inner, this.shortcut.forward(map)), childContext(ctx, 'bn_out'));
    const [batch, rows, columns, dim] = normal.shape as [number, number, number, number];
    return tf.reshape(normal, [batch, rows * columns, dim]);
  }
}
