import * as tf from '@tensorflow/tfjs-core';
import { compile, type CompiledFunction, type CompileOptions } from '@selfsup/ssl-tensor';
import { InvalidOptionError, isNdArray, type NdArray } from '@selfsup/ssl-tensor/host';
import type { Ema } from './ema.js';
import { clipByGlobalNorm } from '../optimizers/clip-by-global-norm.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { checkLoss } from './check-loss.js';
import type { Method } from './method.js';
import type { Tensors } from './tensors.js';

/** Parts of {@link TrainingStep}. */
export interface TrainingStepOptions<B> {
  readonly method: Method<B>;
  readonly optimizer: Optimizer;
  readonly ema?: Ema | undefined;
  /** Largest global norm of the gradients. */
  readonly clipNorm?: number | undefined;
  /** Batches whose mean gradient makes one update. */
  readonly accumulateSteps: number;
  readonly compile?: CompileOptions | undefined;
  /** Called before a batch of shapes that were not compiled yet. */
  readonly onNewShapes?: (batch: B) => void;
}

/** Numbers of one step that the host decides. */
export interface StepScalars {
  readonly learningRate: number;
  readonly emaMomentum: number;
  /** Random key of the batch, int32 `[2]`. */
  readonly key: NdArray<Int32Array>;
}

/** What a step returns: tensors to read or to dispose. */
export interface StepOutput {
  readonly loss: tf.Scalar;
  readonly metrics: Readonly<Record<string, tf.Scalar>>;
  /** How much the batch counts within its update, where the method says so and there are several. */
  readonly weight?: tf.Scalar;
}

/** Place of a batch within an update: the update happens at `only` and `last`. */
type Phase = 'only' | 'first' | 'middle' | 'last';

interface StepInput<B> {
  readonly batch: Tensors<B>;
  readonly learningRate: tf.Scalar;
  readonly emaMomentum: tf.Scalar;
  readonly key: tf.Tensor1D;
}

const scalar = (value: number): NdArray<Float32Array> => ({ data: Float32Array.of(value), shape: [] });

/** The compiled step of a run: loss, gradients of the trainable parameters, clipping, optimiser, EMA. */
export class TrainingStep<B> {
  readonly #options: TrainingStepOptions<B>;
  readonly #variables: tf.Variable[];
  readonly #sums: readonly tf.Variable[];
  /** Sum of the weights of an update's batches so far. */
  readonly #weightSum: tf.Variable | undefined;
  /** Kinds of batches that were compiled. */
  readonly #known = new Set<string>();
  readonly #compiled: CompiledFunction<[StepInput<unknown>, Phase], StepOutput>;

