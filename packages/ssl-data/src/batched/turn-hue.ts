import * as tf from '@tensorflow/tfjs-core';
import { wholeQuotient } from './whole-quotient.js';

/** `x / 6` with one rounding: a compiler may multiply by the reciprocal instead, which has two. */
function sixth(x: tf.Tensor4D): tf.Tensor4D {
  const near = tf.mul(x, 1 / 6);
  // Both differences are exact.
  const rest = tf.sub(tf.sub(x, tf.mul(near, 4)), tf.mul(near, 2));
  return tf.add(near, tf.mul(rest, 1 / 6));
}

/** Whole part of a whole number below 2^16 through 255; half a unit keeps exact quotients clear of rounding. */
function through255(x: tf.Tensor): tf.Tensor4D {
  return tf.floor(tf.div(tf.add(x, 0.5), 255));
}

/** Where a float32 has rounded `255 h` up to a whole number, the exact product is below it. */
function floorOf255(h: tf.Tensor4D): tf.Tensor4D {
  const candidate = tf.floor(tf.mul(h, 255));
  // `256 h` and the difference are exact, so `255 h < candidate` is decided without rounding.
  return tf.sub(candidate, tf.cast(tf.less(tf.sub(tf.mul(h, 256), candidate), h), 'float32'));
}

/**
 * Turns the colour wheel as `adjustHue` does, with hue, saturation and value rounded to 8 bits in between.
 *
 * Every sum that is rounded has one rounding, as in the reference: a hue that falls on the other side of an integer moves
 * colours visibly. What the reference rounds to levels is a quotient of whole numbers below 2^24 here.
 *
 * @param planes `[batch, height, 3, width]`, whole levels
 * @param shift whole 255ths of a turn, `[batch, 1, 1, 1]`
 * @returns the same shape
 */
export function turnHue(planes: tf.Tensor4D, shift: tf.Tensor4D): tf.Tensor4D {
  const [red, green, blue] = tf.split(planes, 3, 2) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const value = tf.max(planes, 2, true) as tf.Tensor4D;
  const least = tf.min(planes, 2, true) as tf.Tensor4D;
  const range: tf.Tensor4D = tf.sub(value, least);
  const saturation = tf.floor(tf.mul(tf.div(range, tf.maximum(value, 1)), 255)) as tf.Tensor4D;
  const turned: tf.Tensor4D = tf.add(hueOf(red, green, blue, value, least), shift);
  const hue: tf.Tensor4D = tf.sub(turned, tf.mul(tf.floor(tf.mul(turned, 1 / 256)), 256));
  return toColor(hue, saturation, value);
}

/** Hue in 255ths of a turn. */
function hueOf(
  red: tf.Tensor4D,
  green: tf.Tensor4D,
  blue: tf.Tensor4D,
  value: tf.Tensor4D,
  least: tf.Tensor4D,
): tf.Tensor4D {
  const middle = tf.sub(tf.add(tf.add(red, green), blue), tf.add(value, least));
  const part = tf.div(tf.sub(value, middle), tf.maximum(tf.sub(value, least), 1)) as tf.Tensor4D;
  const sector: tf.Tensor4D = tf.where(
    tf.equal(red, value),
    tf.where(tf.greaterEqual(green, blue), tf.sub(1, part), tf.sub(part, 1)),
    tf.where(
      tf.equal(green, value),
      tf.where(tf.greaterEqual(red, blue), tf.add(part, 1), tf.sub(3, part)),
      tf.where(tf.greaterEqual(green, red), tf.add(part, 3), tf.sub(5, part)),
    ),
  );
  const turn = sixth(sector);
  return floorOf255(tf.where(tf.less(turn, 0), tf.add(turn, 1), turn));
}

function toColor(hue: tf.Tensor4D, saturation: tf.Tensor4D, value: tf.Tensor4D): tf.Tensor4D {
  const scaled = tf.mul(hue, 6) as tf.Tensor4D;
  const whole = through255(scaled);
  const rest = tf.sub(scaled, tf.mul(whole, 255));
  const sextant = tf.where(tf.equal(whole, 6), 0, whole) as tf.Tensor4D;
  const low = through255(tf.add(tf.mul(value, tf.sub(255, saturation)), 127));
  const odd = tf.equal(sextant, tf.add(tf.mul(tf.floor(tf.mul(sextant, 0.5)), 2), 1));
  const falling = tf.mul(saturation, tf.where(odd, rest, tf.sub(255, rest)));
  const between = wholeQuotient(tf.add(tf.mul(value, tf.sub(65025, falling)), 32512) as tf.Tensor4D, 65025);
  // A channel is high in two neighbouring sextants, low in the opposite two; `center` lies between the high ones.
  const channel = (center: number, nearest: number): tf.Tensor4D => {
    const distance = tf.abs(tf.sub(sextant, center));
    const [high, middle] = [tf.less(distance, nearest), tf.less(distance, nearest + 1)];
    return tf.where(high, value, tf.where(middle, between, low));
  };
  const away = tf.abs(tf.sub(sextant, 2.5));
  const red = tf.where(tf.greater(away, 2), value, tf.where(tf.greater(away, 1), between, low));
  return tf.concat([red, channel(1.5, 1), channel(3.5, 1)], 2);
}
