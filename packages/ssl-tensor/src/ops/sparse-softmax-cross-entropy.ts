import * as tf from '@tensorflow/tfjs-core';
import { isTracing } from '../compile/active-trace.js';
import { checkIsTensor, ShapeError } from '@selfsup/ssl-core';
import { runOwnKernel } from './run-own-kernel.js';

/** `x[i, indices[i]]` for each row. */
function pick(x: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor1D {
  if (isTracing()) return runOwnKernel('SslGatherElements', { x, indices });
  const [rows, columns] = x.shape;
  const flat = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(columns, 'int32')), indices);
  return tf.gather(tf.reshape(x, [rows * columns]), tf.cast(flat, 'int32') as tf.Tensor1D);
}

/** NaN for labels that are none of the classes, else `x`: `[n]`. */
const whereInside = (inside: tf.Tensor1D, x: tf.Tensor): tf.Tensor1D =>
  tf.where(inside, tf.broadcastTo(x, inside.shape), tf.fill(inside.shape, NaN));

/**
 * Cross-entropy of softmax from integer labels, without a one-hot tensor:
 * `logSumExp(logits[i]) - logits[i, labels[i]]`.
 *
 * @param logits `[n, classes]`, float32
 * @param labels `[n]`, int32, each in `[0, classes)`. Any other number, -1 too, makes the loss and the gradient of its row
 *   NaN, eagerly and compiled; the losses of @selfsup/ssl-losses leave out what has no label before they come here
 * @returns `[n]`, nats
 * @throws ShapeError when the shapes do not match
 */
export function sparseSoftmaxCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  checkIsTensor('sparseSoftmaxCrossEntropy', 'logits', logits);
  checkIsTensor('sparseSoftmaxCrossEntropy', 'labels', labels);
  if (logits.rank !== 2)
    throw new ShapeError(
      'sparseSoftmaxCrossEntropy',
      'logits',
      '[n, classes]',
      `[${(logits as tf.Tensor).shape.join(', ')}]`,
    );
  if (labels.rank !== 1 || labels.shape[0] !== logits.shape[0]) {
    throw new ShapeError(
      'sparseSoftmaxCrossEntropy',
      'labels',
      `[${logits.shape[0]}]`,
      `[${(labels as tf.Tensor).shape.join(', ')}]`,
    );
  }
  const classes = logits.shape[1];
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [scores, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const shift = tf.max(scores, -1, true);
    const exponentials = tf.exp(tf.sub(scores, shift)) as tf.Tensor2D;
    const total = tf.sum(exponentials, -1, true) as tf.Tensor2D;
    // No index goes beyond its row, where devices read what they like.
    const inside = tf.logicalAnd(tf.greaterEqual(labels, 0), tf.less(labels, classes)) as tf.Tensor1D;
    const known = tf.mul(labels, tf.cast(inside, 'int32')) as tf.Tensor1D;
    const losses = tf.sub(tf.reshape(tf.add(tf.log(total), shift), [scores.shape[0]]), pick(scores, known));
    // The labels may have been made inside the differentiated function: saving keeps them for the gradient.
    save([exponentials, total, known, inside]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [terms, sum, targets, counts] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
      const amounts = whereInside(counts, dy);
      const weight = tf.reshape(amounts, [-1, 1]);
      const soft = tf.mul(terms, tf.div(weight, sum));
      if (isTracing()) return runOwnKernel('SslSubtractAt', { x: soft, indices: targets, amounts });
      return tf.sub(soft, tf.mul(tf.oneHot(targets, classes), weight));
    };
    return { value: whereInside(inside, losses), gradFunc };
  });
  return op(logits) as tf.Tensor1D;
}
