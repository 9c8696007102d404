import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import type { Tensors } from '@selfsup/ssl-train';
import type { ImageTextBatch } from './image-text-batch.js';

/**
 * @param where the method, as its user writes it
 * @throws InvalidOptionError for a batch without pictures or texts; ShapeError unless there are two pairs or more, whose
 *   pictures and texts are as many
 */
export function checkPairs(where: string, batch: Tensors<ImageTextBatch>): void {
  for (const name of ['images', 'inputIds', 'attentionMask'] as const) {
    if ((batch as Partial<typeof batch>)[name] !== undefined) continue;
    const advice = 'Give the Trainer new ImageTextLoader({ images: new DataLoader({ ... }), texts, padId })';
    throw new InvalidOptionError(where, `batch.${name}`, 'pictures with a text each', undefined, advice);
  }
  const [pictures, texts] = [batch.images.shape[0]!, batch.inputIds.shape[0]!];
  if (pictures !== texts)
    throw new ShapeError(where, 'batch.inputIds', `a text for each of the ${pictures} pictures`, `${texts} texts`);
  if (pictures > 1) return;
  const advice =
    'Take a larger batchSize, and let the loader leave out a last batch of what remains, as it does unless dropLast is false';
  throw new ShapeError(where, 'batch', 'of two pairs or more', `${pictures}`, advice);
}
