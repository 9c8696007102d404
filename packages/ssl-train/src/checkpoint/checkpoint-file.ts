import { lstat } from 'node:fs/promises';
import { printable } from '@selfsup/ssl-core';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import {
  loadSafetensors,
  type LoadSafetensorsOptions,
  saveSafetensors,
  verifySafetensors,
  withoutPrefix,
  withPrefix,
  type Module,
  type StateDict,
} from '@selfsup/ssl-nn';
import type { Stateful } from '@selfsup/ssl-tensor';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { HistoryEntry } from '../run/history.js';
import { DamagedCheckpointError } from './damaged-checkpoint-error.js';
import { historyTensors } from './history-tensors.js';
import { checkBuffers, readBuffers, writeBuffers } from './stateful-tensors.js';
import { firstCheckedVersion, readRunRecord, type RunRecord, writeRunRecord } from './run-record.js';

/** What lies in a checkpoint besides its record. */
export interface CheckpointParts {
  /** By name, EMA targets included. */
  readonly modules: Readonly<Record<string, Module>>;
  readonly optimizer: Optimizer;
  /** Queues, centres and the like of the method, by name. */
  readonly state: Readonly<Record<string, Stateful>>;
  /** State of the gradient stages, by their names. */
  readonly stages: Readonly<Record<string, Stateful>>;
}

/** A checkpoint that was read and not yet applied. */
export interface CheckpointContents {
  readonly path: string;
  readonly record: RunRecord;
  readonly tensors: StateDict;
}

const modulePrefix = 'modules.';
const optimizerPrefix = 'optimizer.';
const statePrefix = 'state.';
const stagePrefix = 'stages.';
const historyPrefix = 'history.';

/** A run's own files are as large as its model. */
const limits: LoadSafetensorsOptions = { maxBytes: Infinity, maxHeaderBytes: Infinity };

/** What a checkpoint of these parts holds, without the history. */
export function checkpointState({ modules, optimizer, state: kept, stages }: CheckpointParts): StateDict {
  const state: StateDict = new Map();
  const add = (prefix: string, part: StateDict): void => {
    for (const [name, value] of withPrefix(part, prefix)) state.set(name, value);
  };
  for (const [name, module] of Object.entries(modules)) add(`${modulePrefix}${name}.`, module.stateDict());
  add(optimizerPrefix, optimizer.stateDict());
  add(statePrefix, readBuffers(kept));
  add(stagePrefix, readBuffers(stages));
  return state;
}

/**
 * Writes a checkpoint: one safetensors file with `modules.<name>.<tensor>` (the reference's names and layouts),
 * `optimizer.<slot>`, `state.<name>.<buffer>`, `stages.<name>.<buffer>` and `history.<column>`, and the run's record and checksums as metadata. Atomic.
 *
 * @param state of {@link checkpointState}
 * @throws CheckpointError when the file cannot be written
 */
export async function saveCheckpoint(
  path: string,
  state: StateDict,
  record: RunRecord,
  history: readonly HistoryEntry[],
): Promise<void> {
  await saveSafetensors(
    path,
    new Map([...state, ...withPrefix(historyTensors(history), historyPrefix)]),
    writeRunRecord(record),
  );
}

/**
 * Reads a checkpoint without applying it.
 *
 * @throws DamagedCheckpointError when it is not whole; CheckpointError when the file is missing or may not be read, is
 *   not a checkpoint or of another version
 */
export async function readCheckpoint(path: string): Promise<CheckpointContents> {
  const { tensors, metadata, checked } = await tellDamage(path, () => loadSafetensors(path, limits));
  const record = readRunRecord(metadata, path);
  if (!checked && Number(metadata['version']) >= firstCheckedVersion)
    throw new DamagedCheckpointError('has lost its checksums', { path });
  return { path, record, tensors };
}

/**
 * Checks that a checkpoint is whole, with the memory of its largest tensor.
 *
 * @throws as {@link readCheckpoint}
 */
export async function verifyCheckpoint(path: string): Promise<void> {
  await tellDamage(path, () => verifySafetensors(path, limits));
}

/** Tells files that are damaged from those that are missing or may not be read. */
async function tellDamage<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!CheckpointError.isInstance(cause)) throw cause;
    const code = fileErrorCode(cause);
    const dangling = code === 'ENOENT' && (await lstat(path).catch(() => undefined)) !== undefined;
    if (code !== undefined && code !== 'EIO' && code !== 'ELOOP' && !dangling) throw cause;
    const problem = dangling ? 'is a link to a file that is gone' : withoutPath(cause.message, path);
    throw new DamagedCheckpointError(problem, {
      path,
      cause,
      ...(cause.parameter === undefined ? {} : { parameter: cause.parameter }),
    });
  }
}

/** A message of an error about this path, without the path. */
export function withoutPath(message: string, path: string): string {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}

/** Code of the file system's error that an error goes back to. */
function fileErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return code;
  return fileErrorCode(error.cause);
}

/**
 * Loads a checkpoint's tensors into modules, optimiser, and what method and gradient stages keep.
 *
 * @returns the columns of the history
 * @throws CheckpointError naming the tensors that do not fit
 */
export function applyCheckpoint(
  contents: CheckpointContents,
  { modules, optimizer, state, stages }: CheckpointParts,
): StateDict {
  const { path, tensors } = contents;
  const [kept, staged] = [withoutPrefix(tensors, statePrefix), withoutPrefix(tensors, stagePrefix)];
  loading(path, "the method's state: ", () => checkBuffers(kept, state));
  loading(path, 'gradient stages: ', () => checkBuffers(staged, stages));
  applyModules(contents, modules);
  loading(path, '', () => optimizer.loadStateDict(withoutPrefix(tensors, optimizerPrefix)));
  writeBuffers(kept, state);
  writeBuffers(staged, stages);
  return withoutPrefix(tensors, historyPrefix);
}

/** The tensors of a checkpoint's modules, named `<module>.<tensor>`. */
export function moduleTensors({ tensors }: Pick<CheckpointContents, 'tensors'>): StateDict {
  return withoutPrefix(tensors, modulePrefix);
}

/**
 * Loads a checkpoint's weights into modules.
 *
 * @throws CheckpointError naming the tensors that do not fit
 */
export function applyModules(
  { path, tensors }: Pick<CheckpointContents, 'path' | 'tensors'>,
  modules: CheckpointParts['modules'],
): void {
  const saved = moduleTensors({ tensors });
  const stray = [...saved.keys()].find((name) => !Object.keys(modules).some((module) => name.startsWith(`${module}.`)));
  if (stray !== undefined)
    throw new CheckpointError(
      `has '${printable(stray)}', but the method has no such module (it has ${Object.keys(modules).join(', ') || 'none'})`,
      { path, parameter: stray },
    );
  for (const [name, module] of Object.entries(modules))
    loading(path, `module '${name}': `, () => module.loadStateDict(withoutPrefix(saved, `${name}.`)));
}

/** Adds to an error of loading what was loaded and from where. */
function loading(path: string, what: string, load: () => void): void {
  try {
    load();
  } catch (cause) {
    if (!CheckpointError.isInstance(cause) || cause.path !== undefined) throw cause;
    // A run has no such options.
    const problem = cause.message.replace(/\. Check the prefix of the names, or pass .*$/, '');
    throw new CheckpointError(`${what}${problem}`, {
      path,
      cause,
      ...(cause.parameter === undefined ? {} : { parameter: cause.parameter }),
    });
  }
}
