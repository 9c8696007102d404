import * as tf from '@tensorflow/tfjs-core';
import { ndArray } from '@selfsup/ssl-core';
import type { Image } from '../image/image.js';
import type { BatchedStep, Size } from './batched-step.js';
import { channelValues } from './channel-values.js';

/**
 * A view that moves whole pixels, as one gather.
 *
 * Where each output pixel comes from is asked of the per-image operation itself: it moves an image whose three bytes
 * per pixel are the pixel's number, from 1 on, and leaves 0 outside. So both executions agree by construction.
 *
 * @param move the operation, with 0 outside; must not blend pixels
 * @param fill value of pixels from outside, one or one per channel
 */
export function gatherStep<P>(
  move: (image: Image, drawn: P) => Image,
  fill: number | readonly number[],
  outputSize?: (size: Size) => Size,
): BatchedStep<P> {
  return {
    pack: (drawn, size) => {
      const pixels = size[0] * size[1];
      const numbered = numberedImage(size);
      const [height, width] = outputSize?.(size) ?? size;
      const from = new Int32Array(drawn.length * height * width);
      drawn.forEach((draw, image) => {
        const { data } = draw === undefined ? numbered : move(numbered, draw.applied);
        const offset = image * height * width;
        for (let i = 0; i < height * width; i++) {
          const number = data[3 * i]! + 256 * data[3 * i + 1]! + 65536 * data[3 * i + 2]!;
          from[offset + i] = number === 0 ? -1 : image * pixels + number - 1;
        }
      });
      return { from: ndArray(from, [drawn.length, height, width]) };
    },
    apply: (planes, { from }) => {
      const [batch, , channels] = planes.shape;
      const pixels = tf.reshape(tf.transpose(planes, [0, 1, 3, 2]), [-1, channels]);
      const [, height, width] = from!.shape as [number, number, number];
      const places = tf.reshape(from!, [batch * height * width]);
      const moved = tf.reshape(tf.gather(pixels, tf.maximum(places, tf.scalar(0, 'int32'))), [
        batch,
        height,
        width,
        channels,
      ]);
      const outside = tf.less(tf.reshape(from!, [batch, height, 1, width]), tf.scalar(0, 'int32'));
      return tf.where(outside, channelValues(fill, channels), tf.transpose(moved, [0, 1, 3, 2])) as tf.Tensor4D;
    },
    ...(outputSize === undefined ? {} : { outputSize }),
  };
}

function numberedImage([height, width]: Size): Image {
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < height * width; i++) {
    data[3 * i] = i + 1;
    data[3 * i + 1] = (i + 1) >> 8;
    data[3 * i + 2] = (i + 1) >> 16;
  }
  return ndArray(data, [height, width, 3]);
}
