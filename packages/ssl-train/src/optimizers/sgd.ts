import * as tf from '@tensorflow/tfjs-core';
import { blockwise } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
import { decayEverything, type DecayFilter } from './decay-filter.js';
import {
  decaySetting,
  Optimizer,
  type OptimizerSettings,
  type UpdatedVectors,
  type VectorUpdate,
} from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';
import { spread } from './parameter-norms.js';
import { undampened } from './undampened.js';

/** Options of {@link Sgd}. */
export interface SgdOptions {
  /** In [0, 1]. */
  readonly momentum?: number;
  /** Part of the gradient that does not enter the momentum (after the first step), in [0, 1]. */
  readonly dampening?: number;
  /** Nesterov's momentum; wants momentum > 0 and dampening 0. */
  readonly nesterov?: boolean;
  /** Coupled: `weightDecay * parameter` is added to the gradient. */
  readonly weightDecay?: number | Schedule;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
}

const sgdOptionNames: OptionNames<SgdOptions> = {
  momentum: 'optionalNumber',
  dampening: 'optionalNumber',
  nesterov: 'optionalFlag',
  weightDecay: 'optional',
  decayFilter: 'optionalFunction',
};

/** PyTorch's defaults of `torch.optim.SGD`. */
export const sgdDefaults = {
  momentum: 0,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
  decayFilter: decayEverything,
} as const satisfies SgdOptions;

/**
 * Stochastic gradient descent: `g += weightDecay * p; v = momentum * v + (1 - dampening) * g; p -= rate * v`, with
 * `p -= rate * (g + momentum * v)` for Nesterov's form. A parameter's first step takes `v = g`.
 *
 * Source: Sutskever et al. 2013; `torch.optim.SGD`.
 *
 * @throws InvalidOptionError for options out of range
 */
export class Sgd extends Optimizer {
  readonly settings: OptimizerSettings;
  readonly #options: Required<SgdOptions>;

  constructor(groups: readonly ParameterGroup[], options: SgdOptions = {}) {
    const all = { ...sgdDefaults, ...checkOptions('Sgd', options, sgdOptionNames) };
    checkNumber('Sgd', 'momentum', all.momentum, 0, 1);
    checkNumber('Sgd', 'dampening', all.dampening, 0, 1);
    if (all.nesterov && (all.momentum === 0 || all.dampening !== 0))
      throw new InvalidOptionError('Sgd', 'nesterov', 'false, or true with momentum > 0 and dampening 0', all.nesterov);
    super(groups, { weightDecay: all.weightDecay, filter: all.decayFilter }, all.momentum === 0 ? [] : ['velocity']);
    this.#options = all;
    this.settings = {
      optimizer: 'Sgd',
      momentum: all.momentum,
      dampening: all.dampening,
      nesterov: all.nesterov,
      weightDecay: decaySetting(all.weightDecay),
    };
  }

  protected override byUpdates(updates: tf.Tensor1D): readonly tf.Tensor1D[] {
    return undampened(this.#options.dampening, updates);
  }

  protected update(vectors: VectorUpdate): UpdatedVectors {
    const { momentum, dampening, nesterov } = this.#options;
    const { rate, weightDecay } = vectors;
    const decay = weightDecay ?? tf.scalar(0);
    const [share = tf.scalar(1)] = vectors.byUpdates.map((shares) =>
      spread(shares, vectors.sizes, vectors.parameters.size),
    );
    const operands = [vectors.parameters, vectors.gradients, rate, share, decay, ...vectors.slots];
    const [parameters, ...slots] = blockwise(operands, (...[p, gradient, size, part, decayPart, slot]) => {
      const decayed = weightDecay === undefined ? gradient! : tf.add(gradient!, tf.mul(p!, decayPart!));
      if (slot === undefined) return [tf.sub(p!, tf.mul(decayed, size!))];
      const velocity = tf.add(tf.mul(slot, momentum), dampening === 0 ? decayed : tf.mul(decayed, part!));
      const direction = nesterov ? tf.add(decayed, tf.mul(velocity, momentum)) : velocity;
      return [tf.sub(p!, tf.mul(direction, size!)), velocity];
    });
    return { parameters: parameters!, slots };
  }
}
