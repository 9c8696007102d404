import * as tf from '@tensorflow/tfjs-core';
import { reducedTo } from './reduced-to.js';

/**
 * Registers the gradients of tf.maximum and tf.minimum for operands of different shapes, which TF.js gives the shape of
 * the result. Where both are equal, the first operand takes it all, as in TF.js.
 */
export function registerExtremumGradients(): void {
  const kernels = [
    [tf.Maximum, tf.greaterEqual, tf.less],
    [tf.Minimum, tf.lessEqual, tf.greater],
  ] as const;
  for (const [kernelName, takesFirst, takesSecond] of kernels)
    tf.registerGradient({
      kernelName,
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, saved) => {
        const [a, b] = saved as [tf.Tensor, tf.Tensor];
        const share = (taken: tf.Tensor, shape: readonly number[]): tf.Tensor =>
          reducedTo(tf.mul(dy as tf.Tensor, tf.cast(taken, 'float32')), shape);
        return { a: () => share(takesFirst(a, b), a.shape), b: () => share(takesSecond(a, b), b.shape) };
      },
    });
}
