import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-core';
import { dropout } from './dropout.js';
import type { TensorKey } from './random-uniform.js';

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /**
   * Broadcasts to `[batch, heads, queries, keys]`. bool: true where a query may attend a key; a query that may attend
   * none gets 0. float32: added to the scores before softmax, 0 keeps, -1e9 masks; it has a gradient (a position bias).
   */
  readonly mask?: tf.Tensor;
  /** float32, broadcasts to `[batch, heads, queries, keys]`: added to the scores besides `mask`. Default none. */
  readonly bias?: tf.Tensor;
  /** Query i attends the keys 0 to i only, besides what `mask` says. Default false. */
  readonly causal?: boolean;
  /** Dropout of the weights after softmax: `rate` in `[0, 1)`, `key` int32 `[2]`. Default none. */
  readonly dropout?: { readonly rate: number; readonly key: TensorKey };
  /** Factor on the scores. Default `1 / sqrt(dim)`. */
  readonly scale?: number;
}

const attentionOptionNames: OptionNames<AttentionOptions> = {
  mask: 'optional',
  bias: 'optional',
  causal: 'optionalFlag',
  dropout: 'optional',
  scale: 'optionalNumber',
};

const attentionDropoutNames: OptionNames<NonNullable<AttentionOptions['dropout']>> = {
  rate: 'requiredNumber',
  key: 'required',
};

function checkShapes(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D): void {
  const [batch, heads, , dim] = q.shape;
  const keys = k.shape[2];
  const fits = (x: tf.Tensor4D, last: number): boolean =>
    x.rank === 4 && x.shape[0] === batch && x.shape[1] === heads && x.shape[2] === keys && x.shape[3] === last;
  if (!fits(k, dim))
    throw new ShapeError(
      'scaledDotProductAttention',
      'k',
      `[${batch}, ${heads}, keys, ${dim}]`,
      `[${k.shape.join(', ')}]`,
    );
  if (!fits(v, v.shape[3]))
    throw new ShapeError(
      'scaledDotProductAttention',
      'v',
      `[${batch}, ${heads}, ${keys}, dim]`,
      `[${v.shape.join(', ')}]`,
    );
}

/** bool `[queries, keys]`, true on and below the diagonal. */
const lowerTriangle = (queries: number, keys: number): tf.Tensor =>
  tf.lessEqual(tf.range(0, keys, 1, 'int32'), tf.reshape(tf.range(0, queries, 1, 'int32'), [queries, 1]));

/**
 * Attention: `dropout(softmax(q k^T * scale + bias + mask)) v`.
 *
 * @param q `[batch, heads, queries, dim]`
 * @param k `[batch, heads, keys, dim]`
 * @param v `[batch, heads, keys, dimOfV]`
 * @returns `[batch, heads, queries, dimOfV]`
 * @throws ShapeError when the shapes do not match; InvalidOptionError when the rate of dropout is outside `[0, 1)`
 * Source: Vaswani et al. 2017, arXiv 1706.03762, equation 1; defined as `torch.nn.functional.scaled_dot_product_attention`,
 * which takes either `mask` or `causal`.
 */
export function scaledDotProductAttention(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  options: AttentionOptions = {},
): tf.Tensor4D {
  for (const [name, tensor] of Object.entries({ q, k, v })) checkIsTensor('scaledDotProductAttention', name, tensor);
  const {
    mask,
    bias,
    causal = false,
    dropout: drop,
    scale = 1 / Math.sqrt(q.shape[3]),
  } = checkOptions('scaledDotProductAttention', options, attentionOptionNames);
  if (drop !== undefined) checkOptions('scaledDotProductAttention', drop, attentionDropoutNames, 'dropout');
  checkShapes(q, k, v);
  // Scaling the queries costs tokens * dim products instead of tokens * tokens.
  let scores: tf.Tensor = tf.matMul(tf.mul(q, scale) as tf.Tensor4D, k, false, true);
  if (bias !== undefined) scores = tf.add(scores, bias);
  const triangle = causal ? lowerTriangle(q.shape[2], k.shape[2]) : undefined;
  const given = mask?.dtype === 'bool' ? mask : undefined;
  const allowed = given && triangle ? tf.logicalAnd(given, triangle) : (given ?? triangle);
  if (mask !== undefined && given === undefined) scores = tf.add(scores, mask);
  // Added rather than chosen: the addend stays as small as the mask, where tf.where would spread it over all scores.
  if (allowed !== undefined) scores = tf.add(scores, tf.mul(tf.sub(1, tf.cast(allowed, 'float32')), -1e9));
  const weights = tf.softmax(scores) as tf.Tensor4D;
  const result = tf.matMul(drop === undefined ? weights : dropout(weights, drop.rate, drop.key), v);
  // A triangle leaves every query its first key; a mask may leave it none.
  return (given === undefined ? result : tf.mul(result, tf.cast(tf.any(allowed!, -1, true), 'float32'))) as tf.Tensor4D;
}
