import type { Builder } from './builder.js';
import { type Value, sizeOf } from './value.js';

/** A truth that is false whatever the signal holds, NaN included, though neither we nor the runtime know it beforehand. */
function never(b: Builder, signal: Value): Value {
  const source = signal.producer?.op === 'Expand' ? signal.producer.inputs[0]! : signal;
  const size = sizeOf(source.shape);
  const first = b.reshape(b.slice(b.reshape(source, [size]), [0], [1]), []);
  const number = b.cast(first, 'float32');
  return b.binary('Less', number, number, 'bool');
}

/**
 * `x`, bit for bit (float32 NaN and infinities included), but not before the signals are there. It is no node that could be
 * merged with another, so that what is computed of it is computed anew.
 *
 * @param x float32, int32 or bool
 * @param signals what is not constant
 */
export function holdBack(b: Builder, x: Value, signals: readonly Value[]): Value {
  const none = signals
    .filter(({ shape }) => sizeOf(shape) > 0)
    .map((signal) => never(b, signal))
    .reduce<Value | undefined>((all, one) => (all === undefined ? one : b.binary('Or', all, one, 'bool')), undefined);
  if (none === undefined) return x;
  if (x.type === 'bool') return b.binary('Or', x, none, 'bool');
  if (x.type === 'int32') return b.add(x, b.cast(none, 'int32'));
  return b.mul(x, b.cast(b.unary('Not', none, 'bool'), 'float32'));
}
