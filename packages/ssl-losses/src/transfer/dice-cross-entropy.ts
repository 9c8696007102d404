import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, withinClasses } from './counted-labels.js';
import { dice, diceDefaults, type DiceOptions } from './dice.js';
import { maskedTokenCrossEntropy } from '../text/masked-token-cross-entropy.js';

/** Options of {@link diceCrossEntropy}. */
export interface DiceCrossEntropyOptions extends Omit<DiceOptions, 'activation' | 'reduction'> {
  /** Weight of the dice loss. */
  readonly lambdaDice?: number;
  /** Weight of the cross-entropy. */
  readonly lambdaCrossEntropy?: number;
}

const diceCrossEntropyOptionNames: OptionNames<DiceCrossEntropyOptions> = {
  lambdaDice: 'optionalNumber',
  lambdaCrossEntropy: 'optionalNumber',
  squared: 'optionalFlag',
  jaccard: 'optionalFlag',
  smoothNumerator: 'optionalNumber',
  smoothDenominator: 'optionalNumber',
  classWeights: 'optional',
  includeBackground: 'optionalFlag',
  batch: 'optionalFlag',
  ignoreIndex: 'optionalNumber',
};

/** Defaults of {@link diceCrossEntropy}: those of MONAI's `DiceCELoss`. */
export const diceCrossEntropyDefaults = { lambdaDice: 1, lambdaCrossEntropy: 1 } as const;

/**
 * Dice loss plus cross-entropy over places, of softmax scores: `lambdaDice * dice + lambdaCrossEntropy * CE`. Class weights
 * go into both; the cross-entropy is their weighted mean and always counts the background.
 *
 * @param logits `[batch, ..., classes]`
 * @param labels int32 `[batch, ...]`, each in `[0, classes)`, or -1 or `ignoreIndex` for places that do not count
 * @returns scalar; NaN, also the gradient, for any other label and where no place counts
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Isensee et al. 2018 (nnU-Net), arXiv 1809.10486. Equal to MONAI's `DiceCELoss`.
 */
export function diceCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  options: DiceCrossEntropyOptions = {},
): tf.Scalar {
  const where = 'diceCrossEntropy';
  const { lambdaDice, lambdaCrossEntropy, ...comparison } = {
    ...diceCrossEntropyDefaults,
    ...checkOptions('diceCrossEntropy', options, diceCrossEntropyOptionNames),
  };
  checkTensors(where, { logits, labels });
  checkNonNegative(where, { lambdaDice, lambdaCrossEntropy });
  checkTensor(where, 'labels', labels, logits.shape.slice(0, -1), ['int32']);
  const overlap = dice(logits, labels, comparison);
  const { ignoreIndex = diceDefaults.ignoreIndex, classWeights } = comparison;
  const flat = tf.reshape(labels, [-1]) as tf.Tensor1D;
  const known = withinClasses(countedLabels(where, flat, { ignoreIndex }).known, logits.shape.at(-1)!);
  const entropy = maskedTokenCrossEntropy(tf.reshape(logits, [flat.size, -1]), flat, {
    ignoreIndex,
    ...(classWeights !== undefined && { weights: tf.gather(classWeights, known) as tf.Tensor1D }),
  });
  return tf.add(tf.mul(overlap, lambdaDice), tf.mul(entropy, lambdaCrossEntropy));
}
