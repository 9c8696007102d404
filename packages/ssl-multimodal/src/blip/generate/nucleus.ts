import { foldIn, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import type { Choose } from './one-by-one.js';

/**
 * Draws from the fewest likeliest tokens whose probabilities add up to `topP` or more. The draw depends on key, picture and
 * place alone.
 *
 * @param first number of the first picture of the batch
 *
 * Source: Holtzman et al. 2020, arXiv 1904.09751, section 3.1.
 */
export function nucleus(topP: number, key: RandomKey, first: number): Choose {
  return (scores, picture, length) => {
    const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
    const total = order.reduce((sum, id) => sum + Math.exp(scores[id]!), 0);
    const kept: number[] = [];
    let mass = 0;
    for (const id of order) {
      kept.push(id);
      mass += Math.exp(scores[id]!);
      if (mass >= topP * total) break;
    }
    let left = new RandomStream(foldIn(foldIn(key, first + picture), length)).uniform(0, mass);
    for (const id of kept) {
      left -= Math.exp(scores[id]!);
      if (left < 0) return id;
    }
    return kept.at(-1)!;
  };
}
