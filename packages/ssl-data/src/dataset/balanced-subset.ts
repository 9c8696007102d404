import { checkCount, DataError, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import { classMembers } from './class-members.js';

/**
 * Draws the same number of samples from every class, for evaluation with few labels.
 *
 * @param labels `[n]` classes; -1 = no label, never drawn
 * @param perClass samples per class
 * @param key the draw; the same key gives the same samples
 * @returns indices `[classes * perClass]`, class by class in ascending order, each class in random order
 * @throws DataError when a class has fewer samples, for a label that is neither a class nor -1, InvalidOptionError
 */
export function balancedSubset(labels: ArrayLike<number>, perClass: number, key: RandomKey): Int32Array {
  checkCount('balancedSubset', { perClass });
  const random = new RandomStream(key);
  const chosen: number[] = [];
  for (const [label, list] of classMembers('balancedSubset', labels)) {
    if (list.length < perClass)
      throw new DataError(`class ${label} has ${list.length} samples, ${perClass} were asked for; lower perClass`);
    const order = random.permutation(list.length);
    for (let i = 0; i < perClass; i++) chosen.push(list[order[i]!]!);
  }
  return Int32Array.from(chosen);
}
