import { DataError, InvalidOptionError, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import { classMembers } from './class-members.js';

/**
 * Draws the same part of every class, for training or evaluation with 1, 10 or 20 % of the labels.
 *
 * A class of m samples gives `max(1, round(fraction m))`. With the same key, a smaller part lies within a larger one.
 *
 * @param labels `[n]` classes; -1 = no label, never drawn
 * @param fraction in (0, 1]
 * @param key the draw; the same key gives the same samples
 * @returns indices, class by class in ascending order, each class in random order
 * @throws DataError when no sample has a class, InvalidOptionError
 * Source: the protocol of SimCLR (arXiv 2002.05709), section 4.2: 'sample 1% or 10% of the labeled ILSVRC-12 training
 * datasets in a class-balanced way'. Deviates: the samples are drawn, not read from its published lists.
 */
export function fractionSubset(labels: ArrayLike<number>, fraction: number, key: RandomKey): Int32Array {
  if (!(fraction > 0 && fraction <= 1))
    throw new InvalidOptionError('fractionSubset', 'fraction', 'in (0, 1]', fraction);
  const random = new RandomStream(key);
  const chosen: number[] = [];
  for (const list of classMembers('fractionSubset', labels).values()) {
    const order = random.permutation(list.length);
    const count = Math.max(1, Math.round(fraction * list.length));
    for (let i = 0; i < count; i++) chosen.push(list[order[i]!]!);
  }
  if (chosen.length === 0) throw new DataError('no sample has a class; pass labels of 0 or more');
  return Int32Array.from(chosen);
}
