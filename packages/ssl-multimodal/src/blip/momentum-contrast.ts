import * as tf from '@tensorflow/tfjs-core';
import { logSumExpRows } from '@selfsup/ssl-losses';
import { withoutGradient } from '@selfsup/ssl-tensor';

/** What {@link momentumContrast} compares; all rows have length 1. */
export interface ContrastedFeatures {
  /** `[batch, dim]`; row `i` of pictures belongs to row `i` of texts. */
  readonly images: tf.Tensor2D;
  readonly texts: tf.Tensor2D;
  /** Of the momentum encoders, without gradient. */
  readonly momentumImages: tf.Tensor2D;
  readonly momentumTexts: tf.Tensor2D;
  /** `[queue, dim]`: of earlier batches. */
  readonly imageQueue: tf.Tensor2D;
  readonly textQueue: tf.Tensor2D;
}

/** Result of {@link momentumContrast}. */
export interface MomentumContrast {
  readonly loss: tf.Scalar;
  /** Similarities over the temperature of pictures and texts of this batch, `[batch, batch]`, without gradient. */
  readonly imageToText: tf.Tensor2D;
  readonly textToImage: tf.Tensor2D;
}

/**
 * Contrast of pictures and texts with soft targets from momentum encoders: cross-entropy of the similarities to
 * `alpha softmax(s_m) + (1 - alpha) own`, both ways, halved. Compared are the momentum features of the batch and those of
 * the queues; gradients flow into pictures, texts and the temperature.
 *
 * Source: Li et al. 2021 (ALBEF), arXiv 2107.07651, equations 1, 2 and 6; `models/blip_pretrain.py` of salesforce/BLIP.
 */
export function momentumContrast(
  features: ContrastedFeatures,
  temperature: tf.Scalar,
  alpha: tf.Scalar,
): MomentumContrast {
  const { images, texts, momentumImages, momentumTexts, imageQueue, textQueue } = features;
  const [batch] = images.shape;
  const oneWay = (
    asked: tf.Tensor2D,
    teacher: tf.Tensor2D,
    known: tf.Tensor2D,
  ): { readonly loss: tf.Scalar; readonly similarities: tf.Tensor2D } => {
    const to = (rows: tf.Tensor2D): tf.Tensor2D => tf.div(tf.matMul(rows, known, false, true), temperature);
    const scores = to(asked);
    const targets = withoutGradient(() => {
      const own = tf.eye(batch, known.shape[0]);
      return tf.add(tf.mul(tf.softmax(to(teacher)), alpha), tf.mul(own, tf.sub(1, alpha)));
    });
    const losses = tf.sub(logSumExpRows(scores), tf.sum(tf.mul(targets, scores), 1));
    return {
      loss: tf.mean(losses),
      similarities: withoutGradient(() => tf.slice(scores, [0, 0], [batch, batch])),
    };
  };
  const toText = oneWay(images, momentumImages, tf.concat([momentumTexts, textQueue]));
  const toImage = oneWay(texts, momentumTexts, tf.concat([momentumImages, imageQueue]));
  return {
    loss: tf.mul(tf.add(toText.loss, toImage.loss), 0.5),
    imageToText: toText.similarities,
    textToImage: toImage.similarities,
  };
}
