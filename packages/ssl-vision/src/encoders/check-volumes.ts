import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor';
import { checkIsTensor } from '@selfsup/ssl-tensor/host';

/**
 * What an encoder of volumes takes, for a method: methods ask for encoders of images, and hand on what their batches hold.
 * A batch of images, `[batch, height, width, channels]`, compiles and is refused by a ShapeError.
 */
export type Volumes = tf.Tensor<tf.Rank.R4 | tf.Rank.R5>;

/** @throws ShapeError for what is no batch of volumes, `[batch, depth, height, width, channels]`, of that many channels */
export function checkVolumes(where: string, volumes: tf.Tensor, inChannels: number): asserts volumes is tf.Tensor5D {
  const form = `[batch, depth, height, width, ${inChannels}]`;
  checkIsTensor(where, 'volumes', volumes, form);
  const { shape } = volumes;
  const got = `[${shape.join(', ')}]`;
  if (shape.length === 4)
    throw new ShapeError(
      where,
      'volumes',
      `${form}, such as tf.expandDims(volume, 0) of one`,
      `${got}, as images have`,
    );
  if (shape.length !== 5) throw new ShapeError(where, 'volumes', form, got);
  if (shape[4] === inChannels) return;
  if (shape[1] === inChannels)
    throw new ShapeError(
      where,
      'volumes',
      `${form}, such as tf.transpose(volumes, [0, 2, 3, 4, 1])`,
      `${got}, which has the channels first`,
    );
  throw new ShapeError(where, 'volumes', form, got);
}
