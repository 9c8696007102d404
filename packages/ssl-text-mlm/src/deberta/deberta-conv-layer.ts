import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  Conv2d,
  type ForwardContext,
  LayerNorm,
  Module,
  normal,
  type StateEntries,
  zeros,
} from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor/host';
import { bertDropout } from '../bert/bert-dropout.js';
import { activate } from './activate.js';
import type { DebertaPass } from './deberta-pass.js';
import type { DebertaV2Config } from './deberta-v2-config.js';

/**
 * The convolution of neighbouring tokens beside the first layer of DeBERTa-v2-xlarge and -xxlarge.
 *
 * `y = mask * LN(layer output + act(dropout(mask * conv(layer input))))`
 *
 * Source: arXiv:2006.03654, section "nGiE" of the models' pages; names of transformers' `ConvLayer`.
 */
export class DebertaConvLayer extends Module {
  static override readonly fieldNames = { norm: 'LayerNorm' };
  readonly conv: Conv2d;
  readonly norm: LayerNorm;
  private readonly config: DebertaV2Config;

  constructor(config: DebertaV2Config, key: RandomKey) {
    super();
    this.config = config;
    const { hiddenSize: dim, convKernelSize: width, convGroups: groups } = config;
    const side = (width - 1) / 2;
    this.conv = new Conv2d(dim, dim, {
      key,
      kernelSize: [1, width],
      padding: [
        [0, 0],
        [side, side],
      ],
      groups,
      weightInit: normal(config.initializerRange),
      biasInit: zeros,
    });
    this.norm = new LayerNorm(dim, { epsilon: config.layerNormEps });
  }

  /**
   * @param x what entered the layer, `[batch * tokens, hidden]`
   * @param layerOutput what left it, likewise
   * @param kept 1 = token, 0 = padding, `[batch * tokens, 1]`; default: no padding
   * @returns `[batch * tokens, hidden]`
   */
  forward(
    x: tf.Tensor2D,
    layerOutput: tf.Tensor2D,
    { batch, tokens }: DebertaPass,
    ctx: ForwardContext,
    kept?: tf.Tensor2D,
  ): tf.Tensor2D {
    const { hiddenSize, hiddenDropout, convAct } = this.config;
    const masked = (states: tf.Tensor2D): tf.Tensor2D => (kept === undefined ? states : tf.mul(states, kept));
    const line = tf.reshape(x, [batch, 1, tokens, hiddenSize]) as tf.Tensor4D;
    const mixed = masked(tf.reshape(this.conv.forward(line), [batch * tokens, hiddenSize]) as tf.Tensor2D);
    const added = activate(bertDropout(mixed, hiddenDropout, childContext(ctx, 'dropout')), convAct);
    return masked(this.norm.forward(tf.add(layerOutput, added) as tf.Tensor2D));
  }

  /** Files hold a convolution of one dimension, `[out, in / groups, width]`. */
  protected override upgradeStateDict(state: StateEntries): void {
    const weight = state.get('conv.weight');
    if (weight?.shape.length !== 3) return;
    const [out, into, width] = weight.shape as [number, number, number];
    state.set('conv.weight', { data: weight.data, shape: [out, into, 1, width] });
  }

  protected override completeStateDict(state: StateEntries): void {
    const weight = state.get('conv.weight')!;
    state.set('conv.weight', { data: weight.data, shape: weight.shape.filter((_, axis) => axis !== 2) });
  }
}
