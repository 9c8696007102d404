import * as tf from '@tensorflow/tfjs-core';
import { Linear, Module, RelativePositionBias, mergeHeads, splitHeads, truncatedNormal, zeros } from '@selfsup/ssl-nn';
import { foldIn, scaledDotProductAttention } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Sides } from './windows.js';

/** How linear layers of a Swin start: Gaussian of deviation 0.02, biases 0. */
export const swinInit = { weightInit: truncatedNormal({ standardDeviation: 0.02 }), biasInit: zeros };

/** Options of {@link WindowAttention}. */
export interface WindowAttentionOptions {
  readonly key: RandomKey;
  readonly heads: number;
  readonly window: Sides;
}

const windowAttentionOptionNames: OptionNames<WindowAttentionOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  window: 'required',
};

/**
 * Attention within windows, with a trainable bias for each head and offset.
 *
 * Source: Liu et al. 2021 (arXiv 2103.14030), equation 4; names of timm's `WindowAttention`.
 */
export class WindowAttention extends Module {
  static override readonly fieldNames = { relativePositions: '' };
  readonly qkv: Linear;
  readonly relativePositions: RelativePositionBias;
  readonly proj: Linear;
  private readonly heads: number;

  constructor(
    private readonly dim: number,
    options: WindowAttentionOptions,
  ) {
    super();
    const { key, heads, window } = checkOptions('WindowAttention', options, windowAttentionOptionNames);
    this.heads = heads;
    this.relativePositions = new RelativePositionBias(heads, { key: foldIn(key, 'positions'), grid: window });
    this.qkv = new Linear(dim, 3 * dim, { ...swinInit, key: foldIn(key, 'qkv') });
    this.proj = new Linear(dim, dim, { ...swinInit, key: foldIn(key, 'proj') });
  }

  /**
   * @param windows `[batch * count, places, dim]`
   * @param mask `[count, 1, places, places]`, added to the scores of each window
   * @returns same shape
   */
  forward(windows: tf.Tensor3D, mask?: tf.Tensor4D): tf.Tensor3D {
    const [all, places] = windows.shape;
    const count = mask?.shape[0] ?? 1;
    // Windows of an image lie beside its heads, so that their mask is broadcast to the batch and not copied for it.
    const beside = (x: tf.Tensor4D): tf.Tensor4D =>
      tf.reshape(x, [all / count, count * this.heads, places, this.dim / this.heads]);
    const parts = tf.split(this.qkv.forward(windows), 3, 2) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
    const [q, k, v] = parts.map((part) => beside(splitHeads(part, this.heads)));
    const table = tf.reshape(this.relativePositions.forward(), [1, this.heads, places, places]);
    const bias = mask === undefined ? table : tf.reshape(tf.add(mask, table), [1, count * this.heads, places, places]);
    const attended = scaledDotProductAttention(q!, k!, v!, { bias });
    return this.proj.forward(
      mergeHeads(tf.reshape(attended, [all, this.heads, places, this.dim / this.heads]) as tf.Tensor4D),
    );
  }
}
