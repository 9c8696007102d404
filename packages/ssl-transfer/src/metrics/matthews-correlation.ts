import { checkPredictions } from './check-predictions.js';
import { confusionMatrix } from './confusion-matrix.js';

/**
 * Matthews' correlation of predictions with labels, for any number of classes.
 *
 * `(c s - sum_k p_k t_k) / sqrt((s^2 - sum_k p_k^2) (s^2 - sum_k t_k^2))` with `s` samples, `c` of them right, `p_k` predicted
 * as class k and `t_k` of it; 0 where predictions or labels are all of one class.
 *
 * @param predictions `[n]` class of each sample, n >= 1
 * @param labels `[n]`, each 0 or more
 * @returns in `[-1, 1]`; 0 is chance
 * @throws ShapeError where the lengths differ or there is no sample; DataError for what is no class
 * Source: Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006; `sklearn.metrics.matthews_corrcoef`.
 */
export function matthewsCorrelation(predictions: Int32Array, labels: Int32Array): number {
  checkPredictions('matthewsCorrelation', predictions, labels);
  const { data, shape } = confusionMatrix(predictions, labels);
  const classes = shape[0]!;
  const samples = labels.length;
  let [right, crossed, predictedSquares, trueSquares] = [0, 0, 0, 0];
  for (let c = 0; c < classes; c++) {
    let [predicted, actual] = [0, 0];
    for (let other = 0; other < classes; other++) {
      actual += data[c * classes + other]!;
      predicted += data[other * classes + c]!;
    }
    right += data[c * classes + c]!;
    crossed += predicted * actual;
    predictedSquares += predicted ** 2;
    trueSquares += actual ** 2;
  }
  const spread = (samples ** 2 - predictedSquares) * (samples ** 2 - trueSquares);
  return spread === 0 ? 0 : (right * samples - crossed) / Math.sqrt(spread);
}
