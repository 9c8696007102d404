import * as tf from '@tensorflow/tfjs-core';

/** Added to the variance. */
const epsilon = 1e-6;

/**
 * Each patch less its mean, over its deviation (with `pixels - 1` degrees of freedom): `norm_pix_loss`'s target.
 *
 * @param patches float32 `[..., pixels]`
 * @returns same shape
 * Source: He et al. 2021 (arXiv 2111.06377), section 3; `forward_loss` of facebookresearch/mae.
 */
export function normalizePatches<T extends tf.Tensor>(patches: T): T {
  return tf.tidy(() => {
    const centred = tf.sub(patches, tf.mean(patches, -1, true));
    const freedom = patches.shape.at(-1)! - 1;
    const variance = tf.div(tf.sum(tf.square(centred), -1, true), freedom);
    return tf.div(centred, tf.sqrt(tf.add(variance, epsilon))) as T;
  });
}
