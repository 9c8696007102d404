import { confusionMatrix } from './confusion-matrix.js';
import { checkPredictions } from './check-predictions.js';
import { perClassMetrics } from './per-class-metrics.js';

/**
 * Mean of the classes' F1, each with equal weight. A class that is in neither predictions nor labels does not count; one that
 * is never met right counts as 0.
 *
 * @param predictions `[n]` class of each sample, n >= 1
 * @param labels `[n]`, each 0 or more
 * @returns in `[0, 1]`
 * @throws ShapeError where the lengths differ or there is no sample; DataError for what is no class
 * Source: `sklearn.metrics.f1_score` with `average='macro'`.
 */
export function macroF1(predictions: Int32Array, labels: Int32Array): number {
  checkPredictions('macroF1', predictions, labels);
  const seen = new Set([...predictions, ...labels]);
  const counted = perClassMetrics(confusionMatrix(predictions, labels)).filter((_, label) => seen.has(label));
  return counted.reduce((sum, { f1 }) => sum + f1, 0) / counted.length;
}
