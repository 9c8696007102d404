import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, ndArray, ShapeError } from 'ssl-tensor/host';
import type { StateDict } from 'ssl-nn';
import { type DecayFilter } from './decay-filter.js';
import { type OptimizedParameter, type ParameterGroup, resolveGroups } from './parameter-group.js';

/** What {@link Optimizer.update} works on: one parameter, its slots' index and its gradient. */
export interface ParameterUpdate {
  readonly parameter: OptimizedParameter;
  /** Position among the optimiser's parameters, and so in every array of slots. */
  readonly index: number;
  readonly gradient: tf.Tensor;
}

/** Numbers that make an optimiser what it is; saved with a checkpoint and compared on resume. */
export type OptimizerSettings = Readonly<Record<string, number | boolean | string>>;

/**
 * Base of all optimisers. State lies in `tf.Variable`s made by the constructor, so that a compiled step needs one
 * trace and the state never leaves the engine.
 */
export abstract class Optimizer {
  /** Every parameter, in the order of the groups. */
  readonly parameters: readonly OptimizedParameter[];
  abstract readonly settings: OptimizerSettings;
  /** Number of finished updates, float32 scalar. */
  readonly step: tf.Variable<tf.Rank.R0>;
  readonly #slots = new Map<string, tf.Variable>();

  protected constructor(
    groups: readonly ParameterGroup[],
    decay: { readonly weightDecay: number; readonly filter: DecayFilter },
  ) {
    this.parameters = resolveGroups(new.target.name, groups, decay.weightDecay, decay.filter);
    this.step = tf.tidy(() => tf.variable(tf.scalar(0), false));
    this.#slots.set('step', this.step);
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
    const updates: ParameterUpdate[] = [];
    this.parameters.forEach((parameter, index) => {
      const gradient = gradients[parameter.variable.name] as tf.Tensor | null | undefined;
      if (gradient === null || gradient === undefined) return;
      if (!tf.util.arraysEqual(gradient.shape, parameter.variable.shape)) {
        throw new ShapeError(
          'Optimizer.apply',
          `gradient of ${parameter.name}`,
          `[${parameter.variable.shape.join(', ')}]`,
          `[${gradient.shape.join(', ')}]`,
        );
      }
      updates.push({ parameter, index, gradient });
    });
    tf.tidy(() => {
      const step = tf.add(this.step, 1) as tf.Scalar;
      this.step.assign(step);
      this.update(updates, learningRate, step);
    });
  }

  /** Computes and assigns, inside a `tf.tidy`. `step` is 1 at the first update. */
  protected abstract update(updates: readonly ParameterUpdate[], learningRate: tf.Scalar, step: tf.Scalar): void;

  /** Makes one zero variable per parameter, saved as `kind.parameterName`. */
  protected makeSlots(kind: string): readonly tf.Variable[] {
    return this.parameters.map(({ name, variable }) => {
      const slot = tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
      this.#slots.set(`${kind}.${name}`, slot);
      return slot;
    });
  }

  /** State by name, in the layout that variables have in memory: `step`, and a tensor per slot and parameter. */
  stateDict(): StateDict {
    return new Map(
      [...this.#slots].map(([name, slot]) => [name, ndArray(Float32Array.from(slot.dataSync()), slot.shape)] as const),
    );
  }

  /**
   * Takes over a saved state; changes nothing when it does not fit.
   *
   * @throws CheckpointError naming the tensors that are missing, not expected or of another shape
   */
  loadStateDict(state: StateDict): void {
    for (const name of state.keys()) {
      if (!this.#slots.has(name))
        throw new CheckpointError(
          `optimiser state has '${name}', which this optimiser does not; was it another optimiser or model?`,
          { parameter: name },
        );
    }
    for (const [name, slot] of this.#slots) {
      const saved = state.get(name);
      if (saved === undefined)
        throw new CheckpointError(`optimiser state lacks '${name}'; was it another optimiser or model?`, {
          parameter: name,
        });
      if (!tf.util.arraysEqual([...saved.shape], slot.shape) || !(saved.data instanceof Float32Array)) {
        throw new CheckpointError(
          `optimiser state '${name}' has shape [${saved.shape.join(', ')}], expected float32 [${slot.shape.join(', ')}]`,
          { parameter: name },
        );
      }
    }
    for (const [name, slot] of this.#slots)
      tf.tidy(() => slot.assign(tf.tensor(state.get(name)!.data.slice(), slot.shape, 'float32')));
  }

  /** Frees the optimiser's variables; the parameters stay. */
  dispose(): void {
    for (const slot of this.#slots.values()) slot.dispose();
    this.#slots.clear();
  }
}
