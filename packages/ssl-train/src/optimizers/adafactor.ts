import * as tf from '@tensorflow/tfjs-core';
import { blockwise } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkNonNegative, checkNumber, checkPositive, checkRate } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
import { decayMatrices, type DecayFilter } from './decay-filter.js';
import { factoredAxes, withoutAxis } from './factored-axes.js';
import { type Direction, factoredDirection } from './factored-direction.js';
import {
  decaySetting,
  Optimizer,
  type OptimizerSettings,
  type UpdatedVectors,
  type VectorUpdate,
} from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';
import { spread, squaredNorms } from './parameter-norms.js';
import type { SlotKind } from './slot.js';

/** Options of {@link Adafactor}. */
export interface AdafactorOptions {
  /**
   * Takes `min(0.01, 1 / sqrt(updates))` for the learning rate, times the run's: give the Trainer a `schedule` of 1.
   */
  readonly relativeStep?: boolean;
  /** With `relativeStep`: `1e-6 * updates` in place of 0.01, a warm-up of 10,000 steps. */
  readonly warmupInit?: boolean;
  /** Multiplies the learning rate by the root mean square of the parameter, or by `scaleEpsilon` where that is more. */
  readonly scaleParameter?: boolean;
  /** Least scale of a parameter. */
  readonly scaleEpsilon?: number;
  /** Added to the squared gradient; more than 0. */
  readonly epsilon?: number;
  /** Root mean square above which a parameter's step is scaled down to it. */
  readonly clipThreshold?: number;
  /** The second moment is averaged with `1 - updates ** decayRate`; in [-1, 0]. */
  readonly decayRate?: number;
  /** Decay rate of the average of the steps, in [0, 1); 0 keeps none. */
  readonly beta1?: number;
  /** Decoupled, times the learning rate with its scale; a number for all steps, or by step. */
  readonly weightDecay?: number | Schedule;
  /** Which parameters decay. */
  readonly decayFilter?: DecayFilter;
}

const adafactorOptionNames: OptionNames<AdafactorOptions> = {
  relativeStep: 'optionalFlag',
  warmupInit: 'optionalFlag',
  scaleParameter: 'optionalFlag',
  scaleEpsilon: 'optionalNumber',
  epsilon: 'optionalNumber',
  clipThreshold: 'optionalNumber',
  decayRate: 'optionalNumber',
  beta1: 'optionalNumber',
  weightDecay: 'optional',
  decayFilter: 'optionalFunction',
};

/**
 * The numbers of `transformers.Adafactor`; both flags are off, as Hugging Face's Trainer sets them, since a run has a
 * learning rate. Biases and norm scales do not decay.
 */
export const adafactorDefaults = {
  relativeStep: false,
  warmupInit: false,
  scaleParameter: false,
  scaleEpsilon: 1e-3,
  epsilon: 1e-30,
  clipThreshold: 1,
  decayRate: -0.8,
  beta1: 0,
  weightDecay: 0,
  decayFilter: decayMatrices,
} as const satisfies AdafactorOptions;

/** A row and a column in place of a matrix of second moments; vectors keep theirs. */
const momentKinds: readonly SlotKind[] = [
  { name: 'second_moment', shapeOf: (shape) => (factoredAxes(shape) === undefined ? shape : undefined) },
  ...(['row_moment', 'column_moment'] as const).map((name, at) => ({
    name,
    shapeOf: (shape: readonly number[]) => {
      const axes = factoredAxes(shape);
      return axes === undefined ? undefined : withoutAxis(shape, axes[1 - at]!);
    },
  })),
];

/**
 * Adam's second moment kept as its rows' and columns' means, so that a matrix needs `rows + columns` numbers:
 * `u = g / sqrt(row * column / mean(row))`, `u /= max(1, rms(u) / clipThreshold)`, then
 * `p -= rate * weightDecay * p + rate * u`, with `m = beta1 * m + (1 - beta1) * rate * u` in place of `rate * u` where
 * `beta1 > 0`. Which axes are rows and columns: the last two; of filters height and width ({@link factoredAxes}).
 *
 * Source: Shazeer and Stern 2018, arXiv 1804.04235; `transformers.Adafactor`, which has the paper's relative steps,
 * scales and place of epsilon. `torch.optim.Adafactor` has neither the first moment nor the warm-up, always scales, and
 * clamps by another epsilon.
 *
 * @throws InvalidOptionError for options out of range, and `warmupInit` without `relativeStep`
 */
export class Adafactor extends Optimizer {
  readonly settings: OptimizerSettings;
  readonly #options: Required<AdafactorOptions>;

