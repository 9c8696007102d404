import * as tf from '@tensorflow/tfjs-core';
import { blockwise } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
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
import { undampened } from './undampened.js';

/** Options of {@link Lars}. */
export interface LarsOptions {
  /** In [0, 1]. */
  readonly momentum?: number;
  /** Part of the gradient that does not enter the momentum (after the first step), in [0, 1]. */
  readonly dampening?: number;
  /** Nesterov's momentum; wants momentum > 0 and dampening 0. */
  readonly nesterov?: boolean;
  /** Coupled; a number for all steps, or by step. */
  readonly weightDecay?: number | Schedule;
  /** Factor on the ratio of the norms. */
  readonly trustCoefficient?: number;
  /** Added to the divisor of that ratio. */
  readonly epsilon?: number;
  /** Holds the rate of a parameter, learning rate times ratio, at 1 or less (LARC). */
  readonly trustClip?: boolean;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
  /** Which parameters' steps are scaled by their norms; the others take plain momentum. */
  readonly adaptFilter?: DecayFilter;
}

const larsOptionNames: OptionNames<LarsOptions> = {
  momentum: 'optionalNumber',
  dampening: 'optionalNumber',
  nesterov: 'optionalFlag',
  weightDecay: 'optional',
  trustCoefficient: 'optionalNumber',
  epsilon: 'optionalNumber',
  trustClip: 'optionalFlag',
  decayFilter: 'optionalFunction',
  adaptFilter: 'optionalFunction',
};

/** Lightly's defaults, but for momentum (0 there) and the exclusions, which there are groups without decay. */
export const larsDefaults = {
  momentum: 0.9,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
  trustCoefficient: 0.001,
  epsilon: 1e-8,
  trustClip: false,
  decayFilter: decayMatrices,
  adaptFilter: decayMatrices,
} as const satisfies LarsOptions;

/**
 * Momentum with a rate per parameter: `g = (g + weightDecay * p) * trust * |p| / (|g| + weightDecay * |p| + epsilon)`,
 * then as `Sgd`. Where either norm is 0 the gradient is taken as it is. Biases and norm scales neither adapt nor decay.
 *
 * Source: You, Gitman and Ginsburg 2017, arXiv 1708.03888; lightly's `LARS` (which adapts what decays);
 * `trustClip` as in timm's `Lars`.
 *
 * @throws InvalidOptionError for options out of range
 */
export class Lars extends Optimizer {
  readonly settings: OptimizerSettings;
  readonly #options: Required<LarsOptions>;

  constructor(groups: readonly ParameterGroup[], options: LarsOptions = {}) {
    const all = { ...larsDefaults, ...checkOptions('Lars', options, larsOptionNames) };
    const { momentum, dampening, nesterov, weightDecay, trustCoefficient, epsilon, trustClip } = all;
    checkNumber('Lars', 'momentum', momentum, 0, 1);
    checkNumber('Lars', 'dampening', dampening, 0, 1);
    checkNumber('Lars', 'trustCoefficient', trustCoefficient, 0);
    checkNumber('Lars', 'epsilon', epsilon, 0);
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new InvalidOptionError('Lars', 'nesterov', 'false, or true with momentum > 0 and dampening 0', nesterov);
    super(
      groups,
      { weightDecay, filter: all.decayFilter, adaptFilter: all.adaptFilter },
      momentum === 0 ? [] : ['velocity'],
    );
    this.#options = all;
    const numbers = { momentum, dampening, nesterov, trustCoefficient, epsilon, trustClip };
    this.settings = { optimizer: 'Lars', ...numbers, weightDecay: decaySetting(weightDecay) };
  }

  protected override byUpdates(updates: tf.Tensor1D): readonly tf.Tensor1D[] {
    return undampened(this.#options.dampening, updates);
  }

  protected update(vectors: VectorUpdate): UpdatedVectors {
    const { momentum, dampening, nesterov } = this.#options;
    const [share = tf.scalar(1)] = vectors.byUpdates.map((shares) =>
      spread(shares, vectors.sizes, vectors.parameters.size),
    );
    const { ratio, decay } = this.#factors(vectors);
    const operands = [vectors.parameters, vectors.gradients, vectors.rate, share, ratio, decay, ...vectors.slots];
    const [parameters, ...slots] = blockwise(operands, (...[p, gradient, rate, part, factor, kept, slot]) => {
      const g = tf.mul(tf.add(gradient!, tf.mul(p!, kept!)), factor!);
      if (slot === undefined) return [tf.sub(p!, tf.mul(g, rate!))];
      const velocity = tf.add(tf.mul(slot, momentum), dampening === 0 ? g : tf.mul(g, part!));
      const direction = nesterov ? tf.add(g, tf.mul(velocity, momentum)) : velocity;
      return [tf.sub(p!, tf.mul(direction, rate!)), velocity];
    });
    return { parameters: parameters!, slots };
  }

  /** What the gradient is multiplied by, and the decay added to it before: per element, or one for all. */
  #factors({ parameters, gradients, sizes, adapts, rate, weightDecay }: VectorUpdate): {
    ratio: tf.Tensor;
    decay: tf.Tensor;
  } {
    const decay = weightDecay ?? tf.scalar(0);
    if (!adapts) return { ratio: tf.scalar(1), decay };
    const { trustCoefficient, epsilon, trustClip } = this.#options;
    const [p, g] = squaredNorms([parameters, gradients], sizes).map((squares) => tf.sqrt(squares));
    const ratio = tf.div(tf.mul(p!, trustCoefficient), tf.add(tf.add(g!, tf.mul(p!, decay)), epsilon));
    const isAdapted = tf.logicalAnd(tf.greater(p!, 0), tf.greater(g!, 0));
    const adapted = tf.where(isAdapted, ratio, tf.onesLike(ratio));
    const perElement = (values: tf.Tensor): tf.Tensor => spread(values as tf.Tensor1D, sizes, parameters.size);
    return {
      ratio: perElement(trustClip ? tf.minimum(tf.div(adapted, rate), 1) : adapted),
      decay: perElement(tf.mul(tf.cast(isAdapted, 'float32'), decay)),
    };
  }
}
