import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, ndArray, ShapeError, type NdArray } from '@selfsup/ssl-tensor/host';
import type { StateDict } from '@selfsup/ssl-nn';
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
  readonly learningRateScale: number;
  /** 0 where the decay filter excludes the parameters. */
  readonly weightDecay: number;
}

/** New values after an update, `[length]` each. */
export interface UpdatedVectors {
  readonly parameters: tf.Tensor;
  readonly slots: readonly tf.Tensor[];
}

/** Numbers that make an optimiser what it is; saved with a checkpoint and compared on resume. */
export type OptimizerSettings = Readonly<Record<string, number | boolean | string>>;

/**
 * Base of all optimisers. State lies in `tf.Variable`s made by the constructor, one vector per kind for all parameters
 * of the same settings, so that a compiled step needs one trace and the state never leaves the engine.
 */
export abstract class Optimizer {
  /** Every parameter, in the order of the groups. */
  readonly parameters: readonly OptimizedParameter[];
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
    decay: { readonly weightDecay: number; readonly filter: DecayFilter },
    slotKinds: readonly string[],
  ) {
    this.parameters = resolveGroups(new.target.name, groups, decay.weightDecay, decay.filter);
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
   * @param learningRate float32 scalar
   * @throws ShapeError when a gradient does not have its parameter's shape
   */
  apply(gradients: tf.NamedTensorMap, learningRate: tf.Scalar): void {
    const byBucket = this.#buckets.map(({ parameters }) =>
      parameters.map((parameter) => gradientOf(parameter, gradients)),
    );
    tf.tidy(() => {
      const step = tf.add(this.step, 1) as tf.Scalar;
      this.step.assign(step);
      this.#buckets.forEach((bucket, index) => {
        const pieces = byBucket[index]!;
        if (pieces.some((piece) => piece !== undefined)) this.#updateBucket(bucket, index, pieces, learningRate, step);
      });
    });
  }

  #updateBucket(bucket: Bucket, index: number, gradients: Pieces, learningRate: tf.Scalar, step: tf.Scalar): void {
    const slots = this.#slots[index]!;
    const { learningRateScale, weightDecay } = bucket;
    const next = this.update(
      {
        parameters: bucket.pack(bucket.parameters.map(({ variable }) => variable)),
        gradients: bucket.pack(gradients),
        slots,
        learningRateScale,
        weightDecay,
      },
      learningRate,
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

  /** New parameters and slots, inside a `tf.tidy`. `step` is 1 at the first update. */
  protected abstract update(vectors: VectorUpdate, learningRate: tf.Scalar, step: tf.Scalar): UpdatedVectors;

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
