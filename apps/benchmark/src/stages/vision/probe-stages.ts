import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { gatherRows, knnClassify, labelDraws, linearProbe } from '@selfsup/ssl-transfer';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import type { BothFeatures } from './encoder-features.js';
import type { FewLabelResult } from './results.js';
import type { VisionData } from './vision-data.js';

/** Rows of the labelled training images, draw by draw; every method sees the same draws. */
export function drawLabels(data: VisionData, perClass: number, draws: number, key: RandomKey): Int32Array[] {
  return labelDraws(data.train.labels, perClass, draws, foldIn(foldIn(key, 'labels'), perClass));
}

/** Weighted kNN of all test images against all training images. */
export async function fullKnn({ knn }: VisionRecipe, data: VisionData, features: BothFeatures): Promise<number> {
  const { accuracy } = await knnClassify({
    train: features.train,
    trainLabels: data.train.labels,
    test: features.test,
    testLabels: data.test.labels,
    k: Math.min(knn.k, data.train.labels.length),
    temperature: knn.temperature,
  });
  return accuracy!;
}

/** Linear probes, standardised by all training features, which needs no label. */
export async function probeFewLabels(
  { linear }: VisionRecipe,
  data: VisionData,
  features: BothFeatures,
  key: RandomKey,
  onProgress?: (done: number, total: number) => void,
): Promise<FewLabelResult> {
  const draws: Record<string, number[]> = {};
  const total = linear.labelsPerClass.length * linear.draws;
  let done = 0;
  for (const perClass of linear.labelsPerClass) {
    const accuracies: number[] = [];
    for (const rows of drawLabels(data, perClass, linear.draws, key)) {
      accuracies.push(probe(data, features, rows, linear.l2).accuracy!);
      onProgress?.(++done, total);
      // Lets Ctrl-C through.
      await new Promise((resolve) => setImmediate(resolve));
    }
    draws[perClass] = accuracies;
  }
  return withMeans(draws);
}

/** A linear probe on one draw of labels. */
export function probe(
  data: VisionData,
  { train, test }: BothFeatures,
  rows: Int32Array,
  l2: number,
): ReturnType<typeof linearProbe> {
  return linearProbe({
    train: gatherRows(train, rows),
    trainLabels: rows.map((row) => data.train.labels[row]!),
    test,
    testLabels: data.test.labels,
    classes: data.classes.length,
    reference: train,
    l2,
  });
}

/** Adds the mean of each list of accuracies. */
export function withMeans(draws: Readonly<Record<string, readonly number[]>>): FewLabelResult {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    accuracy: Object.fromEntries(Object.entries(draws).map(([perClass, values]) => [perClass, mean(values)])),
    draws,
  };
}
