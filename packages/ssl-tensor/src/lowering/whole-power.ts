import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/** Bits of an exponent that is not negative. */
const bits = 31;

/**
 * Power of int32 modulo 2^32, by squaring: the runtime's own goes through float64 and ends at the least integer. A negative
 * exponent gives what the quotient is when cut: 0, or a power of 1 or -1.
 */
export function wholePower(b: Builder, base: Value, exponent: Value): Value {
  const whole = (value: number): Value => b.scalar(value, 'int32');
  const equal = (value: Value, number: number): Value => b.binary('Equal', value, whole(number), 'bool');
  const isNegative = b.binary('Less', exponent, whole(0), 'bool');
  const isOdd = (value: Value): Value =>
    b.unary('Not', equal(b.sub(value, b.mul(b.div(value, whole(2)), whole(2))), 0), 'bool');
  // Of 1 and -1, whether it is odd is all that counts.
  let rest = b.where(isNegative, b.cast(isOdd(exponent), 'int32'), exponent);
  let [result, factor] = [whole(1), base];
  for (let bit = 0; bit < bits; bit++) {
    result = b.mul(result, b.where(isOdd(rest), factor, whole(1)));
    rest = b.div(rest, whole(2));
    factor = b.mul(factor, factor);
  }
  const isUnit = b.binary('Or', equal(base, 1), equal(base, -1), 'bool');
  const isCut = b.binary('And', isNegative, b.unary('Not', isUnit, 'bool'), 'bool');
  return b.where(isCut, whole(0), result);
}
