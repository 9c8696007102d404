import type * as tf from '@tensorflow/tfjs-core';
import { compile, type CompiledFunction, type CompileOptions } from '@selfsup/ssl-tensor';
import { isNdArray, type NdArray, ShapeError } from '@selfsup/ssl-tensor/host';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { GradientStage } from '../stages/gradient-stage.js';
import { CarriedRows } from './carried-rows.js';
import type { Ema } from './ema.js';
import { GradientSums } from './gradient-sums.js';
import { type LossGradients, lossGradients } from './loss-gradients.js';
import type { Method, StepContext } from './method.js';
import type { Place } from './place.js';
import { SkippableUpdate, type UpdatedVariables } from './skippable-update.js';
import type { Tensors } from './tensors.js';

/** A pair that follows, and the name of the schedule of its momentum. */
export interface FollowingPair {
  readonly ema: Ema;
  readonly momentum: string;
}

/** Parts of {@link TrainingStep}. */
export interface TrainingStepOptions<B> {
  readonly method: Method<B, string>;
  readonly optimizer: Optimizer;
  readonly ema: readonly FollowingPair[];
  readonly stages: readonly GradientStage[];
  /** All that an update may assign beside the stages' own state: kept where it is skipped. */
  readonly variables: UpdatedVariables;
  /** Batches whose mean gradient makes one update. */
  readonly accumulateSteps: number;
  readonly compile?: CompileOptions | undefined;
  /** Called before a batch of a kind (shapes, phase) that was not compiled yet. */
  readonly onNewKind?: (batch: B) => void;
}

/** What the host decides for one batch. */
export interface StepNumbers {
  /** Values of all schedules, by name: `learningRate`, the optimiser's, the pairs' momenta, `values.<name>`. */
  readonly scalars: Readonly<Record<string, number>>;
  readonly phase: string;
  /** Random key of the batch, int32 `[2]`. */
  readonly key: NdArray<Int32Array>;
}

/** What a step returns: tensors to read or to dispose. */
export interface StepOutput {
  readonly loss: tf.Scalar;
  readonly metrics: Readonly<Record<string, tf.Scalar>>;
  /** How much the batch counts within its update, where the method says so and there are several. */
  readonly weight?: tf.Scalar;
  /** 1 where the update did not happen; of updates that may be skipped. */
  readonly skipped?: tf.Scalar;
}

/** What a step is given. */
export interface StepInput {
  readonly batch: unknown;
  readonly scalars: Readonly<Record<string, tf.Scalar>>;
  readonly key: tf.Tensor1D;
}

/** Prefix of a method's own schedules among all of a run. */
export const valuePrefix = 'values.';

const scalar = (value: number): NdArray<Float32Array> => ({ data: Float32Array.of(value), shape: [] });

/**
 * The compiled step of a run: loss, gradients of the parameters that train in the phase, accumulation, stages,
 * optimiser, EMA, what the method does about an update. One trace for each place in an update, phase and shape of batch.
 */
export class TrainingStep<B> {
  readonly #options: TrainingStepOptions<B>;
  readonly #sums: GradientSums;
  readonly #carried: CarriedRows;
  readonly #skippable: SkippableUpdate;
  /** Kinds of batches that were compiled. */
  readonly #known = new Set<string>();
  /** Phases whose batches carry rows to the end of an update, as far as they were traced. */
  readonly #carrying = new Set<string>();
  /** Shapes of the batches of the update that is being made. */
  #shapes = '';
  readonly #compiled: CompiledFunction<[StepInput, Place, string], StepOutput>;