  constructor(groups: readonly ParameterGroup[], options: AdafactorOptions = {}) {
    const all = { ...adafactorDefaults, ...checkOptions('Adafactor', options, adafactorOptionNames) };
    const { relativeStep, warmupInit, scaleParameter, scaleEpsilon, epsilon, clipThreshold, decayRate, beta1 } = all;
    checkNonNegative('Adafactor', { scaleEpsilon });
    checkPositive('Adafactor', { epsilon, clipThreshold });
    checkNumber('Adafactor', 'decayRate', decayRate, -1, 0);
    checkRate('Adafactor', { beta1 });
    if (warmupInit && !relativeStep)
      throw new InvalidOptionError('Adafactor', 'warmupInit', 'false, or true with relativeStep: true', warmupInit);
    const kinds = beta1 === 0 ? momentKinds : [...momentKinds, 'first_moment'];
    super(groups, { weightDecay: all.weightDecay, filter: all.decayFilter }, kinds);
    this.#options = all;
    const numbers = { scaleEpsilon, epsilon, clipThreshold, decayRate, beta1 };
    const weightDecay = decaySetting(all.weightDecay);
    this.settings = { optimizer: 'Adafactor', relativeStep, warmupInit, scaleParameter, ...numbers, weightDecay };
  }

  /** Part of the squared gradient in the second moment, all at a parameter's first update; the relative learning rate. */
  protected override byUpdates(updates: tf.Tensor1D): readonly tf.Tensor1D[] {
    const { decayRate, relativeStep, warmupInit } = this.#options;
    const most = warmupInit ? tf.mul(updates, 1e-6) : tf.fill(updates.shape, 1e-2);
    const relative = relativeStep ? tf.minimum(most, tf.rsqrt(updates)) : tf.onesLike(updates);
    return [tf.pow(updates, decayRate), relative] as tf.Tensor1D[];
  }

  protected update(vectors: VectorUpdate): UpdatedVectors {
    const { parameters, sizes, shapes, weightDecay } = vectors;
    const { beta1, clipThreshold } = this.#options;
    const isFactored = factoredAxes(shapes[0]!) !== undefined;
    const { direction, moments } = isFactored ? this.#ofMatrices(vectors) : this.#ofVectors(vectors);
    const first = vectors.slots.slice(moments.length);
    const rate = this.#rate(vectors);
    const [size] = rootMeanSquares([direction], sizes);
    const factor = tf.div(rate, tf.maximum(tf.div(size!, clipThreshold), 1));
    const keep = weightDecay === undefined ? undefined : tf.sub(1, tf.mul(rate, weightDecay));
    const perElement = (values: tf.Tensor): tf.Tensor => spread(values as tf.Tensor1D, sizes, parameters.size);
    const operands = [parameters, direction, perElement(factor), perElement(keep ?? tf.onesLike(factor)), ...first];
    const [next, ...averages] = blockwise(operands, (...[p, u, by, kept, average]) => {
      const step = tf.mul(u!, by!);
      const taken = average === undefined ? step : tf.add(tf.mul(average, beta1), tf.mul(step, 1 - beta1));
      const decayed = keep === undefined ? p! : tf.mul(p!, kept!);
      return [tf.sub(decayed, taken), ...(average === undefined ? [] : [taken])];
    });
    return { parameters: next!, slots: [...moments, ...averages] };
  }

  /** Learning rate of each parameter, `[parameters]`. */
  #rate({ rate, byUpdates, parameters, sizes }: VectorUpdate): tf.Tensor {
    const { scaleParameter, scaleEpsilon } = this.#options;
    const scaled = tf.mul(byUpdates[1]!, rate);
    if (!scaleParameter) return scaled;
    const [size] = rootMeanSquares([parameters], sizes);
    return tf.mul(scaled, tf.maximum(size!, scaleEpsilon));
  }

  #ofVectors({ parameters, gradients, slots, sizes, byUpdates }: VectorUpdate): Direction {
    const { epsilon } = this.#options;
    const share = spread(byUpdates[0]!, sizes, parameters.size);
    const operands = [gradients, slots[0]!, share];
    const [direction, moment] = blockwise(operands, (...[g, moment, part]) => {
      const squares = tf.add(tf.square(g!), epsilon);
      const next = tf.add(tf.mul(moment!, tf.sub(1, part!)), tf.mul(squares, part!));
      // Zeros after the last parameter have no moment.
      return [tf.mul(g!, tf.rsqrt(tf.maximum(next, epsilon))), next] as const;
    });
    return { direction, moments: [moment] };
  }

  #ofMatrices({ gradients, slots, shapes, byUpdates }: VectorUpdate): Direction {
    return factoredDirection(gradients, slots, shapes, byUpdates[0]!, this.#options.epsilon);
  }
}

/** Root mean square of each parameter, per vector. */
const rootMeanSquares = (vectors: readonly tf.Tensor[], sizes: readonly number[]): readonly tf.Tensor[] =>
  squaredNorms(vectors, sizes).map((squares) => tf.sqrt(tf.div(squares, [...sizes])));
