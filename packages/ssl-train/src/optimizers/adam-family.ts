import * as tf from '@tensorflow/tfjs-core';
import { blockwise } from '@selfsup/ssl-tensor';
import { type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
import { biasCorrection } from './bias-correction.js';
import { checkBetas } from './check-betas.js';
import type { DecayFilter } from './decay-filter.js';
import {
  decaySetting,
  Optimizer,
  type OptimizerSettings,
  type UpdatedVectors,
  type VectorUpdate,
} from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Decay rates of the two moments, each in [0, 1). */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment. */
  readonly epsilon?: number;
  /** A number for all steps, or by step. */
  readonly weightDecay?: number | Schedule;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
}

/** Names of {@link AdamOptions}. */
export const adamOptionNames: OptionNames<AdamOptions> = {
  betas: 'optional',
  epsilon: 'optionalNumber',
  weightDecay: 'optional',
  decayFilter: 'optionalFunction',
};

/**
 * What Adam and AdamW share.
 *
 * The slots hold sums rather than means: `m = beta1 * m + g`, `v = beta2 * v + g * g`, which are the usual moments
 * divided by `1 - beta`. The division, both bias corrections and the learning rate are folded into two scalars per
 * step (`stepSize`, `epsilon`), which spares two passes over every parameter:
 * `p -= stepSize * m / (sqrt(v) + epsilon)`.
 */
export abstract class AdamFamily extends Optimizer {
  readonly settings: OptimizerSettings;
  readonly #betas: readonly [number, number];
  readonly #epsilon: number;
  readonly #decoupled: boolean;

  protected constructor(
    name: string,
    groups: readonly ParameterGroup[],
    options: Required<AdamOptions>,
    decoupled: boolean,
  ) {
    super(groups, { weightDecay: options.weightDecay, filter: options.decayFilter }, ['first_moment', 'second_moment']);
    const { betas, epsilon, weightDecay } = options;
    checkBetas(name, betas);
    checkNumber(name, 'epsilon', epsilon, 0);
    this.#betas = betas;
    this.#epsilon = epsilon;
    this.#decoupled = decoupled;
    this.settings = {
      optimizer: name,
      beta1: betas[0],
      beta2: betas[1],
      epsilon,
      weightDecay: decaySetting(weightDecay),
    };
  }

  protected update(vectors: VectorUpdate, step: tf.Scalar): UpdatedVectors {
    const { rate, weightDecay } = vectors;
    const [beta1, beta2] = this.#betas;
    const correction1 = biasCorrection(beta1, step);
    const correction2 = tf.sqrt(tf.div(biasCorrection(beta2, step), 1 - beta2));
    const stepSize = tf.mul(rate, tf.div(tf.mul(correction2, 1 - beta1), correction1));
    const epsilon = tf.mul(correction2, this.#epsilon);
    // What the decay multiplies a parameter by: the rest of it, or its part of the gradient.
    const decay =
      weightDecay === undefined ? [] : [this.#decoupled ? tf.sub(1, tf.mul(rate, weightDecay)) : weightDecay];
    const operands = [vectors.parameters, vectors.gradients, ...vectors.slots, stepSize, epsilon, ...decay];
    const [parameters, ...slots] = blockwise(operands, (...[p, gradient, first, second, size, smallest, kept]) => {
      const g = this.#decoupled || kept === undefined ? gradient! : tf.add(gradient!, tf.mul(p!, kept));
      const m = tf.add(tf.mul(first!, beta1), g);
      const v = tf.add(tf.mul(second!, beta2), tf.mul(g, g));
      const change = tf.mul(tf.div(m, tf.add(tf.sqrt(v), smallest!)), size!);
      const decayed = this.#decoupled && kept !== undefined ? tf.mul(p!, kept) : p!;
      return [tf.sub(decayed, change), m, v];
    });
    return { parameters, slots };
  }
}
