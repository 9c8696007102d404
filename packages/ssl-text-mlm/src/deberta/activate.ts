import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '@selfsup/ssl-tensor';

/** Functions between layers that DeBERTa's parts may have. */
export const debertaActivations = ['gelu', 'tanh', 'relu'] as const;

/** One of {@link debertaActivations}; `gelu` is the exact one. */
export type DebertaActivation = (typeof debertaActivations)[number];

/** The function of a name, element by element. */
export function activate<T extends tf.Tensor>(x: T, activation: DebertaActivation): T {
  if (activation === 'gelu') return gelu(x);
  return activation === 'tanh' ? tf.tanh(x) : tf.relu(x);
}
