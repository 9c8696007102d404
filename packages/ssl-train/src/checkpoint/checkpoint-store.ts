import { stat } from 'node:fs/promises';
import { clearLeftovers, FolderLock, type LockHolder } from '@selfsup/ssl-core/files';
import type { StateDict } from '@selfsup/ssl-nn';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import type { HistoryEntry } from '../run/history.js';
import { checkpointPath, ensureDirectory, pruneCheckpoints } from './checkpoint-directory.js';
import { saveCheckpoint, verifyCheckpoint } from './checkpoint-file.js';
import type { RunRecord } from './run-record.js';

/** How a store is opened. */
export interface CheckpointStoreOptions {
  /** How many of the newest to keep. */
  readonly keep: number;
  /** Called when another machine's lock has to be watched for a while. */
  readonly onWait?: (holder: LockHolder | undefined) => void;
}

/** A checkpoint that was written. */
export interface SavedCheckpoint {
  readonly path: string;
  /** The directory was gone and had to be made again. */
  readonly directoryLost: boolean;
}

/** The checkpoint directory of a run that trains: one writer at a time, what dead ones left half-written cleared. */
export class CheckpointStore {
  readonly directory: string;
  readonly #options: CheckpointStoreOptions;
  #lock: FolderLock;
  #identity: string | undefined;
  /** Files that were found whole or damaged, with what they looked like then. */
  readonly #known = new Map<string, { readonly look: string | undefined; readonly whole: boolean }>();

  private constructor(directory: string, options: CheckpointStoreOptions, lock: FolderLock) {
    this.directory = directory;
    this.#options = options;
    this.#lock = lock;
  }

  /**
   * Makes the directory where it is missing and locks it.
   *
   * @throws CheckpointError when it cannot be made; DataError when another run holds it, naming that run, or when it cannot
   *   be written to
   */
  static async open(directory: string, options: CheckpointStoreOptions): Promise<CheckpointStore> {
    await ensureDirectory(directory);
    const store = new CheckpointStore(directory, options, await lock(directory, options));
    store.#identity = await lookOf(directory);
    await clearLeftovers(directory, { locked: true });
    return store;
  }

  /** Tells that a file was read and is whole. */
  async noteWhole(path: string): Promise<void> {
    this.#known.set(path, { look: await lookOf(path, true), whole: true });
  }

  /**
   * Writes the checkpoint of a step and deletes old ones. Where the directory has been removed or replaced, it is made
   * again; where only the lock was removed, or another process took this one for dead, it is asked for again.
   *
   * @throws CheckpointError when it cannot be written; DataError when another run has taken the directory
   */
  async save(state: StateDict, record: RunRecord, history: readonly HistoryEntry[]): Promise<SavedCheckpoint> {
    const directoryLost = (await lookOf(this.directory)) !== this.#identity;
    if (directoryLost || !(await this.#lock.isHeld())) {
      if (directoryLost) await ensureDirectory(this.directory);
      await this.#lock.release();
      this.#lock = await lock(this.directory, this.#options);
      this.#identity = await lookOf(this.directory);
    }
    const path = checkpointPath(this.directory, record.step);
    await saveCheckpoint(path, state, record, history);
    await this.noteWhole(path);
    await pruneCheckpoints(this.directory, record.step, this.#options.keep, (file) => this.#isWhole(file));
    return { path, directoryLost };
  }

  async close(): Promise<void> {
    await this.#lock.release();
  }

  async #isWhole(path: string): Promise<boolean> {
    const look = await lookOf(path, true);
    const known = this.#known.get(path);
    if (known !== undefined && known.look === look) return known.whole;
    const whole = await verifyCheckpoint(path).then(
      () => true,
      (error: unknown) => {
        if (!CheckpointError.isInstance(error)) throw error;
        return false;
      },
    );
    this.#known.set(path, { look, whole });
    return whole;
  }
}

function lock(directory: string, { onWait }: CheckpointStoreOptions): Promise<FolderLock> {
  return FolderLock.acquire(directory, { purpose: 'training', ...(onWait === undefined ? {} : { onWait }) });
}

/** What tells one file or folder from another of its name, undefined where there is none. */
async function lookOf(path: string, contents = false): Promise<string | undefined> {
  const status = await stat(path, { bigint: true }).catch(() => undefined);
  if (status === undefined) return undefined;
  return [status.dev, status.ino, ...(contents ? [status.size, status.mtimeNs] : [])].join(' ');
}
