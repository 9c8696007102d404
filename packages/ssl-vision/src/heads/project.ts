import type * as tf from '@tensorflow/tfjs-core';
import { childContext } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext } from '@selfsup/ssl-nn';
import type { ProjectionHead } from './projection-head.js';

/** An encoder and the head on it. */
export interface Projector {
  readonly backbone: Encoder;
  readonly head: ProjectionHead;
}

/**
 * Projections of images: the features of the backbone through the head.
 *
 * @param images `[batch, height, width, channels]`, normalised
 * @returns `[batch, head.outDim]`
 */
export function project({ backbone, head }: Projector, images: tf.Tensor4D, ctx: ForwardContext): tf.Tensor2D {
  return head.forward(backbone.forward(images, childContext(ctx, 'backbone')), childContext(ctx, 'head'));
}
