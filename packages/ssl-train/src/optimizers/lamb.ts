import * as tf from '@tensorflow/tfjs-core';
import { blockwise } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNumber, checkPositive } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
import { biasCorrection } from './bias-correction.js';
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
import { spread, squaredNorms } from './parameter-norms.js';

/** Options of {@link Lamb}. */
export interface LambOptions {
  /** Decay rates of the two moments, each in [0, 1). */
  readonly betas?: readonly [number, number];
  /** Added to the root of the second moment; more than 0, or an element without gradients would make a norm NaN. */
  readonly epsilon?: number;
  /** A number for all steps, or by step. */
  readonly weightDecay?: number | Schedule;
  /** Divides the moments by `1 - beta^step`. */
  readonly biasCorrection?: boolean;
  /** Holds the ratio of the norms at 1 or less (LAMBC). */
  readonly trustClip?: boolean;
  /** Norms of parameters above it count as it; 10 in torch_optimizer, as in the paper. */
  readonly maxWeightNorm?: number;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
  /** Which parameters' steps are scaled by their norms. */
  readonly adaptFilter?: DecayFilter;
}

const lambOptionNames: OptionNames<LambOptions> = {
  betas: 'optional',
  epsilon: 'optionalNumber',
  weightDecay: 'optional',
  biasCorrection: 'optionalFlag',
  trustClip: 'optionalFlag',
  maxWeightNorm: 'optionalNumber',
  decayFilter: 'optionalFunction',
  adaptFilter: 'optionalFunction',
};

/** timm's defaults without its clipping by the global norm, which is a gradient stage, `clipByGlobalNorm(1)`. */
export const lambDefaults = {
  betas: [0.9, 0.999],
  epsilon: 1e-6,
  weightDecay: 0.01,
  biasCorrection: true,
  trustClip: false,
  maxWeightNorm: Number.MAX_VALUE,
  decayFilter: decayMatrices,
  adaptFilter: decayMatrices,
} as const satisfies LambOptions;

/**
 * Adam with a rate per parameter: `u = m^ / (sqrt(v^) + epsilon) + weightDecay * p; p -= rate * u * |p| / |u|`. Where
 * either norm is 0 the step is taken as it is. Biases and norm scales neither adapt nor decay.
 *
 * Source: You et al. 2019, arXiv 1904.00962; timm's `Lamb` (which adapts what decays, and counts the updates of a group
 * where this counts a parameter's); with `biasCorrection: false` and `maxWeightNorm: 10` torch_optimizer's, whose
 * `debias` is a learning rate times `sqrt(1 - beta2^step) / (1 - beta1^step)`.
 *
 * @throws InvalidOptionError for options out of range
 */
export class Lamb extends Optimizer {
  readonly settings: OptimizerSettings;
  readonly #options: Required<LambOptions>;

  constructor(groups: readonly ParameterGroup[], options: LambOptions = {}) {
    const all = { ...lambDefaults, ...checkOptions('Lamb', options, lambOptionNames) };
    const { betas, epsilon, weightDecay, trustClip, maxWeightNorm } = all;
    checkBetas('Lamb', betas);
    checkPositive('Lamb', { epsilon });
    checkNumber('Lamb', 'maxWeightNorm', maxWeightNorm, 0);
    const decay = { weightDecay, filter: all.decayFilter, adaptFilter: all.adaptFilter };
    super(groups, decay, ['first_moment', 'second_moment']);
    this.#options = all;
    const numbers = { beta1: betas[0], beta2: betas[1], epsilon, trustClip, maxWeightNorm };
    const biasCorrected = all.biasCorrection;
    this.settings = {
      optimizer: 'Lamb',
      ...numbers,
      biasCorrection: biasCorrected,
      weightDecay: decaySetting(weightDecay),
    };
  }

  /** Both bias corrections, the root of the second. */
  protected override byUpdates(updates: tf.Tensor1D): readonly tf.Tensor1D[] {
    const { betas, biasCorrection: isCorrected } = this.#options;
    if (!isCorrected) return [];
    return [biasCorrection(betas[0], updates), tf.sqrt(biasCorrection(betas[1], updates))] as tf.Tensor1D[];
  }

  protected update(vectors: VectorUpdate): UpdatedVectors {
    const { betas, epsilon } = this.#options;
    const [beta1, beta2] = betas;
    const perElement = (values: tf.Tensor1D): tf.Tensor => spread(values, vectors.sizes, vectors.parameters.size);
    const [correction1 = tf.scalar(1), correction2 = tf.scalar(1)] = vectors.byUpdates.map(perElement);
    const decay = vectors.weightDecay ?? tf.scalar(0);
    const operands = [vectors.parameters, vectors.gradients, ...vectors.slots, correction1, correction2, decay];
    const [change, ...slots] = blockwise(operands, (...[p, g, first, second, divisor, root, kept]) => {
      const m = tf.add(tf.mul(first!, beta1), tf.mul(g!, 1 - beta1));
      const v = tf.add(tf.mul(second!, beta2), tf.mul(tf.mul(g!, g!), 1 - beta2));
      const adam = tf.div(tf.div(m, divisor!), tf.add(tf.div(tf.sqrt(v), root!), epsilon));
      return [tf.add(adam, tf.mul(p!, kept!)), m, v];
    });
    const size = tf.mul(vectors.rate, this.#ratio(vectors, change!));
    const [parameters] = blockwise([vectors.parameters, change!, size], (...[p, u, by]) => [
      tf.sub(p!, tf.mul(u!, by!)),
    ]);
    return { parameters, slots };
  }

  /** `|p| / |u|`, per element or one for all. */
  #ratio({ parameters, sizes, adapts }: VectorUpdate, change: tf.Tensor): tf.Tensor {
    if (!adapts) return tf.scalar(1);
    const { trustClip, maxWeightNorm } = this.#options;
    const [p, u] = squaredNorms([parameters, change], sizes).map((squares) => tf.sqrt(squares));
    const norm = maxWeightNorm < lambDefaults.maxWeightNorm ? tf.minimum(p!, maxWeightNorm) : p!;
    const isAdapted = tf.logicalAnd(tf.greater(norm, 0), tf.greater(u!, 0));
    const ratio = tf.where(isAdapted, tf.div(norm, u!), tf.onesLike(norm));
    return spread((trustClip ? tf.minimum(ratio, 1) : ratio) as tf.Tensor1D, sizes, parameters.size);
  }
}
