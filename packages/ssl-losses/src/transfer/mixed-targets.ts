import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkShare } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, nanOutside } from './counted-labels.js';
import { oneHot } from './one-hot.js';

/**
 * Class probabilities of mixed images: `lambda onehot(y) + (1 - lambda) onehot(y')`.
 *
 * Where one of the two labels is -1, the product's 'no label' (or -100), the row is 0 throughout, which
 * {@link softTargetCrossEntropy} leaves out; any other label outside the classes makes its row NaN.
 *
 * @param labels of the first images, int32 `[n]`
 * @param partners labels of the images mixed in, int32 `[n]`
 * @param lambda share of the first image, in `[0, 1]`: one number, or one for each row, `[n]`
 * @param classes number of classes
 * @returns `[n, classes]`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for `lambda` or `classes`
 * Source: Zhang et al. 2017 (mixup), arXiv 1710.09412; Yun et al. 2019 (CutMix), arXiv 1905.04899. As timm's
 * `mixup_target` and torchvision's `MixUp`.
 */
export function mixedTargets(
  labels: tf.Tensor1D,
  partners: tf.Tensor1D,
  lambda: number | tf.Tensor1D,
  classes: number,
): tf.Tensor2D {
  checkTensor('mixedTargets', 'labels', labels, ['n'], ['int32']);
  checkMixing('mixedTargets', labels, partners, lambda);
  checkCount('mixedTargets', { classes });
  const share = typeof lambda === 'number' ? tf.scalar(lambda) : tf.expandDims(lambda, 1);
  const pair = bothLabelled('mixedTargets', labels, partners);
  const targets = (y: tf.Tensor1D): tf.Tensor => oneHot(y, classes);
  const mixed = tf.add(tf.mul(targets(pair.labels), share), tf.mul(targets(pair.partners), tf.sub(1, share)));
  const marks = tf.mul(nanOutside(pair.labels, classes), nanOutside(pair.partners, classes));
  return tf.mul(mixed, tf.expandDims(tf.mul(marks, pair.weight), 1));
}

/** Labels and partners, both 0 where one of them is no label, and a weight of 0 there; `[n]` each. */
export function bothLabelled(
  where: string,
  labels: tf.Tensor1D,
  partners: tf.Tensor1D,
): { readonly labels: tf.Tensor1D; readonly partners: tf.Tensor1D; readonly weight: tf.Tensor1D } {
  const [first, second] = [countedLabels(where, labels), countedLabels(where, partners)];
  const weight = tf.mul(first.weight, second.weight) as tf.Tensor1D;
  const whole = tf.cast(weight, 'int32');
  return {
    labels: tf.mul(first.known, whole) as tf.Tensor1D,
    partners: tf.mul(second.known, whole) as tf.Tensor1D,
    weight,
  };
}

/** @throws ShapeError when partners or lambda do not fit the labels; InvalidOptionError for a number outside `[0, 1]` */
export function checkMixing(
  where: string,
  labels: tf.Tensor1D,
  partners: tf.Tensor1D,
  lambda: number | tf.Tensor1D,
): void {
  checkTensor(where, 'partners', partners, labels.shape, ['int32']);
  if (typeof lambda !== 'number') checkTensor(where, 'lambda', lambda, labels.shape);
  else checkShare(where, { lambda });
}
