import * as tf from '@tensorflow/tfjs-core';

/** What follows a normalisation. */
export type Activation = 'relu' | 'hardSwish' | 'silu' | 'none';

/** `min(max(x + 3, 0), 6) / 6`. Source: `torch.nn.Hardsigmoid`. */
export const hardSigmoid = <T extends tf.Tensor>(x: T): T => tf.div(tf.relu6(tf.add(x, 3)), 6);

/** `x * hardSigmoid(x)`. Source: Howard et al. 2019 (arXiv 1905.02244), 5.2. */
export const hardSwish = <T extends tf.Tensor>(x: T): T => tf.mul(x, hardSigmoid(x));

/** `x * sigmoid(x)`. Source: Ramachandran et al. 2017 (arXiv 1710.05941). */
export const silu = <T extends tf.Tensor>(x: T): T => tf.mul(x, tf.sigmoid(x));
