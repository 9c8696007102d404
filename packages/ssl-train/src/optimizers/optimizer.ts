import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import type { StateDict } from '@selfsup/ssl-nn';
import type { Schedule } from '../schedules/schedule.js';
import { type Bucket, bucketsOf } from './bucket.js';
import { type DecayFilter } from './decay-filter.js';
import type { FlatLayout, Pieces } from './flat-layout.js';
import { readState, writeState } from './optimizer-state.js';
import { type OptimizedParameter, type ParameterGroup, resolveGroups } from './parameter-group.js';
import { slotKind, type SlotKind } from './slot.js';

/** What {@link Optimizer.update} works on: parameters of the same settings as one vector, with gradient and slots. */
export interface VectorUpdate {
  /** `[length]` */
  readonly parameters: tf.Tensor1D;
  /** `[length]` */
  readonly gradients: tf.Tensor1D;
  /** A vector per kind that is kept of these parameters, in the order of the kinds: `[length]`, or as the kind's shapes want. */
  readonly slots: readonly tf.Tensor1D[];
  /** Learning rate of these parameters at this step, their group's factor included. */
  readonly rate: tf.Scalar;
  /** Weight decay at this step; undefined where it is 0 for all steps or the decay filter excludes the parameters. */
  readonly weightDecay: tf.Scalar | undefined;
  /** Elements of each parameter, in the order they lie in the vector; zeros may follow. */
  readonly sizes: readonly number[];
  /** Shape of each. */
  readonly shapes: readonly (readonly number[])[];
  /** What {@link Optimizer.byUpdates} makes of each parameter's number of updates, `[sizes.length]` each. */
  readonly byUpdates: readonly tf.Tensor1D[];
  /** False where the adaptation filter excludes the parameters. */
  readonly adapts: boolean;
}

/** What {@link Optimizer.apply} takes besides gradients: the learning rate alone, or that and a value per schedule. */
export type UpdateScalars = tf.Scalar | Readonly<Record<string, tf.Scalar>>;

/** New values after an update, of the shapes that they had. */
export interface UpdatedVectors {
  readonly parameters: tf.Tensor;
  readonly slots: readonly tf.Tensor[];
}

/** A weight decay among an optimiser's settings. A schedule's values are compared on resume by themselves. */
export const decaySetting = (weightDecay: number | Schedule): number | string =>
  typeof weightDecay === 'function' ? 'scheduled' : weightDecay;

/** Numbers that make an optimiser what it is; saved with a checkpoint and compared on resume. */
export type OptimizerSettings = Readonly<Record<string, number | boolean | string>>;

/**
 * Base of all optimisers. State lies in `tf.Variable`s made by the constructor, one vector per kind for all parameters
 * of the same settings, so that a compiled step needs one trace and the state never leaves the engine.
 */
export abstract class Optimizer {
  /** Every parameter, in the order of the groups. */
  readonly parameters: readonly OptimizedParameter[];
  /**
   * Schedules that want a value at every update, by the name that {@link apply} takes it by: `weightDecay`, and
   * `groups.1.learningRate`, `groups.1.weightDecay` for the second group's own. Empty where all are numbers.
   */
  readonly schedules: Readonly<Record<string, Schedule>>;
  abstract readonly settings: OptimizerSettings;
  /** Number of finished updates, float32 scalar. */
  readonly step: tf.Variable<tf.Rank.R0>;
  /** Updates that each parameter has had, in the order of the buckets. */
  readonly #updates: tf.Variable<tf.Rank.R1>;
  readonly #buckets: readonly Bucket[];

  /** @param slotKinds what is kept per parameter, zero at first and of its shape unless it says otherwise */
  protected constructor(
    groups: readonly ParameterGroup[],
    decay: {
      readonly weightDecay: number | Schedule;
      readonly filter: DecayFilter;
      readonly adaptFilter?: DecayFilter;
    },
    slotKinds: readonly (string | SlotKind)[],
  ) {
    const { parameters, schedules } = resolveGroups(
      new.target.name,
      groups,
      decay.weightDecay,
      decay.filter,
      decay.adaptFilter ?? (() => false),
    );
    this.parameters = parameters;
    this.schedules = schedules;
    this.step = tf.tidy(() => tf.variable(tf.scalar(0), false));
    this.#updates = tf.tidy(() => tf.variable(tf.zeros([parameters.length]) as tf.Tensor1D, false));
    this.#buckets = bucketsOf(this.parameters, slotKinds.map(slotKind));
  }