  constructor(options: TrainingStepOptions<B>) {
    this.#options = options;
    this.#sums = new GradientSums(options.accumulateSteps);
    this.#carried = new CarriedRows(options.accumulateSteps);
    this.#skippable = new SkippableUpdate(
      options.stages.some(({ maySkip }) => maySkip === true) ? options.variables : { statistics: [], updated: [] },
      options.accumulateSteps,
    );
    this.#compiled = compile((input: StepInput, place: Place, phase: string) => this.#step(input, place, phase), {
      name: `step of ${options.method.name}`,
      ...options.compile,
    });
  }

  /**
   * Runs one batch; the last of `accumulateSteps` batches updates the parameters.
   *
   * @param part position of the batch within the update, from 0
   * @throws ShapeError where rows are carried to the end of an update and its batches differ in shape; what the method's
   *   `checkBatch` throws
   */
  run(batch: B, part: number, { scalars, phase, key }: StepNumbers): Promise<StepOutput> {
    const { accumulateSteps, method } = this.#options;
    method.checkBatch?.(batch);
    const place: Place =
      accumulateSteps === 1 ? 'only' : part === 0 ? 'first' : part === accumulateSteps - 1 ? 'last' : 'middle';
    const shapes = shapesOf(batch);
    if (part === 0) this.#shapes = shapes;
    else if (shapes !== this.#shapes && this.#carrying.has(phase))
      throw new ShapeError(
        `method '${method.name}'`,
        'batch',
        `as the others of its update, ${this.#shapes}, since it carries rows to afterUpdate`,
        shapes,
      );
    const kind = `${place} ${phase} ${shapes}`;
    if (!this.#known.has(kind)) {
      this.#known.add(kind);
      this.#options.onNewKind?.(batch);
    }
    const inputs = Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, scalar(value)]));
    return this.#compiled({ batch, scalars: inputs, key }, place, phase);
  }

  /** Kinds of batches so far: a run of a new one compiles first. */
  get kinds(): number {
    return this.#known.size;
  }

  dispose(): void {
    this.#compiled.dispose();
    this.#sums.dispose();
    this.#carried.dispose();
    this.#skippable.dispose();
  }

  #step(input: StepInput, place: Place, phase: string): StepOutput {
    const { method, optimizer, stages, accumulateSteps } = this.#options;
    const ctx = contextOf(input, phase);
    // What the forward pass assigns (running statistics) is kept too where the update is skipped.
    const before = this.#skippable.before(place);
    const found = lossGradients(method, input.batch as Tensors<B>, ctx, optimizer, stages);
    const output = outputOf(found, accumulateSteps);
    if (Object.keys(found.carried).length > 0) this.#carrying.add(phase);
    if (place === 'first' || place === 'middle') {
      this.#sums.add(found.gradients, found.weight, place);
      this.#carried.keep(found.carried);
      return output;
    }
    let gradients = this.#sums.mean(found.gradients, found.weight, place);
    const metrics = { ...output.metrics };
    const skips: tf.Scalar[] = [];
    for (const stage of stages) {
      const staged = stage.apply(gradients);
      gradients = staged.gradients;
      Object.assign(metrics, staged.metrics);
      if (staged.skip !== undefined) skips.push(staged.skip);
    }
    method.beforeUpdate?.(ctx);
    optimizer.apply(gradients, input.scalars);
    for (const { ema, momentum } of this.#options.ema) ema.update(input.scalars[momentum]!);
    method.afterUpdate?.(ctx, this.#carried.all(found.carried));
    if (skips.length === 0) return { ...output, metrics };
    return { ...output, metrics, skipped: this.#skippable.keepWhere(skips, before) };
  }
}

/** The context of one batch. */
export function contextOf({ scalars, key }: StepInput, phase: string): StepContext<string> {
  const values = Object.entries(scalars).filter(([name]) => name.startsWith(valuePrefix));
  return {
    training: true,
    key,
    phase,
    values: Object.fromEntries(values.map(([name, value]) => [name.slice(valuePrefix.length), value])),
  };
}

const outputOf = ({ loss, metrics, weight }: LossGradients, accumulateSteps: number): StepOutput => ({
  loss,
  metrics,
  ...(weight === undefined || accumulateSteps === 1 ? {} : { weight }),
});

/** The shapes of a batch's arrays, as text. */
function shapesOf(batch: unknown): string {
  if (isNdArray(batch)) return `[${batch.shape.join()}]`;
  if (typeof batch !== 'object' || batch === null) return String(batch);
  return `{${Object.entries(batch)
    .map(([name, item]) => `${name}:${shapesOf(item)}`)
    .join()}}`;
}
