import * as tf from '@tensorflow/tfjs-core';
import { blockwise } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Schedule } from '../schedules/schedule.js';
import { checkBetas } from './check-betas.js';
import { decayMatrices, type DecayFilter } from './decay-filter.js';
import {
  decaySetting,
  Optimizer,
  type OptimizerSettings,
  type UpdatedVectors,
  type VectorUpdate,
} from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of {@link Lion}. */
export interface LionOptions {
  /** Shares of the moment in the step and in the next moment, each in [0, 1). */
  readonly betas?: readonly [number, number];
  /** Decoupled; a number for all steps, or by step. */
  readonly weightDecay?: number | Schedule;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
}

const lionOptionNames: OptionNames<LionOptions> = {
  betas: 'optional',
  weightDecay: 'optional',
  decayFilter: 'optionalFunction',
};

/** timm's defaults; biases and norm scales do not decay. */
export const lionDefaults = {
  betas: [0.9, 0.99],
  weightDecay: 0,
  decayFilter: decayMatrices,
} as const satisfies LionOptions;

/**
 * Steps by the sign alone: `p -= rate * (weightDecay * p + sign(beta1 * m + (1 - beta1) * g))`, then
 * `m = beta2 * m + (1 - beta2) * g`. Wants a learning rate three to ten times smaller than AdamW's.
 *
 * Source: Chen et al. 2023, arXiv 2302.06675; timm's `Lion`.
 *
 * @throws InvalidOptionError for options out of range
 */
export class Lion extends Optimizer {
  readonly settings: OptimizerSettings;
  readonly #betas: readonly [number, number];

  constructor(groups: readonly ParameterGroup[], options: LionOptions = {}) {
    const { betas, weightDecay, decayFilter } = { ...lionDefaults, ...checkOptions('Lion', options, lionOptionNames) };
    checkBetas('Lion', betas);
    super(groups, { weightDecay, filter: decayFilter }, ['first_moment']);
    this.#betas = betas;
    this.settings = { optimizer: 'Lion', beta1: betas[0], beta2: betas[1], weightDecay: decaySetting(weightDecay) };
  }

  protected override byUpdates(): readonly tf.Tensor1D[] {
    return [];
  }

  protected update({ parameters: whole, gradients, slots: given, rate, weightDecay }: VectorUpdate): UpdatedVectors {
    const [beta1, beta2] = this.#betas;
    const keep = weightDecay === undefined ? [] : [tf.sub(1, tf.mul(rate, weightDecay))];
    const operands = [whole, gradients, ...given, rate, ...keep];
    const [parameters, ...slots] = blockwise(operands, (...[p, g, m, size, kept]) => {
      const direction = tf.sign(tf.add(tf.mul(m!, beta1), tf.mul(g!, 1 - beta1)));
      const decayed = kept === undefined ? p! : tf.mul(p!, kept);
      return [tf.sub(decayed, tf.mul(direction, size!)), tf.add(tf.mul(m!, beta2), tf.mul(g!, 1 - beta2))];
    });
    return { parameters: parameters!, slots };
  }
}
