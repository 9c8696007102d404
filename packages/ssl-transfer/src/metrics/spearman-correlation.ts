import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/**
 * Spearman's correlation: Pearson's of the ranks, equal values with the mean of theirs.
 *
 * @param a `[n]` finite numbers, n >= 2, such as similarities of embeddings
 * @param b `[n]`, such as similarities by people
 * @returns in `[-1, 1]`
 * @throws ShapeError where the lengths differ or are below 2; DataError for NaN, infinity, and numbers that are all equal,
 *   of which there is no correlation
 * Source: Spearman 1904; `scipy.stats.spearmanr`, which gives NaN for numbers that are all equal.
 */
export function spearmanCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const where = 'spearmanCorrelation';
  for (const [name, values] of Object.entries({ a, b }))
    if (typeof (values as ArrayLike<number> | undefined)?.length !== 'number' || typeof values === 'string')
      throw new InvalidOptionError(where, name, 'an array of numbers (the data of an NdArray or tensor)', values);
  if (a.length !== b.length || a.length < 2)
    throw new ShapeError(where, 'b', `[${a.length}] like a, and 2 or more`, `[${b.length}]`);
  const [x, y] = [centredRanks(where, 'a', a), centredRanks(where, 'b', b)];
  let [both, xs, ys] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    both += x[i]! * y[i]!;
    xs += x[i]! ** 2;
    ys += y[i]! ** 2;
  }
  for (const [name, squares] of [
    ['a', xs],
    ['b', ys],
  ] as const)
    if (squares === 0)
      throw new DataError(
        `${where}: all numbers of ${name} are equal, so they correlate with nothing; look for what made them so, such as features that have collapsed`,
      );
  return both / Math.sqrt(xs * ys);
}

/** Ranks less their mean. */
function centredRanks(where: string, name: string, values: ArrayLike<number>): Float64Array {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]))
      throw new DataError(`${where}: ${name} holds ${values[i]} at ${i}; every number must be finite`);
  const order = Array.from(values, (_, index) => index).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + end - 1) / 2 - (values.length - 1) / 2;
    start = end;
  }
  return ranks;
}
