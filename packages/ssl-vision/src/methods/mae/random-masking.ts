import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor';

/** Which patches of each image stay and which are hidden, by number, int32. */
export interface MaskedPatches {
  /** `[batch, kept]` */
  readonly kept: tf.Tensor2D;
  /** `[batch, masked]` */
  readonly masked: tf.Tensor2D;
}

/**
 * Hides a share of each image's patches: those with the smallest noise stay. Equally many of each image, so that shapes
 * are static.
 *
 * @param noise uniform, `[batch, patches]`
 * @param ratio share that is hidden, in (0, 1); of `patches * (1 - ratio)` the whole part stays
 * @throws InvalidOptionError where no patch or every patch would stay
 * Source: He et al. 2021 (arXiv 2111.06377), section 3; `random_masking` of facebookresearch/mae.
 */
export function randomMasking(noise: tf.Tensor2D, ratio: number): MaskedPatches {
  const [batch, patches] = noise.shape;
  const keep = Math.trunc(patches * (1 - ratio));
  if (!(keep >= 1 && keep < patches))
    throw new InvalidOptionError(
      'randomMasking',
      'ratio',
      `a share that keeps and hides one or more of ${patches} patches`,
      ratio,
    );
  return tf.tidy(() => {
    const order = tf.topk(tf.neg(noise), patches).indices as tf.Tensor2D;
    return {
      kept: tf.slice(order, [0, 0], [batch, keep]),
      masked: tf.slice(order, [0, keep], [batch, patches - keep]),
    };
  });
}