  constructor(options: TrainingStepOptions<B>) {
    this.#options = options;
    this.#variables = options.optimizer.parameters.map(({ variable }) => variable);
    this.#sums = options.accumulateSteps === 1 ? [] : this.#variables.map(({ shape }) => zeroVariable(shape));
    this.#weightSum = options.accumulateSteps === 1 ? undefined : zeroVariable([]);
    this.#compiled = compile((input: StepInput<unknown>, phase: Phase) => this.#step(input as StepInput<B>, phase), {
      name: `step of ${options.method.name}`,
      ...options.compile,
    });
  }

  /**
   * Runs one batch; the last of `accumulateSteps` batches updates the parameters.
   *
   * @param part position of the batch within the update, from 0
   */
  run(batch: B, part: number, { learningRate, emaMomentum, key }: StepScalars): Promise<StepOutput> {
    const { accumulateSteps } = this.#options;
    const phase: Phase =
      accumulateSteps === 1 ? 'only' : part === 0 ? 'first' : part === accumulateSteps - 1 ? 'last' : 'middle';
    const kind = `${phase} ${shapesOf(batch)}`;
    if (!this.#known.has(kind)) {
      this.#known.add(kind);
      this.#options.onNewShapes?.(batch);
    }
    return this.#compiled({ batch, learningRate: scalar(learningRate), emaMomentum: scalar(emaMomentum), key }, phase);
  }

  /** Kinds of batches so far: a run of a new one compiles first. */
  get kinds(): number {
    return this.#known.size;
  }

  dispose(): void {
    this.#compiled.dispose();
    for (const sum of this.#sums) sum.dispose();
    this.#weightSum?.dispose();
  }

  #step(input: StepInput<B>, phase: Phase): StepOutput {
    const { accumulateSteps } = this.#options;
    const { loss, metrics, gradients, weight } = this.#gradients(input);
    if (phase === 'only') return this.#update(input, { loss, metrics }, gradients);
    const weighted = (name: string): tf.Tensor => {
      const gradient = gradients[name]!;
      if (weight === undefined) return gradient;
      // The gradient of a mean over nothing is no number, and counts nothing.
      return tf.where(tf.greater(weight, 0), tf.mul(gradient, weight), tf.zerosLike(gradient));
    };
    const output: StepOutput = weight === undefined ? { loss, metrics } : { loss, metrics, weight };
    const weightSum = this.#weightSum!;
    const accumulated = (sum: tf.Variable, value: tf.Tensor): tf.Tensor =>
      phase === 'first' ? tf.clone(value) : tf.add(sum, value);
    if (phase !== 'last') {
      this.#variables.forEach(({ name }, index) => {
        const sum = this.#sums[index]!;
        sum.assign(accumulated(sum, weighted(name)));
      });
      if (weight !== undefined) weightSum.assign(accumulated(weightSum, weight));
      return output;
    }
    const share = weight === undefined ? 1 / accumulateSteps : tf.div(1, accumulated(weightSum, weight));
    const update = Object.fromEntries(
      this.#variables.map(({ name }, index) => [name, tf.mul(accumulated(this.#sums[index]!, weighted(name)), share)]),
    );
    return this.#update(input, output, update);
  }

  /** Clips, updates parameters and what follows them. */
  #update(input: StepInput<B>, { loss, metrics, weight }: StepOutput, gradients: tf.NamedTensorMap): StepOutput {
    const { optimizer, ema, clipNorm } = this.#options;
    let update = gradients;
    const numbers = { ...metrics };
    if (clipNorm !== undefined) {
      const clipped = clipByGlobalNorm(update, clipNorm);
      update = clipped.gradients;
      numbers['gradientNorm'] = clipped.norm;
    }
    optimizer.apply(update, input.learningRate);
    ema?.update(input.emaMomentum);
    return { loss, metrics: numbers, ...(weight === undefined ? {} : { weight }) };
  }

  #gradients({ batch, key }: StepInput<B>): Gradients {
    const { method, optimizer, accumulateSteps } = this.#options;
    const kept: Record<string, tf.Scalar> = {};
    let keptWeight: tf.Scalar | undefined;
    const forward = (): tf.Scalar => {
      const { loss, metrics = {}, weight } = checkLoss(method.name, method.loss(batch, { training: true, key }));
      // variableGrads disposes what was made inside it, but for the loss.
      for (const [name, metric] of Object.entries(metrics)) kept[name] = tf.keep(tf.clone(metric));
      if (weight !== undefined && accumulateSteps > 1) keptWeight = tf.keep(tf.clone(weight));
      return loss;
    };
    try {
      const { value, grads } = tf.variableGrads(forward, this.#variables);
      const unused = optimizer.parameters.filter(({ variable }) => !(variable.name in grads)).map(({ name }) => name);
      if (unused.length > 0) throw unusedParameters(method.name, unused);
      return {
        loss: value,
        metrics: Object.fromEntries(Object.entries(kept).map(([name, metric]) => [name, tf.clone(metric)])),
        gradients: grads,
        ...(keptWeight === undefined ? {} : { weight: tf.clone(keptWeight) }),
      };
    } catch (error) {
      if (error instanceof Error && error.message.includes('Cannot find a connection'))
        throw unusedParameters(method.name, ['all of them']);
      throw error;
    } finally {
      for (const metric of Object.values(kept)) metric.dispose();
      keptWeight?.dispose();
    }
  }
}

interface Gradients {
  readonly loss: tf.Scalar;
  readonly metrics: Record<string, tf.Scalar>;
  /** By variable name. */
  readonly gradients: tf.NamedTensorMap;
  readonly weight?: tf.Scalar;
}

/** The shapes of a batch's arrays, as text. */
function shapesOf(batch: unknown): string {
  if (isNdArray(batch)) return `[${batch.shape.join()}]`;
  if (typeof batch !== 'object' || batch === null) return String(batch);
  return `{${Object.entries(batch)
    .map(([name, item]) => `${name}:${shapesOf(item)}`)
    .join()}}`;
}

const zeroVariable = (shape: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(shape), false));

function unusedParameters(method: string, names: readonly string[]): InvalidOptionError {
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  return new InvalidOptionError(
    `method '${method}'`,
    'trainable()',
    'parameters that the loss depends on (leave the others out)',
    `parameters without gradient: ${shown}`,
  );
}
