import { DataError, ndArray, type NdArray } from '@selfsup/ssl-tensor/host';
import type { Collate } from './text-example-loader.js';

type Ints = NdArray<Int32Array>;
type Floats = NdArray<Float32Array>;

/** Label of what has none, as Hugging Face's collators mark it. */
const none = -100;

/** 1 for the rows of a batch that are examples: `[batch]`. */
function rowWeights(rows: number, batchSize: number): Floats {
  return ndArray(new Float32Array(batchSize).fill(1, 0, rows), [batchSize]);
}

/** Rows of numbers of one length, the rest filled: `[batch, width]`. */
function block(where: string, targets: readonly ArrayLike<number>[], batchSize: number, fill: number): Floats {
  const width = targets[0]?.length ?? 1;
  const data = new Float32Array(batchSize * width).fill(fill);
  targets.forEach((target, index) => {
    if (target.length !== width)
      throw new DataError(
        `${where}: every example must have ${width} numbers as the first one has, got ${target.length}`,
      );
    data.set(target, index * width);
  });
  return ndArray(data, [batchSize, width]);
}

/** A class of each text, for `SequenceClassification`. */
export const classTargets: Collate<number, { readonly labels: Ints; readonly weights: Floats }> = (
  targets,
  { batchSize },
) => {
  const labels = new Int32Array(batchSize);
  labels.set(targets);
  return { labels: ndArray(labels, [batchSize]), weights: rowWeights(targets.length, batchSize) };
};

/** A label of each token, -100 = none, for `TokenClassification`. */
export const tokenTargets: Collate<ArrayLike<number>, { readonly labels: Ints }> = (targets, { batchSize, length }) => {
  const labels = new Int32Array(batchSize * length).fill(none);
  targets.forEach((target, index) => {
    if (target.length > length)
      throw new DataError(`tokenTargets: an example has ${target.length} labels, more than tokens`);
    labels.set(target, index * length);
  });
  return { labels: ndArray(labels, [batchSize, length]) };
};

/** A bit for each label of a text, -100 or -1 = not known, for `MultiLabelClassification`. */
export const labelTargets: Collate<ArrayLike<number>, { readonly labels: Floats; readonly weights: Floats }> = (
  targets,
  { batchSize },
) => ({
  labels: block('labelTargets', targets, batchSize, none),
  weights: rowWeights(targets.length, batchSize),
});

/** Numbers of each text, for `SequenceRegression`. */
export const numberTargets: Collate<ArrayLike<number>, { readonly targets: Floats; readonly weights: Floats }> = (
  targets,
  { batchSize },
) => ({
  targets: block('numberTargets', targets, batchSize, 0),
  weights: rowWeights(targets.length, batchSize),
});

/** First and last token of each answer, for `QuestionAnswering`. */
export const spanTargets: Collate<
  { readonly start: number; readonly end: number },
  { readonly startPositions: Ints; readonly endPositions: Ints }
> = (targets, { batchSize }) => {
  const positions = (of: (target: { readonly start: number; readonly end: number }) => number): Ints => {
    const data = new Int32Array(batchSize).fill(none);
    targets.forEach((target, index) => (data[index] = of(target)));
    return ndArray(data, [batchSize]);
  };
  return { startPositions: positions(({ start }) => start), endPositions: positions(({ end }) => end) };
};
