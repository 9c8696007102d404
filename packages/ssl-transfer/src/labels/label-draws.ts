import { DataError, InvalidOptionError, RandomStream, foldIn } from 'ssl-tensor/host';
import type { RandomKey } from 'ssl-tensor/host';

/**
 * Random few-label subsets: `draws` times `perClass` indexes of every class, without replacement. The same key gives
 * the same draws, and draw `i` does not depend on how many draws follow.
 *
 * @param labels `[n]` class of each sample
 * @param perClass samples of each class
 * @param draws number of subsets
 * @returns `draws` arrays of `perClass x classes` indexes into `labels`, class by class
 * @throws DataError where a class has fewer than `perClass` samples
 */
export function labelDraws(labels: Int32Array, perClass: number, draws: number, key: RandomKey): Int32Array[] {
  for (const [option, value] of [['perClass', perClass], ['draws', draws]] as const) {
    if (!(Number.isInteger(value) && value > 0)) throw new InvalidOptionError('labelDraws', option, 'a positive integer', value);
  }
  const members = new Map<number, number[]>();
  labels.forEach((label, index) => {
    const list = members.get(label);
    if (list === undefined) members.set(label, [index]);
    else list.push(index);
  });
  const classes = [...members].sort(([a], [b]) => a - b);
  for (const [label, indexes] of classes) {
    if (indexes.length < perClass) {
      throw new DataError(`labelDraws: class ${label} has ${indexes.length} samples, fewer than the ${perClass} asked for; lower perClass`);
    }
  }
  return Array.from({ length: draws }, (_, draw) => {
    const chosen = classes.flatMap(([label, indexes]) => {
      const order = new RandomStream(foldIn(foldIn(key, draw), label)).permutation(indexes.length);
      return Array.from(order.subarray(0, perClass), (position) => indexes[position]!);
    });
    return Int32Array.from(chosen);
  });
}
