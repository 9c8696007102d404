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
import { spread } from './parameter-norms.js';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Decay rates of the two moments, each in [0, 1). */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment. */
  readonly epsilon?: number;
  /** Divides by the largest second moment so far (AMSGrad). */
  readonly amsgrad?: boolean;
  /** A number for all steps, or by step. */
  readonly weightDecay?: number | Schedule;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
}

/** Names of {@link AdamOptions}. */
export const adamOptionNames: OptionNames<AdamOptions> = {
  betas: 'optional',
  epsilon: 'optionalNumber',
  amsgrad: 'optionalFlag',
  weightDecay: 'optional',
  decayFilter: 'optionalFunction',
};

/**
 * What Adam and AdamW share.
 *
 * The slots hold sums rather than means: `m = beta1 * m + g`, `v = beta2 * v + g * g`, which are the usual moments
 * divided by `1 - beta`. The division, both bias corrections and the learning rate are folded into two scalars per
 * step and parameter (`stepSize`, `epsilon`), which spares two passes over every parameter:
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
    const { betas, epsilon, amsgrad, weightDecay } = options;
    checkBetas(name, betas);
    checkNumber(name, 'epsilon', epsilon, 0);
    const kinds = ['first_moment', 'second_moment', ...(amsgrad ? ['largest_second_moment'] : [])];
    super(groups, { weightDecay, filter: options.decayFilter }, kinds);
    this.#betas = betas;
    this.#epsilon = epsilon;
    this.#decoupled = decoupled;
    this.settings = {
      optimizer: name,
      beta1: betas[0],
      beta2: betas[1],
      epsilon,
      amsgrad,
      weightDecay: decaySetting(weightDecay),
    };
  }

  /** Step size per learning rate, and epsilon. */
  protected override byUpdates(updates: tf.Tensor1D): readonly tf.Tensor1D[] {
    const [beta1, beta2] = this.#betas;
    const correction = tf.sqrt(tf.div(biasCorrection(beta2, updates), 1 - beta2));
    const size = tf.div(tf.mul(correction, 1 - beta1), biasCorrection(beta1, updates));
    return [size, tf.mul(correction, this.#epsilon)] as tf.Tensor1D[];
  }

  protected update(vectors: VectorUpdate): UpdatedVectors {
    const { rate, weightDecay, byUpdates, sizes, parameters: whole } = vectors;
    const [beta1, beta2] = this.#betas;
    const [perRate, smallest] = byUpdates;
    const stepSize = spread(tf.mul(perRate!, rate), sizes, whole.size);
    const epsilon = spread(smallest!, sizes, whole.size);
    // What the decay multiplies a parameter by: the rest of it, or its part of the gradient.
    const decay = this.#decoupled ? tf.sub(1, tf.mul(rate, weightDecay ?? 0)) : (weightDecay ?? tf.scalar(0));
    const operands = [whole, vectors.gradients, stepSize, epsilon, decay, ...vectors.slots];
    const [parameters, ...slots] = blockwise(operands, (...[p, gradient, size, least, kept, ...moments]) => {
      const [first, second, largest] = moments;
      const isCoupled = !this.#decoupled && weightDecay !== undefined;
      const g = isCoupled ? tf.add(gradient!, tf.mul(p!, kept!)) : gradient!;
      const m = tf.add(tf.mul(first!, beta1), g);
      const v = tf.add(tf.mul(second!, beta2), tf.mul(g, g));
      const most = largest === undefined ? [] : [tf.maximum(largest, v)];
      const change = tf.mul(tf.div(m, tf.add(tf.sqrt(most[0] ?? v), least!)), size!);
      const decayed = this.#decoupled && weightDecay !== undefined ? tf.mul(p!, kept!) : p!;
      return [tf.sub(decayed, change), m, v, ...most];
    });
    return { parameters: parameters!, slots };
  }
}
