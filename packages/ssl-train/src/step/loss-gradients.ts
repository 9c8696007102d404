import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { GradientStage } from '../stages/gradient-stage.js';
import { checkLoss } from './check-loss.js';
import type { Method, MethodLoss, StepContext } from './method.js';
import type { Tensors } from './tensors.js';

/** Loss of one batch and what comes with it. */
export interface LossGradients extends MethodLoss {
  readonly metrics: Readonly<Record<string, tf.Scalar>>;
  readonly carried: Readonly<Record<string, tf.Tensor>>;
  /** By variable name. */
  readonly gradients: tf.NamedTensorMap;
}

/**
 * Loss of a batch and the gradients of the parameters that train in the context's phase.
 *
 * @param stages those that scale the loss do so before the gradient is taken
 * @throws InvalidOptionError where a parameter that should train has no gradient, or the optimiser does not hold one
 */
export function lossGradients<B>(
  method: Method<B, string>,
  batch: Tensors<B>,
  ctx: StepContext<string>,
  optimizer: Optimizer,
  stages: readonly GradientStage[],
): LossGradients {
  const names = trainedNames(method, ctx.phase, optimizer);
  const variables = optimizer.parameters.flatMap(({ variable }) => (names.has(variable) ? [variable] : []));
  // variableGrads disposes what was made inside it, but for the loss.
  const kept: tf.Tensor[] = [];
  const keep = <T extends tf.Tensor>(tensor: T): T => {
    const copy = tf.keep(tf.clone(tensor));
    kept.push(copy);
    return copy;
  };
  const keepAll = <T extends tf.Tensor>(record: Readonly<Record<string, T>> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, keep(tensor)]));
  let found: Omit<LossGradients, 'gradients'> | undefined;
  const forward = (): tf.Scalar => {
    const { loss, metrics, weight, carried } = checkLoss(method.name, method.loss(batch, ctx));
    found = {
      loss: keep(loss),
      metrics: keepAll(metrics),
      carried: keepAll(carried),
      ...(weight === undefined ? {} : { weight: keep(weight) }),
    };
    return stages.reduce((scaled, stage) => stage.scaleLoss?.(scaled) ?? scaled, loss);
  };
  try {
    const { value, grads: gradients } = tf.variableGrads(forward, variables);
    value.dispose();
    const unused = [...names].filter(([{ name }]) => !(name in gradients)).map(([, name]) => name);
    if (unused.length > 0) throw unusedParameters(method.name, ctx.phase, unused);
    const { loss, metrics, carried, weight } = found!;
    const copies = <T extends tf.Tensor>(record: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, tf.clone(tensor)]));
    return {
      loss: tf.clone(loss),
      metrics: copies(metrics),
      carried: copies(carried),
      gradients,
      ...(weight === undefined ? {} : { weight: tf.clone(weight) }),
    };
  } catch (error) {
    if (error instanceof Error && error.message.includes('Cannot find a connection'))
      throw unusedParameters(method.name, ctx.phase, ['all of them']);
    throw error;
  } finally {
    for (const tensor of kept) tensor.dispose();
  }
}

/** The parameters that train in a phase, with their full names. */
function trainedNames<B>(method: Method<B, string>, phase: string, optimizer: Optimizer): Map<tf.Variable, string> {
  const held = new Map(optimizer.parameters.map(({ variable, name }) => [variable, name]));
  if (method.phaseAt === undefined) return held;
  const trained = new Map([...method.trainable(phase)].map(([name, { variable }]) => [variable, name]));
  const foreign = [...trained].filter(([variable]) => !held.has(variable)).map(([, name]) => name);
  if (foreign.length === 0 && trained.size > 0) return trained;
  throw new InvalidOptionError(
    `method '${method.name}'`,
    `trainable('${phase}')`,
    'parameters among those of trainable() without a phase, which the optimiser holds, and at least one',
    foreign.length === 0 ? 'none' : shortList(foreign),
  );
}

const shortList = (names: readonly string[]): string =>
  names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

function unusedParameters(method: string, phase: string, names: readonly string[]): InvalidOptionError {
  return new InvalidOptionError(
    `method '${method}'`,
    phase === 'train' ? 'trainable()' : `trainable('${phase}')`,
    'parameters that the loss depends on (leave the others out)',
    `parameters without gradient: ${shortList(names)}`,
  );
}
