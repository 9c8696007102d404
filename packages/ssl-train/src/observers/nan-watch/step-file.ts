import {
  loadSafetensors,
  type Module,
  saveSafetensors,
  type StateDict,
  withoutPrefix,
  withPrefix,
} from '@selfsup/ssl-nn';
import type { Stateful } from '@selfsup/ssl-tensor';
import { DataError, type NdArray } from '@selfsup/ssl-tensor/host';
import { readBuffers } from '../../checkpoint/stateful-tensors.js';
import type { JsonValue } from '../../checkpoint/run-config.js';
import { batchArrays, batchOf, batchStructure } from './copied-batch.js';
import type { NonFiniteTensor } from './non-finite-tensor.js';
import type { StepRecord } from './step-record.js';

const format = 'ssl-train-step';

/** What a step computed with, as it lies in a file. */
export interface StepFile {
  readonly method: string;
  readonly record: StepRecord;
  /** What was not finite after its update, where that is known. */
  readonly after: readonly NonFiniteTensor[];
  /** By `modules.<name>.<tensor>` and `state.<name>.<buffer>`. */
  readonly tensors: StateDict;
}

/** What the model holds now, under the names of a checkpoint. */
export function modelState(
  modules: Readonly<Record<string, Module>>,
  state: Readonly<Record<string, Stateful>> = {},
): StateDict {
  const parts = Object.entries(modules).flatMap(([name, module]) => [
    ...withPrefix(module.stateDict(), `modules.${name}.`),
  ]);
  return new Map([...parts, ...withPrefix(readBuffers(state), 'state.')]);
}

/** Writes a step whole, with the arrays of its batches as `batch.<number>.<place>`. */
export async function writeStepFile(path: string, { method, record, after, tensors }: StepFile): Promise<void> {
  const { parts, ...rest } = record;
  const batches = parts.map(({ batch, key }, part) => {
    const arrays: StateDict = new Map([...batchArrays(batch), ['', key]]);
    return withPrefix(arrays, `batch.${part}.`);
  });
  const structures = parts.map(({ batch }) => batchStructure(batch));
  const text = JSON.stringify({ ...rest, method, after, structures });
  await saveSafetensors(path, new Map([...tensors, ...batches.flatMap((arrays) => [...arrays])]), {
    format,
    step: text,
  });
}

/**
 * Reads a step.
 *
 * @throws CheckpointError when the file is missing, damaged or no safetensors file; DataError when it is of something else
 */
export async function readStepFile(path: string): Promise<StepFile> {
  const { tensors, metadata } = await loadSafetensors(path, { maxBytes: Infinity, maxHeaderBytes: Infinity });
  const text = metadata['step'];
  if (metadata['format'] !== format || text === undefined)
    throw new DataError('is no step that nanWatch has written. Its files are called nan-step-<step>.safetensors', {
      path,
    });
  const { method, after, structures, ...rest } = JSON.parse(text) as Omit<StepRecord, 'parts'> &
    Pick<StepFile, 'method' | 'after'> & { readonly structures: readonly JsonValue[] };
  const parts = structures.map((structure, part) => {
    const arrays = withoutPrefix(tensors, `batch.${part}.`);
    return { batch: batchOf(structure, arrays), key: arrays.get('') as NdArray<Int32Array> };
  });
  return { method, after, record: { ...rest, parts }, tensors };
}
