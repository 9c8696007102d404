import type { NdArray } from '@selfsup/ssl-core';
import { gatherRows, nearestNeighbours } from '@selfsup/ssl-transfer';
import { pngDataUri } from './png-data-uri.js';
import type { NeighboursResult, ShownImage } from './results.js';
import type { LabelledImages } from './vision-data.js';

/** Test images among which the shown ones are chosen. */
const candidates = 500;

/** What the neighbours of a few test images are shown from. */
export interface NeighboursOptions {
  readonly train: LabelledImages;
  readonly trainFeatures: NdArray<Float32Array>;
  readonly test: LabelledImages;
  readonly testFeatures: NdArray<Float32Array>;
  readonly queries: number;
  readonly neighbours: number;
}

/**
 * Neighbours of a few test images. The first half of the queries are the first images of different classes; the others
 * are the first ones that have a neighbour of another class, for otherwise hardly a mistake would be seen.
 */
export async function showNeighbours({
  train,
  trainFeatures,
  test,
  testFeatures,
  queries,
  neighbours,
}: NeighboursOptions): Promise<NeighboursResult> {
  const count = Math.min(candidates, test.labels.length);
  const k = Math.min(neighbours, train.labels.length);
  const some = gatherRows(
    testFeatures,
    Array.from({ length: count }, (_, row) => row),
  );
  const { indexes, similarities } = await nearestNeighbours(some, trainFeatures, k);
  const neighboursOf = (row: number): number[] => Array.from(indexes.data.subarray(row * k, (row + 1) * k));
  const isMixed = (row: number): boolean => neighboursOf(row).some((other) => train.labels[other] !== test.labels[row]);

  const rows = chooseQueries(test.labels.subarray(0, count), queries, isMixed);
  const show = async ({ images, labels }: LabelledImages, row: number): Promise<ShownImage> => ({
    image: await pngDataUri(images, row),
    label: labels[row]!,
  });
  return {
    queries: await Promise.all(
      rows.map(async (row) => ({
        ...(await show(test, row)),
        neighbours: await Promise.all(
          neighboursOf(row).map(async (other, i) => ({
            ...(await show(train, other)),
            similarity: similarities.data[row * k + i]!,
          })),
        ),
      })),
    ),
  };
}

/** Rows to show, see {@link showNeighbours}. */
export function chooseQueries(labels: Int32Array, queries: number, isMixed: (row: number) => boolean): number[] {
  const chosen: number[] = [];
  const seen = new Set<number>();
  const take = (limit: number, wanted: (row: number) => boolean): void => {
    for (let row = 0; row < labels.length && chosen.length < limit; row++) {
      if (chosen.includes(row) || !wanted(row)) continue;
      chosen.push(row);
      seen.add(labels[row]!);
    }
  };
  take(Math.ceil(queries / 2), (row) => !seen.has(labels[row]!));
  take(queries, isMixed);
  take(queries, () => true);
  return chosen;
}