  /**
   * One update. Runs eagerly or inside `compile()`; assigns the parameters' variables and the optimiser's own.
   * A parameter without gradient is left as it is, as in PyTorch.
   *
   * @param gradients by `variable.name`, each of its variable's shape; what `tf.variableGrads` returns
   * @param scalars float32: the learning rate alone, or by name `learningRate` and the value of each of
   *   {@link schedules} at this step
   * @throws ShapeError when a gradient does not have its parameter's shape
   * @throws InvalidOptionError when a scalar is missing
   */
  apply(gradients: tf.NamedTensorMap, scalars: UpdateScalars): void {
    const named = this.#named(scalars);
    const byBucket = this.#buckets.map(({ parameters }) =>
      parameters.map((parameter) => gradientOf(parameter, gradients)),
    );
    tf.tidy(() => {
      this.step.assign(tf.add(this.step, 1));
      const isUpdated = byBucket.flatMap((pieces) => pieces.map((piece) => (piece === undefined ? 0 : 1)));
      const updates = tf.add(this.#updates, isUpdated.includes(0) ? tf.tensor1d(isUpdated) : 1) as tf.Tensor1D;
      this.#updates.assign(updates);
      const counts = this.#buckets.map(({ parameters }) => parameters.length);
      const all = this.byUpdates(updates).map((values) =>
        counts.length === 1 ? [values] : (tf.split(values, counts) as tf.Tensor1D[]),
      );
      this.#buckets.forEach((bucket, index) => {
        const pieces = byBucket[index]!;
        if (pieces.every((piece) => piece === undefined)) return;
        const own = all.map((values) => values[index]!);
        this.#updateBucket(bucket, pieces, named, own);
      });
    });
  }

  /** Scalars by name, each that the parameters want. */
  #named(scalars: UpdateScalars): Readonly<Record<string, tf.Scalar>> {
    const named = scalars instanceof tf.Tensor ? { learningRate: scalars } : scalars;
    for (const name of ['learningRate', ...Object.keys(this.schedules)]) {
      if (named[name] instanceof tf.Tensor) continue;
      const wanted = ['learningRate', ...Object.keys(this.schedules)].map((each) => `'${each}'`).join(', ');
      const advice = `apply(gradients, scalars) wants a scalar for each of ${wanted}: optimizer.schedules[name](step)`;
      throw new InvalidOptionError('Optimizer.apply', `scalars['${name}']`, 'a scalar tensor', named[name], advice);
    }
    return named;
  }

  #updateBucket(
    bucket: Bucket,
    gradients: Pieces,
    scalars: Readonly<Record<string, tf.Scalar>>,
    byUpdates: readonly tf.Tensor1D[],
  ): void {
    const { parameters, layout, slots, adapts, learningRate, learningRateScale, weightDecay } = bucket;
    const valueOf = (value: number | string): tf.Scalar =>
      typeof value === 'string' ? scalars[value]! : tf.scalar(value);
    const next = this.update({
      parameters: layout.pack(parameters.map(({ variable }) => variable)),
      gradients: layout.pack(gradients),
      slots: slots.map(({ variable }) => variable),
      rate: tf.mul(valueOf(learningRate), learningRateScale),
      weightDecay: weightDecay === 0 ? undefined : valueOf(weightDecay),
      sizes: layout.sizes,
      shapes: layout.shapes,
      byUpdates,
      adapts,
    });
    layout.unpack(next.parameters).forEach((value, at) => {
      if (gradients[at] !== undefined) parameters[at]!.variable.assign(value);
    });
    const isComplete = gradients.every((gradient) => gradient !== undefined);
    slots.forEach(({ variable, layout: places }, index) => {
      const vector = next.slots[index]! as tf.Tensor1D;
      variable.assign(isComplete ? vector : keepMissing(places, variable, vector, gradients));
    });
  }

  /** All that {@link apply} may assign: the parameters, the step, the slots. */
  get variables(): readonly tf.Variable[] {
    return [...this.parameters.map(({ variable }) => variable), ...this.#own];
  }

  /**
   * What follows from the number of updates of each parameter alone, computed for all of them at once: bias corrections,
   * say. A parameter without gradient is not updated, so that one which is frozen at first begins at 1, as in PyTorch.
   *
   * @param updates this one included, 1 at a parameter's first: `[parameters]`
   * @returns `[parameters]` each; the updates as they are unless a subclass says otherwise
   */
  protected byUpdates(updates: tf.Tensor1D): readonly tf.Tensor1D[] {
    return [updates];
  }

  /** New parameters and slots, inside a `tf.tidy`. */
  protected abstract update(vectors: VectorUpdate): UpdatedVectors;

  /**
   * State by name, in the layout that variables have in memory: `step`, a tensor per slot and parameter, and
   * `updates.<parameter>` where a parameter has had fewer updates than `step`. Reads as `Module.stateDict()` does.
   */
  stateDict(): StateDict {
    return readState({ step: this.step, updates: this.#updates, buckets: this.#buckets });
  }

  /**
   * Takes over a saved state; changes nothing when it does not fit.
   *
   * @throws CheckpointError naming the tensors that are missing, not expected or of another shape
   */
  loadStateDict(state: StateDict): void {
    writeState({ step: this.step, updates: this.#updates, buckets: this.#buckets }, state);
  }

  /** Frees the optimiser's variables; the parameters stay. */
  dispose(): void {
    for (const variable of this.#own) if (!variable.isDisposed) variable.dispose();
  }

  get #own(): readonly tf.Variable[] {
    return [this.step, this.#updates, ...this.#buckets.flatMap(({ slots }) => slots.map(({ variable }) => variable))];
  }
}

function gradientOf({ name, variable }: OptimizedParameter, gradients: tf.NamedTensorMap): tf.Tensor | undefined {
  const gradient = (gradients[variable.name] as tf.Tensor | null | undefined) ?? undefined;
  if (gradient !== undefined && !tf.util.arraysEqual(gradient.shape, variable.shape)) {
    throw new ShapeError(
      'Optimizer.apply',
      `gradient of ${name}`,
      `[${variable.shape.join(', ')}]`,
      `[${gradient.shape.join(', ')}]`,
    );
  }
  return gradient;
}

/** The new vector, with the old values where the gradient was missing. */
function keepMissing(layout: FlatLayout, old: tf.Tensor1D, next: tf.Tensor1D, gradients: Pieces): tf.Tensor1D {
  const [before, after] = [layout.unpack(old), layout.unpack(next)];
  return layout.pack(gradients.map((gradient, at) => (gradient === undefined ? before[at]! : after[at]!)));
}
