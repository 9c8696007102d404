import * as tf from '@tensorflow/tfjs-core';
import { capturedAll, type Module } from '@selfsup/ssl-nn';
import { compile, type CompileOptions } from '@selfsup/ssl-tensor';
import { checkLoss } from '../../step/check-loss.js';
import type { Method } from '../../step/method.js';
import { contextOf, type StepInput } from '../../step/training-step.js';
import { batchArrays } from './copied-batch.js';
import { brokenTensors, modelTensors } from './model-tensors.js';
import { countNonFinite, type NonFiniteTensor } from './non-finite-tensor.js';
import type { StepRecord } from './step-record.js';

/** What a step that was computed again has shown. */
export interface StepDiagnosis {
  /** Of each batch of the update. */
  readonly losses: readonly number[];
  /** In the order in which the step came to them: batch, model, outputs of modules, loss, gradients. */
  readonly found: readonly NonFiniteTensor[];
}

/**
 * Computes losses and gradients of a step again, from what the model holds, and lists what is not finite. Assigns nothing
 * but what a forward pass does.
 */
export async function diagnoseStep<B>(
  method: Method<B, string>,
  modules: Readonly<Record<string, Module>>,
  { parts, phase, scalars }: StepRecord,
  options: CompileOptions,
): Promise<StepDiagnosis> {
  const found: NonFiniteTensor[] = [];
  parts.forEach(({ batch }, part) => {
    for (const [name, { data }] of batchArrays(batch)) {
      const counts = countNonFinite(data);
      if (counts !== undefined) found.push({ kind: 'batch', name, part, ...counts });
    }
  });
  found.push(...(await brokenTensors(modelTensors(modules, method.state))));

  const seen: Pick<NonFiniteTensor, 'kind' | 'name' | 'size'>[] = [];
  const pass = compile((input: StepInput) => countedPass(method, modules, input, phase, seen), {
    ...options,
    name: `step of ${method.name}, looked at`,
  });
  try {
    const losses: number[] = [];
    for (const [part, { batch, key }] of parts.entries()) {
      const inputs = Object.entries(scalars).map(
        ([name, value]) => [name, { data: Float32Array.of(value), shape: [] }] as const,
      );
      const { loss, counts } = await (pass as unknown as (input: unknown) => Promise<CountedPass>)({
        batch,
        key,
        scalars: Object.fromEntries(inputs),
      });
      const [value, pairs] = [(await loss.data())[0]!, await counts.data()];
      tf.dispose([loss, counts]);
      losses.push(value);
      seen.forEach(({ kind, name, size }, index) => {
        const [nan, infinite] = [pairs[2 * index]!, pairs[2 * index + 1]!];
        if (nan + infinite > 0) found.push({ kind, name, part, nan, infinite, size });
      });
    }
    return { losses, found };
  } finally {
    pass.dispose();
  }
}

interface CountedPass {
  readonly loss: tf.Scalar;
  /** `[tensors, 2]`: values that are no numbers, and infinite ones. */
  readonly counts: tf.Tensor;
}

/** Traced: loss and gradients, and of all tensors on the way how many values are not finite. */
function countedPass<B>(
  method: Method<B, string>,
  modules: Readonly<Record<string, Module>>,
  input: StepInput,
  phase: string,
  seen: Pick<NonFiniteTensor, 'kind' | 'name' | 'size'>[],
): CountedPass {
  seen.length = 0;
  const counts: tf.Tensor[] = [];
  const count = (kind: NonFiniteTensor['kind'], name: string, tensor: tf.Tensor): void => {
    if (tensor.dtype !== 'float32') return;
    seen.push({ kind, name, size: tensor.size });
    const of = (test: tf.Tensor): tf.Tensor => tf.sum(tf.cast(test, 'float32'));
    counts.push(tf.keep(tf.stack([of(tf.isNaN(tensor)), of(tf.isInf(tensor))])));
  };
  let loss: tf.Scalar | undefined;
  const trained = [...method.trainable(method.phaseAt === undefined ? undefined : phase)];
  const forward = (): tf.Scalar => {
    const { result, outputs } = capturedAll(modules, () =>
      checkLoss(method.name, method.loss(input.batch as never, contextOf(input, phase))),
    );
    for (const { name, tensor } of outputs) count('output', name, tensor);
    count('loss', 'loss', result.loss);
    loss = tf.keep(tf.clone(result.loss));
    return result.loss;
  };
  const { grads } = tf.variableGrads(
    forward,
    trained.map(([, { variable }]) => variable),
  );
  // Last parameters first, as the backward pass comes to them.
  for (const [name, { variable }] of trained.toReversed()) {
    const gradient = grads[variable.name];
    if (gradient !== undefined) count('gradient', name, gradient);
  }
  const result = { loss: tf.clone(loss!), counts: tf.stack(counts) };
  tf.dispose([loss!, ...counts]);
  return result;
}
