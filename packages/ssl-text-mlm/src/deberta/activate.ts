import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '@selfsup/ssl-tensor';
import type { DebertaActivation } from './deberta-config.js';

/** The function of a name, element by element. */
export function activate<T extends tf.Tensor>(x: T, activation: DebertaActivation): T {
  if (activation === 'gelu') return gelu(x);
  return activation === 'tanh' ? tf.tanh(x) : tf.relu(x);
}
