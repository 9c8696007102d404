import * as tf from '@tensorflow/tfjs-core';

/** Row `to` of the result: what each of `from` cells along one axis adds to it. Row-major `[size, from]`. */
function axisWeights(from: number, size: number): Float32Array {
  const scale = from / size;
  const reach = Math.max(scale, 1);
  const weights = new Float32Array(size * from);
  for (let to = 0; to < size; to++) {
    const center = scale * (to + 0.5);
    const first = Math.max(Math.trunc(center - reach + 0.5), 0);
    const end = Math.min(Math.trunc(center + reach + 0.5), from);
    const row = Array.from({ length: end - first }, (_, i) =>
      Math.max(0, 1 - Math.abs((first + i + 0.5 - center) / reach)),
    );
    const sum = row.reduce((total, weight) => total + weight, 0);
    row.forEach((weight, i) => (weights[to * from + first + i] = weight / sum));
  }
  return weights;
}

/**
 * Brings pictures or maps to another size: bilinear, and averaging where they shrink. As products with constant matrices,
 * one along each axis, so that it has a gradient.
 *
 * @param images `[batch, height, width, channels]`
 * @param size rows and columns wanted
 * @returns float32 `[batch, ...size, channels]`; of the size that is there, the same values
 * Source: equal to `torch.nn.functional.interpolate(mode='bilinear', align_corners=False, antialias=True)`, as torchvision's
 * `Resize`.
 */
export function resizeBilinear(images: tf.Tensor4D, size: readonly [number, number]): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  const [rows, columns] = size;
  return tf.tidy(() => {
    let x: tf.Tensor = tf.cast(images, 'float32');
    if (rows !== height) {
      const matrix = tf.tensor3d(axisWeights(height, rows), [1, rows, height]);
      x = tf.matMul(matrix, tf.reshape(x, [batch, height, width * channels]));
    }
    if (columns !== width) {
      const matrix = tf.tensor3d(axisWeights(width, columns), [1, columns, width]);
      x = tf.matMul(matrix, tf.reshape(x, [batch * rows, width, channels]));
    }
    return tf.reshape(x, [batch, rows, columns, channels]) as tf.Tensor4D;
  });
}
