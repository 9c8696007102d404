import * as tf from '@tensorflow/tfjs-core';

/** Height and width of a window, or of a shift. */
export type Sides = readonly [height: number, width: number];

/**
 * Maps cut into windows that do not overlap.
 *
 * @param x `[batch, height, width, channels]`, sides multiples of the window's
 * @returns `[batch * windows, places, channels]`, windows row by row
 */
export function intoWindows(x: tf.Tensor4D, [rows, columns]: Sides): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const strips = tf.reshape(x, [batch, height / rows, rows, width / columns, columns * channels]);
  return tf.reshape(tf.transpose(strips, [0, 1, 3, 2, 4]), [-1, rows * columns, channels]);
}

/** Back from {@link intoWindows}. */
export function fromWindows(
  windows: tf.Tensor3D,
  [rows, columns]: Sides,
  [batch, height, width]: readonly [number, number, number],
): tf.Tensor4D {
  const channels = windows.shape[2];
  const strips = tf.reshape(windows, [batch, height / rows, width / columns, rows, columns * channels]);
  return tf.reshape(tf.transpose(strips, [0, 1, 3, 2, 4]), [batch, height, width, channels]);
}

/** Maps moved round by a shift, what leaves on one side enters on the other: `x[i + shift]` at place `i`. */
export function rolled(x: tf.Tensor4D, shift: Sides): tf.Tensor4D {
  return shift.reduce((map, by, index) => {
    const axis = index + 1;
    const size = map.shape[axis]!;
    const from = ((by % size) + size) % size;
    if (from === 0) return map;
    const [first, second] = tf.split(map, [from, size - from], axis) as [tf.Tensor4D, tf.Tensor4D];
    return tf.concat([second, first], axis);
  }, x);
}

/**
 * What keeps places of a shifted window apart that were no neighbours: -100 between them, 0 else, as in the reference.
 *
 * @param size of the map, multiples of the window's sides
 * @returns `[windows, 1, places, places]`
 */
export function shiftMask(size: Sides, window: Sides, shift: Sides): tf.Tensor4D {
  const [rows, columns] = window;
  const region = (place: number, axis: 0 | 1): number => {
    if (shift[axis] === 0 || place < size[axis] - window[axis]) return 0;
    return place < size[axis] - shift[axis] ? 1 : 2;
  };
  const places = rows * columns;
  const count = (size[0] / rows) * (size[1] / columns);
  const mask = new Float32Array(count * places * places);
  const regions = new Int32Array(places);
  for (let i = 0; i < count; i++) {
    const [top, left] = [Math.floor(i / (size[1] / columns)) * rows, (i % (size[1] / columns)) * columns];
    for (let place = 0; place < places; place++)
      regions[place] = 3 * region(top + Math.floor(place / columns), 0) + region(left + (place % columns), 1);
    for (let a = 0; a < places; a++)
      for (let b = 0; b < places; b++) if (regions[a] !== regions[b]) mask[(i * places + a) * places + b] = -100;
  }
  return tf.tensor4d(mask, [count, 1, places, places]);
}
