import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { Initialiser } from '../init/initialiser.js';
import { childContext, evaluation, type ForwardContext } from '../module/forward-context.js';
import { Module } from '../module/module.js';
import type { StateEntries } from '../module/state-entries.js';
import { Dropout } from './dropout.js';
import { Linear } from './linear.js';

/** Options of {@link SwiGlu}. */
export interface SwiGluOptions {
  readonly key: RandomKey;
  /** One projection for gate and value, `w12` and `w3` (DINOv2), or two, `fc1_g`, `fc1_x` and `fc2` (timm). Default false. */
  readonly packed?: boolean;
  /** Default the size of the input. */
  readonly outFeatures?: number;
  /** After each layer; default 0. */
  readonly dropout?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default PyTorch's. */
  readonly weightInit?: Initialiser;
  /** Default PyTorch's. */
  readonly biasInit?: Initialiser;
}

const swiGluOptionNames: OptionNames<SwiGluOptions> = {
  key: 'requiredKey',
  packed: 'optionalFlag',
  outFeatures: 'optionalNumber',
  dropout: 'optionalNumber',
  bias: 'optionalFlag',
  weightInit: 'optionalFunction',
  biasInit: 'optionalFunction',
};

/**
 * Gated feed-forward layers over the last axis: `fc2(silu(fc1_g(x)) * fc1_x(x))` with `silu(x) = x * sigmoid(x)`.
 *
 * `hiddenFeatures` is the width between, and taken as it is: DINOv2's `SwiGLUFFNFused` first takes two thirds, rounded up
 * to a multiple of 8.
 * Source: Shazeer 2020, arXiv 2002.05202, equation 6; names of `timm.layers.SwiGLU`, packed of DINOv2's `SwiGLUFFN`; those of
 * `timm.layers.SwiGLUPacked`, `fc1` and `fc2`, load, too.
 */
export class SwiGlu extends Module {
  static override readonly fieldNames = { gate: 'fc1_g', value: 'fc1_x' };
  readonly gate?: Linear;
  readonly value?: Linear;
  readonly fc2?: Linear;
  readonly w12?: Linear;
  readonly w3?: Linear;
  private readonly dropout: Dropout;

  constructor(inFeatures: number, hiddenFeatures: number, options: SwiGluOptions) {
    super();
    const {
      key,
      packed = false,
      outFeatures = inFeatures,
      dropout = 0,
      ...linear
    } = checkOptions('SwiGlu', options, swiGluOptionNames);
    const make = (name: string, from: number, to: number): Linear =>
      new Linear(from, to, { ...linear, key: foldIn(key, name) });
    if (packed) {
      this.w12 = make('w12', inFeatures, 2 * hiddenFeatures);
      this.w3 = make('w3', hiddenFeatures, outFeatures);
    } else {
      this.gate = make('fc1_g', inFeatures, hiddenFeatures);
      this.value = make('fc1_x', inFeatures, hiddenFeatures);
      this.fc2 = make('fc2', hiddenFeatures, outFeatures);
    }
    this.dropout = new Dropout(dropout);
  }

  /**
   * @param x `[..., in]`
   * @returns `[..., out]`
   * @throws ShapeError when the last axis is not `in`
   */
  forward<T extends tf.Tensor>(x: T, ctx: ForwardContext = evaluation): T {
    const [gate, value] = this.project(x);
    const hidden = tf.mul(tf.mul(gate, tf.sigmoid(gate)), value) as T;
    const y = (this.w3 ?? this.fc2!).forward(this.dropout.forward(hidden, childContext(ctx, 'drop1')));
    return this.dropout.forward(y, childContext(ctx, 'drop2'));
  }

  protected override upgradeStateDict(state: StateEntries): void {
    if (this.w12 === undefined) return;
    for (const name of state.names())
      if (/^fc[12]\./.test(name)) state.rename(name, name.replace(/^fc1/, 'w12').replace(/^fc2/, 'w3'));
  }

  private project(x: tf.Tensor): [gate: tf.Tensor, value: tf.Tensor] {
    if (this.w12 === undefined) return [this.gate!.forward(x), this.value!.forward(x)];
    return tf.split(this.w12.forward(x), 2, -1) as [tf.Tensor, tf.Tensor];
  }
}
