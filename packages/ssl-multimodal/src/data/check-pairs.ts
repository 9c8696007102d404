import type * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/**
 * Checks a batch of pictures with a text each.
 *
 * @throws InvalidOptionError for a batch without pictures or texts; ShapeError where there are not as many texts as pictures,
 *   and for less than two pairs, of which the other is what a pair is told from
 */
export function checkPairs(
  where: string,
  batch: { readonly images: tf.Tensor; readonly inputIds: tf.Tensor; readonly attentionMask: tf.Tensor },
): void {
  for (const name of ['images', 'inputIds', 'attentionMask'] as const) {
    if ((batch as Partial<typeof batch>)[name] !== undefined) continue;
    const advice = 'Give the Trainer new ImageTextLoader({ images: new DataLoader({ ... }), texts, padId })';
    throw new InvalidOptionError(where, `batch.${name}`, 'pictures with a text each', undefined, advice);
  }
  const [pictures, texts] = [batch.images.shape[0]!, batch.inputIds.shape[0]!];
  if (pictures !== texts) {
    const advice = 'Let ImageTextLoader put them together';
    throw new ShapeError(where, 'batch.inputIds', `a text for each of ${pictures} images`, `${texts}`, advice);
  }
  if (pictures > 1) return;
  const advice =
    'Take a larger batchSize, and let the loader leave out a last batch of what remains, as it does unless dropLast is false';
  throw new ShapeError(where, 'batch', 'of two pairs or more', `${pictures}`, advice);
}
