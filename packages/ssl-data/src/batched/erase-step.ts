import * as tf from '@tensorflow/tfjs-core';
import type { Box } from '../image/box.js';
import type { BatchedStep } from './batched-step.js';
import { channelValues } from './channel-values.js';
import { perImage, spread } from './per-image.js';

/**
 * Fills a rectangle of each image.
 *
 * @param boxOf rectangle of a draw, which may reach outside; `undefined` for none
 */
export function eraseStep<P>(fill: number | readonly number[], boxOf: (drawn: P) => Box | undefined): BatchedStep<P> {
  return {
    pack: (drawn) => {
      const boxes = drawn.map((draw) => draw && boxOf(draw.applied));
      return {
        top: perImage(boxes, (box) => box?.top ?? 0),
        bottom: perImage(boxes, (box) => (box === undefined ? 0 : box.top + box.height)),
        left: perImage(boxes, (box) => box?.left ?? 0),
        right: perImage(boxes, (box) => (box === undefined ? 0 : box.left + box.width)),
      };
    },
    apply: (planes, { top, bottom, left, right }) => {
      const [, height, channels, width] = planes.shape;
      const inside = tf.logicalAnd(
        between(count(height, [1, height, 1, 1]), top!, bottom!),
        between(count(width, [1, 1, 1, width]), left!, right!),
      );
      return tf.where(inside, channelValues(fill, channels), planes);
    },
  };
}

function count(length: number, shape: [number, number, number, number]): tf.Tensor4D {
  return tf.tensor4d(
    Array.from({ length }, (_, i) => i),
    shape,
    'float32',
  );
}

function between(place: tf.Tensor4D, from: tf.Tensor, to: tf.Tensor): tf.Tensor {
  return tf.logicalAnd(tf.greaterEqual(place, spread(from)), tf.less(place, spread(to)));
}
