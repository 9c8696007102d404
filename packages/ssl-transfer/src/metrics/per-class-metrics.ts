import type { NdArray } from '@selfsup/ssl-tensor/host';
import { InvalidOptionError, isNdArray } from '@selfsup/ssl-tensor/host';

/** Quality of one class's predictions; 0 where a ratio has no denominator. */
export interface ClassMetrics {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Number of samples whose true class this is. */
  readonly support: number;
}

/**
 * Precision, recall and F1 of each class.
 *
 * @param confusion `[classes, classes]` from `confusionMatrix`: row = true class
 * @returns one record for each class, in order
 */
export function perClassMetrics(confusion: NdArray<Int32Array>): ClassMetrics[] {
  if (!isNdArray(confusion) || confusion.shape.length !== 2 || confusion.shape[0] !== confusion.shape[1]) {
    const advice = 'Such as confusionMatrix(predictions, labels)';
    throw new InvalidOptionError('perClassMetrics', 'confusion', 'an NdArray [classes, classes]', confusion, advice);
  }
  const classes = confusion.shape[0] ?? 0;
  const count = (label: number, predicted: number): number => confusion.data[label * classes + predicted]!;
  return Array.from({ length: classes }, (_, c) => {
    let support = 0;
    let predicted = 0;
    for (let other = 0; other < classes; other++) {
      support += count(c, other);
      predicted += count(other, c);
    }
    const hits = count(c, c);
    return {
      precision: predicted === 0 ? 0 : hits / predicted,
      recall: support === 0 ? 0 : hits / support,
      f1: predicted + support === 0 ? 0 : (2 * hits) / (predicted + support),
      support,
    };
  });
}
