import * as tf from '@tensorflow/tfjs-core';
import { LayerNorm, Linear, Module } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { swinInit } from './window-attention.js';

/**
 * Every 2 x 2 places become one of twice the channels: `reduction(norm(the four))`. A side of odd length is filled up
 * with zeros.
 *
 * Source: Liu et al. 2021 (arXiv 2103.14030), 3.1; names and order of timm's `PatchMerging`.
 */
export class PatchMerging extends Module {
  readonly norm: LayerNorm;
  readonly reduction: Linear;

  constructor(
    private readonly dim: number,
    key: RandomKey,
  ) {
    super();
    this.norm = new LayerNorm(4 * dim);
    this.reduction = new Linear(4 * dim, 2 * dim, { ...swinInit, bias: false, key });
  }

  /**
   * @param x `[batch, height, width, dim]`
   * @returns `[batch, ceil(height / 2), ceil(width / 2), 2 * dim]`
   */
  forward(x: tf.Tensor4D, _ctx?: ForwardContext): tf.Tensor4D {
    const [batch, height, width] = x.shape;
    const isEven = height % 2 === 0 && width % 2 === 0;
    const even = isEven
      ? x
      : tf.pad(x, [
          [0, 0],
          [0, height % 2],
          [0, width % 2],
          [0, 0],
        ]);
    const [rows, columns] = [even.shape[1]! / 2, even.shape[2]! / 2];
    // Of the four, down before to the right.
    const apart = tf.transpose(tf.reshape(even, [batch * rows, 2, columns, 2, this.dim]), [0, 2, 3, 1, 4]);
    const four = tf.reshape(apart, [batch, rows, columns, 4 * this.dim]) as tf.Tensor4D;
    return this.reduction.forward(this.norm.forward(four));
  }
}
