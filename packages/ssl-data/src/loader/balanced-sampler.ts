import {
  checkInteger,
  checkOptions,
  DataError,
  foldIn,
  type OptionNames,
  randomKey,
  RandomStream,
} from '@selfsup/ssl-core';
import { classMembers } from '../dataset/class-members.js';
import type { Sampler } from './sampler.js';

export interface BalancedSamplerOptions {
  /** Seed of all orders. Default 0. */
  readonly seed?: number;
  /** Samples of each class in an epoch. Default: labelled samples / classes, rounded. */
  readonly samplesPerClass?: number;
}

const balancedSamplerOptionNames: OptionNames<BalancedSamplerOptions> = {
  seed: 'optionalNumber',
  samplesPerClass: 'optionalNumber',
};

/**
 * Every class equally often per epoch, in an order drawn from (seed, epoch).
 *
 * Within a class no sample comes twice before all others came once: a large class shows another part of itself each
 * epoch, a small one shows each sample several times, each time with views of its own.
 *
 * @param labels `[n]` classes; -1 = no label, never drawn
 * @throws DataError when no sample has a class, InvalidOptionError
 */
export function balancedSampler(labels: ArrayLike<number>, options: BalancedSamplerOptions = {}): Sampler {
  checkOptions('balancedSampler', options, balancedSamplerOptionNames);
  const { seed = 0 } = options;
  checkInteger('balancedSampler', 'seed', seed);
  const classes = [...classMembers('balancedSampler', labels).values()];
  if (classes.length === 0) throw new DataError('no sample has a class; pass labels of 0 or more');
  const labelled = classes.reduce((total, members) => total + members.length, 0);
  const { samplesPerClass = Math.round(labelled / classes.length) } = options;
  const most = Math.floor((2 ** 31 - 1) / classes.length);
  checkInteger('balancedSampler', 'samplesPerClass', samplesPerClass, 1, most);
  const key = foldIn(randomKey(seed), 'balanced order');
  return {
    length: classes.length * samplesPerClass,
    indices: (epoch) => {
      const random = new RandomStream(foldIn(key, epoch));
      const drawn = new Int32Array(classes.length * samplesPerClass);
      classes.forEach((members, number) => {
        let order = random.permutation(members.length);
        for (let i = 0; i < samplesPerClass; i++) {
          const at = i % members.length;
          if (i > 0 && at === 0) order = random.permutation(members.length);
          drawn[number * samplesPerClass + i] = members[order[at]!]!;
        }
      });
      return Int32Array.from(random.permutation(drawn.length), (at) => drawn[at]!);
    },
  };
}
