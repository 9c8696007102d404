import { compileOptionNames, type CompileOptions } from '@selfsup/ssl-tensor';
import { withoutPrefix } from '@selfsup/ssl-nn';
import { CheckpointError, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkPath } from '@selfsup/ssl-core/files';
import { applyModules } from '../../checkpoint/checkpoint-file.js';
import { checkBuffers, writeBuffers } from '../../checkpoint/stateful-tensors.js';
import { savedModules } from '../../run/saved-modules.js';
import type { Method } from '../../step/method.js';
import { diagnoseStep } from './diagnose-step.js';
import type { NonFiniteTensor } from './non-finite-tensor.js';
import { readStepFile } from './step-file.js';
import { stepText } from './step-text.js';

/** Options of {@link replayStep}. */
export interface ReplayStepOptions<B> {
  /** The method of the run, made anew; it gets the values that it had before the step. */
  readonly method: Method<B, string>;
  /** Options of `compile()`: device, threads. */
  readonly compile?: CompileOptions;
}

const replayStepOptionNames: OptionNames<ReplayStepOptions<unknown>> = { method: 'required', compile: 'optional' };

/** Result of {@link replayStep}. */
export interface ReplayedStep<B> {
  /** Counted from 1. */
  readonly step: number;
  /** Loss of each batch of the update. */
  readonly losses: readonly number[];
  /** What is not finite, in the order in which the step comes to it. */
  readonly found: readonly NonFiniteTensor[];
  /** The first of them in words, with what makes such ones. */
  readonly text: string;
  /** The batches of the step. */
  readonly batches: readonly B[];
}

/**
 * Computes a step again that `nanWatch` has written, with its weights, batches, random key and scheduled values. The method
 * then holds what it held before the step, so that its parts can be looked at with `batches`.
 *
 * @param path of a `nan-step-<step>.safetensors`
 * @throws CheckpointError where the file is missing, damaged or of another model; DataError where it is no such file
 *
 * @example
 * const { text, batches } = await replayStep('runs/a/nan-step-00000120.safetensors', { method });
 */
export async function replayStep<B>(path: string, options: ReplayStepOptions<B>): Promise<ReplayedStep<B>> {
  const where = 'replayStep';
  checkPath(where, 'path', path);
  const { method, compile = {} } = checkOptions(where, options, replayStepOptionNames);
  checkOptions(where, compile, compileOptionNames, 'compile');
  const { method: name, record, after, tensors } = await readStepFile(path);
  if (name !== method.name)
    throw new CheckpointError(`is a step of the method '${name}'. Give that one, not '${method.name}'`, { path });
  const modules = savedModules(method.modules, method.emaPairs?.(record.shape) ?? []);
  const state = withoutPrefix(tensors, 'state.');
  checkBuffers(state, method.state ?? {});
  applyModules({ path, tensors }, modules);
  writeBuffers(state, method.state ?? {});
  const { losses, found } = await diagnoseStep(method, modules, record, compile);
  const all = { losses, found: [...found, ...after] };
  const batches = record.parts.map(({ batch }) => batch as B);
  return { step: record.step, ...all, text: stepText(record, all), batches };
}
