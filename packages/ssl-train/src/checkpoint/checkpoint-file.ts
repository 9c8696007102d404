import { CheckpointError } from 'ssl-tensor/host';
import { loadSafetensors, saveSafetensors, withoutPrefix, withPrefix, type Module, type StateDict } from 'ssl-nn';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { HistoryEntry } from '../trainer/history.js';
import { historyTensors } from './history-tensors.js';
import { readRunRecord, type RunRecord, writeRunRecord } from './run-record.js';

/** What lies in a checkpoint besides its record. */
export interface CheckpointParts {
  /** By name, EMA targets included. */
  readonly modules: Readonly<Record<string, Module>>;
  readonly optimizer: Optimizer;
}

/** A checkpoint that was read and not yet applied. */
export interface CheckpointContents {
  readonly path: string;
  readonly record: RunRecord;
  readonly tensors: StateDict;
}

const modulePrefix = 'modules.';
const optimizerPrefix = 'optimizer.';
const historyPrefix = 'history.';

/**
 * Writes a checkpoint: one safetensors file with `modules.<name>.<tensor>` (the reference's names and layouts),
 * `optimizer.<slot>` and `history.<column>`, and the run's record as metadata. Atomic.
 *
 * @throws CheckpointError when the file cannot be written
 */
export async function saveCheckpoint(
  path: string,
  { modules, optimizer }: CheckpointParts,
  record: RunRecord,
  history: readonly HistoryEntry[],
): Promise<void> {
  const state: StateDict = new Map();
  const add = (prefix: string, part: StateDict): void => {
    for (const [name, value] of withPrefix(part, prefix)) state.set(name, value);
  };
  for (const [name, module] of Object.entries(modules)) add(`${modulePrefix}${name}.`, module.stateDict());
  add(optimizerPrefix, optimizer.stateDict());
  add(historyPrefix, historyTensors(history));
  await saveSafetensors(path, state, writeRunRecord(record));
}

/**
 * Reads a checkpoint without applying it.
 *
 * @throws CheckpointError when the file is missing, damaged, not a checkpoint or of another version
 */
export async function readCheckpoint(path: string): Promise<CheckpointContents> {
  const { tensors, metadata } = await loadSafetensors(path);
  return { path, record: readRunRecord(metadata, path), tensors };
}

/**
 * Loads a checkpoint's tensors into modules and optimiser.
 *
 * @returns the columns of the history
 * @throws CheckpointError naming the tensors that do not fit
 */
export function applyCheckpoint(
  { path, tensors }: CheckpointContents,
  { modules, optimizer }: CheckpointParts,
): StateDict {
  const saved = withoutPrefix(tensors, modulePrefix);
  const stray = [...saved.keys()].find((name) => !Object.keys(modules).some((module) => name.startsWith(`${module}.`)));
  if (stray !== undefined)
    throw new CheckpointError(
      `has '${stray}', but the method has no such module (it has ${Object.keys(modules).join(', ')})`,
      { path, parameter: stray },
    );
  try {
    for (const [name, module] of Object.entries(modules)) {
      const part = withoutPrefix(saved, `${name}.`);
      try {
        module.loadStateDict(part);
      } catch (cause) {
        if (!CheckpointError.isInstance(cause)) throw cause;
        throw new CheckpointError(`module '${name}': ${cause.message}`, {
          cause,
          ...(cause.parameter === undefined ? {} : { parameter: cause.parameter }),
        });
      }
    }
    optimizer.loadStateDict(withoutPrefix(tensors, optimizerPrefix));
  } catch (cause) {
    if (!CheckpointError.isInstance(cause) || cause.path !== undefined) throw cause;
    throw new CheckpointError(cause.message, {
      path,
      cause,
      ...(cause.parameter === undefined ? {} : { parameter: cause.parameter }),
    });
  }
  return withoutPrefix(tensors, historyPrefix);
}
