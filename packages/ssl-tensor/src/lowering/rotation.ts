import { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

export interface RotationOptions {
  readonly radians: number;
  /** What stands outside of the image: one number, or one per colour with an opaque fourth channel. */
  readonly fillValue: number | readonly number[];
  /** As fractions of width and height, or one for both. */
  readonly center: number | [number, number];
}

const opaque = 255;

/** Pixel of the image that each pixel of its rotation shows, in row-major order; `height * width` for none. */
function rotatedPixels(height: number, width: number, { radians, center }: RotationOptions): Int32Array {
  const [centerX, centerY] = backend_util.getImageCenter(center, height, width);
  const [sin, cos] = [Math.sin(radians), Math.cos(radians)];
  return Int32Array.from({ length: height * width }, (_, pixel) => {
    const x = (pixel % width) - centerX;
    const y = Math.floor(pixel / width) - centerY;
    const column = Math.round(x * cos - y * sin + centerX);
    const row = Math.round(x * sin + y * cos + centerY);
    const exists = column >= 0 && column < width && row >= 0 && row < height;
    return exists ? row * width + column : height * width;
  });
}

const fillOf = (fill: RotationOptions['fillValue'], channels: number): Float32Array =>
  Float32Array.from({ length: channels }, (_, channel) =>
    typeof fill === 'number' ? fill : channel === 3 ? opaque : (fill[channel] ?? NaN),
  );

/** Images `[n, h, w, c]` rotated about a centre. */
export function rotate(b: Builder, image: Value, options: RotationOptions): Value {
  const [n, h, w, c] = image.shape as readonly [number, number, number, number];
  const fill = b.expand(b.constant(fillOf(options.fillValue, c), [1, 1, c]), [n, 1, c]);
  const table = b.concat([b.reshape(image, [n, h * w, c]), fill], 1);
  const pixels = b.constant(rotatedPixels(h, w, options), [h * w], 'int32');
  return b.reshape(b.gather(table, pixels, 1), image.shape);
}
