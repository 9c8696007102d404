import * as tf from '@tensorflow/tfjs-core';
import { DropPath, LayerNorm, Mlp, Module, childContext, evaluation } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { WindowAttention, swinInit } from './window-attention.js';
import { fromWindows, intoWindows, rolled, shiftMask, type Sides } from './windows.js';

/** Options of {@link SwinBlock}. */
export interface SwinBlockOptions {
  readonly key: RandomKey;
  readonly heads: number;
  /** Height and width of the windows, in places. */
  readonly window: Sides;
  /** Places by which the windows lie off the map's corner. */
  readonly shift: Sides;
  /** Width of the inner layer of the MLP, relative to `dim`. */
  readonly mlpRatio: number;
  /** Probability that a sample skips a branch. */
  readonly dropPath: number;
}

const swinBlockOptionNames: OptionNames<SwinBlockOptions> = {
  key: 'requiredKey',
  heads: 'requiredNumber',
  window: 'required',
  shift: 'required',
  mlpRatio: 'requiredNumber',
  dropPath: 'requiredNumber',
};

/**
 * `x + attn(norm1(x))` within windows, then `x + mlp(norm2(x))`. A map whose sides are no multiples of the window's is
 * filled up with zeros below and to the right, as in timm.
 *
 * Source: Liu et al. 2021 (arXiv 2103.14030), equation 3; names of timm's `SwinTransformerBlock`.
 */
export class SwinBlock extends Module {
  readonly norm1: LayerNorm;
  readonly attn: WindowAttention;
  readonly norm2: LayerNorm;
  readonly mlp: Mlp;
  private readonly window: Sides;
  private readonly shift: Sides;
  private readonly dropPath: DropPath;

  constructor(dim: number, options: SwinBlockOptions) {
    super();
    const { key, heads, window, shift, mlpRatio, dropPath } = checkOptions('SwinBlock', options, swinBlockOptionNames);
    this.window = window;
    this.shift = shift;
    this.norm1 = new LayerNorm(dim);
    this.attn = new WindowAttention(dim, { heads, window, key: foldIn(key, 'attn') });
    this.norm2 = new LayerNorm(dim);
    this.mlp = new Mlp(dim, Math.trunc(dim * mlpRatio), { ...swinInit, key: foldIn(key, 'mlp') });
    this.dropPath = new DropPath(dropPath);
  }

  /**
   * @param x `[batch, height, width, dim]`
   * @returns same shape
   */
  forward(x: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor4D {
    const attended = this.attend(this.norm1.forward(x));
    const middle = tf.add(x, this.dropPath.forward(attended, childContext(ctx, 'drop_path1'))) as tf.Tensor4D;
    const widened = this.mlp.forward(this.norm2.forward(middle), childContext(ctx, 'mlp'));
    return tf.add(middle, this.dropPath.forward(widened, childContext(ctx, 'drop_path2')));
  }

  private attend(x: tf.Tensor4D): tf.Tensor4D {
    const { window, shift } = this;
    const [batch, height, width, channels] = x.shape;
    const moved = rolled(x, shift);
    const full = ([height, width] as const).map((side, axis) => Math.ceil(side / window[axis]!) * window[axis]!);
    const [rows, columns] = full as [number, number];
    const isWhole = rows === height && columns === width;
    const filled = isWhole
      ? moved
      : tf.pad(moved, [
          [0, 0],
          [0, rows - height],
          [0, columns - width],
          [0, 0],
        ]);
    const mask = shift[0] + shift[1] === 0 ? undefined : shiftMask([rows, columns], window, shift);
    const windows = this.attn.forward(intoWindows(filled, window), mask);
    const whole = fromWindows(windows, window, [batch, rows, columns]);
    const cut = isWhole ? whole : tf.slice(whole, [0, 0, 0, 0], [batch, height, width, channels]);
    return rolled(cut, [-shift[0], -shift[1]]);
  }
}
