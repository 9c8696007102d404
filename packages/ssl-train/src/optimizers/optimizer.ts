import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, InvalidOptionError, ndArray, ShapeError, type NdArray } from '@selfsup/ssl-tensor/host';
import type { StateDict } from '@selfsup/ssl-nn';
import type { Schedule } from '../schedules/schedule.js';
import { type Bucket, bucketsOf, type Pieces } from './bucket.js';
import { type DecayFilter } from './decay-filter.js';
import { type OptimizedParameter, type ParameterGroup, resolveGroups } from './parameter-group.js';

/** What {@link Optimizer.update} works on: parameters of the same settings as one vector, with gradient and slots. */
export interface VectorUpdate {
  /** `[length]` */
  readonly parameters: tf.Tensor1D;
  /** `[length]` */
  readonly gradients: tf.Tensor1D;
  /** `[length]` each, in the order of {@link Optimizer.slotKinds}. */
  readonly slots: readonly tf.Tensor1D[];
  /** Learning rate of these parameters at this step, their group's factor included. */
  readonly rate: tf.Scalar;
  /** Weight decay at this step; undefined where it is 0 for all steps or the decay filter excludes the parameters. */
  readonly weightDecay: tf.Scalar | undefined;
  /** Elements of each parameter, in the order they lie in the vector; zeros may follow. */
  readonly sizes: readonly number[];
  /** False where the adaptation filter excludes the parameters. */
  readonly adapts: boolean;
}

/** What {@link Optimizer.apply} takes besides gradients: the learning rate alone, or that and a value per schedule. */
export type UpdateScalars = tf.Scalar | Readonly<Record<string, tf.Scalar>>;

