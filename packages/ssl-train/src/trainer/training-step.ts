import * as tf from '@tensorflow/tfjs-core';
import { compile, type CompiledFunction, type CompileOptions } from 'ssl-tensor';
import { InvalidOptionError, type NdArray, ShapeError } from 'ssl-tensor/host';
import type { Ema } from '../ema/ema.js';
import { clipByGlobalNorm } from '../optimizers/clip-by-global-norm.js';
import type { Optimizer } from '../optimizers/optimizer.js';
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
  readonly #compiled: CompiledFunction<[StepInput<unknown>, Phase], StepOutput>;

  constructor(options: TrainingStepOptions<B>) {
    this.#options = options;
    this.#variables = options.optimizer.parameters.map(({ variable }) => variable);
    this.#sums =
      options.accumulateSteps === 1
        ? []
        : this.#variables.map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros(shape), false)));
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
    return this.#compiled({ batch, learningRate: scalar(learningRate), emaMomentum: scalar(emaMomentum), key }, phase);
  }

  dispose(): void {
    this.#compiled.dispose();
    for (const sum of this.#sums) sum.dispose();
  }

  #step(input: StepInput<B>, phase: Phase): StepOutput {
    const { optimizer, ema, clipNorm, accumulateSteps } = this.#options;
    const { loss, metrics, gradients } = this.#gradients(input);
    if (phase === 'first' || phase === 'middle') {
      this.#variables.forEach(({ name }, index) => {
        const sum = this.#sums[index]!;
        sum.assign(phase === 'first' ? tf.clone(gradients[name]!) : tf.add(sum, gradients[name]!));
      });
      return { loss, metrics };
    }
    let update = gradients;
    if (phase === 'last')
      update = Object.fromEntries(
        this.#variables.map(({ name }, index) => [
          name,
          tf.mul(tf.add(this.#sums[index]!, gradients[name]!), 1 / accumulateSteps),
        ]),
      );
    if (clipNorm !== undefined) {
      const clipped = clipByGlobalNorm(update, clipNorm);
      update = clipped.gradients;
      metrics['gradientNorm'] = clipped.norm;
    }
    optimizer.apply(update, input.learningRate);
    ema?.update(input.emaMomentum);
    return { loss, metrics };
  }

  #gradients({ batch, key }: StepInput<B>): Gradients {
    const { method, optimizer } = this.#options;
    const kept: Record<string, tf.Scalar> = {};
    const forward = (): tf.Scalar => {
      const { loss, metrics = {} } = method.loss(batch, { training: true, key });
      if (loss.rank !== 0)
        throw new ShapeError(`method '${method.name}'`, 'loss', 'a scalar', `[${loss.shape.join(', ')}]`);
      // variableGrads disposes what was made inside it, but for the loss.
      for (const [name, metric] of Object.entries(metrics)) kept[name] = tf.keep(tf.clone(metric));
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
      };
    } catch (error) {
      if (error instanceof Error && error.message.includes('Cannot find a connection'))
        throw unusedParameters(method.name, ['all of them']);
      throw error;
    } finally {
      for (const metric of Object.values(kept)) metric.dispose();
    }
  }
}

interface Gradients {
  readonly loss: tf.Scalar;
  readonly metrics: Record<string, tf.Scalar>;
  /** By variable name. */
  readonly gradients: tf.NamedTensorMap;
}

function unusedParameters(method: string, names: readonly string[]): InvalidOptionError {
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  return new InvalidOptionError(
    `method '${method}'`,
    'trainable()',
    'parameters that the loss depends on (leave the others out)',
    `parameters without gradient: ${shown}`,
  );
}
