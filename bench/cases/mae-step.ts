/** Times one MAE step: ViT-Small, decoder 4 x 192, 32 images of 224 x 224, 75 % hidden, AdamW. Prints one JSON line. */
import type * as tf from '@tensorflow/tfjs-core';
import { training } from '@selfsup/ssl-nn';
import { keyArray, randomKey, randomUniform } from '@selfsup/ssl-tensor';
import { AdamW } from '@selfsup/ssl-train';
import { imagenetStatistics, Mae, MaskedAutoencoder } from '@selfsup/ssl-vision';
import { timeTraining } from '../time-steps.js';
import { noise, scalar, update } from '../training-steps.js';

const [batch, side, patchSize] = [32, 224, 16];
const model = new MaskedAutoencoder({
  key: randomKey(0),
  imageSize: side,
  patchSize,
  dim: 384,
  depth: 12,
  heads: 6,
  decoder: { dim: 192, depth: 4, heads: 3 },
});
const method = new Mae({ model, normalize: imagenetStatistics });
const parameters = method.trainable();
const optimizer = new AdamW([{ parameters }], { betas: [0.9, 0.95], weightDecay: 0.05 });
const step = (images: tf.Tensor, key: tf.Tensor, rate: tf.Tensor): tf.Scalar => {
  const uniform = randomUniform(key as tf.Tensor1D, [batch, (side / patchSize) ** 2]) as tf.Tensor2D;
  return update(
    () => method.lossOf(images as tf.Tensor4D, uniform, training),
    parameters,
    optimizer,
    rate as tf.Scalar,
  );
};
await timeTraining('mae-step', step, [noise([batch, side, side, 3]), keyArray(randomKey(2)), scalar(1e-3)]);
