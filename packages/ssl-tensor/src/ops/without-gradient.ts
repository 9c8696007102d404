import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { tfjsEngine } from '../backend/tfjs-internals.js';

/**
 * What `body` computes, as if it were constant: no gradient flows through any of it. Other than `stopGradient`, whose result
 * hangs on `x` still, this takes indices and masks that follow from what is differentiated, for which `tf.gather`,
 * `tf.argMax` and the like have no gradient.
 *
 * @param body any computation; its results are tensors or hold some
 * @returns what `body` returns
 * @throws InvalidOptionError for what is no function
 *
 * @example
 * const nearest = withoutGradient(() => tf.argMax(similarities, 1));
 */
export function withoutGradient<R>(body: () => R): R {
  if (typeof body !== 'function')
    throw new InvalidOptionError('withoutGradient', 'body', 'a function', body, 'Write withoutGradient(() => ...)');
  // Undefined before the first gradient, null after one.
  const tape = tfjsEngine().state.activeTape ?? [];
  const start = tape.length;
  const result = body();
  for (const { saved } of tape.splice(start)) tf.dispose(saved);
  return result;
}