/** New values after an update, `[length]` each. */
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
  readonly #buckets: readonly Bucket[];
  readonly #slotKinds: readonly string[];
  /** A vector per bucket and kind. */
  readonly #slots: readonly (readonly tf.Variable<tf.Rank.R1>[])[];

  /** @param slotKinds what is kept per parameter, zero at first; saved as `kind.parameterName` */
  protected constructor(
    groups: readonly ParameterGroup[],
    decay: {
      readonly weightDecay: number | Schedule;
      readonly filter: DecayFilter;
      readonly adaptFilter?: DecayFilter;
    },
    slotKinds: readonly string[],
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
    this.#buckets = bucketsOf(this.parameters);
    this.#slotKinds = slotKinds;
    this.#slots = this.#buckets.map(({ length }) =>
      slotKinds.map(() => tf.tidy(() => tf.variable(tf.zeros([length]) as tf.Tensor1D, false))),
    );
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
      const step = tf.add(this.step, 1) as tf.Scalar;
      this.step.assign(step);
      this.#buckets.forEach((bucket, index) => {
        const pieces = byBucket[index]!;
        if (pieces.some((piece) => piece !== undefined)) this.#updateBucket(bucket, index, pieces, named, step);
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
    index: number,
    gradients: Pieces,
    scalars: Readonly<Record<string, tf.Scalar>>,
    step: tf.Scalar,
  ): void {
    const slots = this.#slots[index]!;
    const { learningRate, learningRateScale, weightDecay, sizes, adapts } = bucket;
    const valueOf = (value: number | string): tf.Scalar =>
      typeof value === 'string' ? scalars[value]! : tf.scalar(value);
    const next = this.update(
      {
        parameters: bucket.pack(bucket.parameters.map(({ variable }) => variable)),
        gradients: bucket.pack(gradients),
        slots,
        rate: tf.mul(valueOf(learningRate), learningRateScale),
        weightDecay: weightDecay === 0 ? undefined : valueOf(weightDecay),
        sizes,
        adapts,
      },
      step,
    );
    bucket.unpack(next.parameters).forEach((value, at) => {
      if (gradients[at] !== undefined) bucket.parameters[at]!.variable.assign(value);
    });
    const isComplete = gradients.every((gradient) => gradient !== undefined);
    slots.forEach((slot, kind) => {
      const vector = next.slots[kind]! as tf.Tensor1D;
      slot.assign(isComplete ? vector : keepMissing(bucket, slot, vector, gradients));
    });
  }

  /** All that {@link apply} may assign: the parameters, the step, the slots. */
  get variables(): readonly tf.Variable[] {
    return [...this.parameters.map(({ variable }) => variable), this.step, ...this.#slots.flat()];
  }

  /** New parameters and slots, inside a `tf.tidy`. `step` is 1 at the first update. */
  protected abstract update(vectors: VectorUpdate, step: tf.Scalar): UpdatedVectors;

  /** State by name, in the layout that variables have in memory: `step`, and a tensor per slot and parameter. Reads as `Module.stateDict()` does. */
  stateDict(): StateDict {
    const state = new Map<string, NdArray>([['step', ndArray(Float32Array.from(this.step.dataSync()), [])]]);
    this.#slotKinds.forEach((kind, kindIndex) => {
      this.#buckets.forEach(({ parameters }, index) => {
        const vector = this.#slots[index]![kindIndex]!.dataSync();
        let offset = 0;
        for (const { name, variable } of parameters) {
          const data = Float32Array.from(vector.subarray(offset, offset + variable.size));
          state.set(`${kind}.${name}`, ndArray(data, variable.shape));
          offset += variable.size;
        }
      });
    });
    return state;
  }

  /**
   * Takes over a saved state; changes nothing when it does not fit.
   *
   * @throws CheckpointError naming the tensors that are missing, not expected or of another shape
   */
  loadStateDict(state: StateDict): void {
    const shapes = new Map<string, readonly number[]>([['step', []]]);
    for (const kind of this.#slotKinds)
      for (const { name, variable } of this.parameters) shapes.set(`${kind}.${name}`, variable.shape);
    checkState(state, shapes);
    tf.tidy(() => {
      this.step.assign(tf.scalar(state.get('step')!.data[0]!));
      this.#buckets.forEach(({ parameters, length }, index) => {
        this.#slotKinds.forEach((kind, kindIndex) => {
          const vector = new Float32Array(length);
          let offset = 0;
          for (const { name, variable } of parameters) {
            vector.set(state.get(`${kind}.${name}`)!.data as Float32Array, offset);
            offset += variable.size;
          }
          this.#slots[index]![kindIndex]!.assign(tf.tensor1d(vector));
        });
      });
    });
  }

  /** Frees the optimiser's variables; the parameters stay. */
  dispose(): void {
    for (const variable of [this.step, ...this.#slots.flat()]) if (!variable.isDisposed) variable.dispose();
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
function keepMissing(bucket: Bucket, old: tf.Tensor1D, next: tf.Tensor1D, gradients: Pieces): tf.Tensor1D {
  const [before, after] = [bucket.unpack(old), bucket.unpack(next)];
  return bucket.pack(gradients.map((gradient, at) => (gradient === undefined ? before[at]! : after[at]!)));
}

function checkState(state: StateDict, shapes: ReadonlyMap<string, readonly number[]>): void {
  for (const name of state.keys()) {
    if (!shapes.has(name))
      throw new CheckpointError(
        `optimiser state has '${name}', which this optimiser does not; was it another optimiser or model?`,
        { parameter: name },
      );
  }
  for (const [name, shape] of shapes) {
    const saved = state.get(name);
    if (saved === undefined)
      throw new CheckpointError(`optimiser state lacks '${name}'; was it another optimiser or model?`, {
        parameter: name,
      });
    if (!tf.util.arraysEqual([...saved.shape], [...shape]) || !(saved.data instanceof Float32Array)) {
      throw new CheckpointError(
        `optimiser state '${name}' has shape [${saved.shape.join(', ')}], expected float32 [${shape.join(', ')}]`,
        { parameter: name },
      );
    }
  }
}
