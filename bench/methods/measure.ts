import { type NdArray, randomKey } from '@selfsup/ssl-core';
import { effectiveRank } from '@selfsup/ssl-losses';
import { gatherRows, knnClassify, labelDraws, linearProbe } from '@selfsup/ssl-transfer';
import { countsOf } from './counts-of.js';
import type { Figures } from './rows.js';

/** Draws of labels by their number per class. */
const draws = { probe10: [10, 5], probe60: [60, 3], probe600: [600, 1] } as const;

/** Features `[n, d]` of the sets. */
export interface Features {
  readonly train: NdArray<Float32Array>;
  readonly trainLabels: Int32Array;
  readonly test: NdArray<Float32Array>;
  readonly testLabels: Int32Array;
  /** Row by row what the test pictures show. */
  readonly gallery?: NdArray<Float32Array>;
}

/**
 * What features are worth.
 *
 * @param which `few`, for searches, leaves out the probes with many labels, which take most of the time
 */
export async function measure(features: Features, which: 'all' | 'few' = 'all'): Promise<Figures> {
  const { train, trainLabels, test, testLabels, gallery } = features;
  const shared = { test, testLabels };
  const { accuracy: knn } = await knnClassify({ train, trainLabels, ...shared });
  const probe = (name: keyof typeof draws): number => {
    const [perClass, count] = draws[name];
    const accuracies = labelDraws(trainLabels, perClass, count, randomKey(1)).map(
      (rows) =>
        linearProbe({
          train: gatherRows(train, rows),
          trainLabels: Int32Array.from(rows, (row) => trainLabels[row]!),
          reference: train,
          ...shared,
        }).accuracy!,
    );
    return accuracies.reduce((sum, accuracy) => sum + accuracy) / count;
  };
  const least = Math.min(...countsOf(trainLabels));
  return {
    knn: knn!,
    probe10: probe('probe10'),
    ...(which === 'few' ? {} : { probe60: probe('probe60') }),
    ...(which === 'few' || least < 600 ? {} : { probe600: probe('probe600') }),
    ...(gallery === undefined ? {} : { found: await foundIn(gallery, test) }),
    rank: await effectiveRank(test),
  };
}

/** Share of rows whose nearest row of the gallery, by direction, has the same number. */
async function foundIn(gallery: NdArray<Float32Array>, queries: NdArray<Float32Array>): Promise<number> {
  const numbers = Int32Array.from({ length: gallery.shape[0]! }, (_, row) => row);
  const { accuracy } = await knnClassify({
    train: gallery,
    trainLabels: numbers,
    test: queries,
    testLabels: numbers,
    k: 1,
  });
  return accuracy!;
}
