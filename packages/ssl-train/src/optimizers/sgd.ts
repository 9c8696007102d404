import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from 'ssl-tensor/host';
import { checkNumber } from '../schedules/option-checks.js';
import { decayEverything, type DecayFilter } from './decay-filter.js';
import { Optimizer, type OptimizerSettings, type ParameterUpdate } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';
import { sharedScalars } from './shared-scalars.js';

/** Options of {@link Sgd}. */
export interface SgdOptions {
  /** In [0, 1]. */
  readonly momentum?: number;
  /** Part of the gradient that does not enter the momentum (after the first step), in [0, 1]. */
  readonly dampening?: number;
  /** Nesterov's momentum; wants momentum > 0 and dampening 0. */
  readonly nesterov?: boolean;
  /** Coupled: `weightDecay * parameter` is added to the gradient. */
  readonly weightDecay?: number;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
}

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
 * `p -= rate * (g + momentum * v)` for Nesterov's form. The first step takes `v = g`.
 *
 * Source: Sutskever et al. 2013; `torch.optim.SGD`.
 *
 * @throws InvalidOptionError for options out of range
 */
export class Sgd extends Optimizer {
  readonly settings: OptimizerSettings;
  readonly #options: Required<SgdOptions>;
  readonly #velocity: readonly tf.Variable[];

  constructor(groups: readonly ParameterGroup[], options: SgdOptions = {}) {
    const all = { ...sgdDefaults, ...options };
    super(groups, { weightDecay: all.weightDecay, filter: all.decayFilter });
    checkNumber('Sgd', 'momentum', all.momentum, 0, 1);
    checkNumber('Sgd', 'dampening', all.dampening, 0, 1);
    if (all.nesterov && (all.momentum === 0 || all.dampening !== 0))
      throw new InvalidOptionError('Sgd', 'nesterov', 'false, or true with momentum > 0 and dampening 0', all.nesterov);
    this.#options = all;
    this.settings = {
      optimizer: 'Sgd',
      momentum: all.momentum,
      dampening: all.dampening,
      nesterov: all.nesterov,
      weightDecay: all.weightDecay,
    };
    this.#velocity = all.momentum === 0 ? [] : this.makeSlots('velocity');
  }

  protected update(updates: readonly ParameterUpdate[], learningRate: tf.Scalar, step: tf.Scalar): void {
    const { momentum, dampening, nesterov } = this.#options;
    const rate = sharedScalars((scale) => tf.mul(learningRate, scale));
    const share =
      momentum === 0 || dampening === 0
        ? undefined
        : tf.where(tf.equal(step, 1), tf.scalar(1), tf.scalar(1 - dampening));
    for (const { parameter, index, gradient } of updates) {
      const { variable, weightDecay, learningRateScale } = parameter;
      const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, weightDecay));
      let direction = decayed;
      if (momentum !== 0) {
        const slot = this.#velocity[index]!;
        const velocity = tf.add(tf.mul(slot, momentum), share === undefined ? decayed : tf.mul(decayed, share));
        slot.assign(velocity);
        direction = nesterov ? tf.add(decayed, tf.mul(velocity, momentum)) : velocity;
      }
      variable.assign(tf.sub(variable, tf.mul(direction, rate(learningRateScale))));
    }
  }
}
