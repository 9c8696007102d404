import { randomBytes } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DataError } from '../errors/data-error.js';
import { printable } from '../printable.js';
import { type LockHolder, readLockFile, removeLockFile } from './lock-file.js';
import { takeLock } from './take-lock.js';
import { ownIdentity } from './writer-identity.js';
import type { OptionNames } from '../options/option-names.js';
import { checkOptions } from '../options/check-options.js';

export interface FolderLockOptions {
  /** What the holder does, for the message to others: 'training'. */
  readonly purpose: string;
  /** Name of the lock file in the folder. Default `.ssl-lock`. */
  readonly name?: string;
  /**
   * How long a holder of another machine or container, which cannot be asked, may give no sign of life before it counts
   * as dead, in milliseconds; acquiring waits so long. Default 30,000; holders give a sign every 5,000.
   */
  readonly silentMs?: number;
  /** Called once when acquiring has to wait to see whether the holder lives. */
  readonly onWait?: (holder: LockHolder | undefined) => void;
}

const folderLockOptionNames: OptionNames<FolderLockOptions> = {
  purpose: 'required',
  name: 'optional',
  silentMs: 'optionalNumber',
  onWait: 'optionalFunction',
};

const defaultName = '.ssl-lock';
const beatMs = 5000;

/**
 * The right to write to a folder, of one process at a time. It is a file in the folder with the holder's identity; a
 * lock whose holder is dead, be it a process or a worker thread that was ended, is taken over. Readers need none.
 *
 * ```ts
 * const lock = await FolderLock.acquire('runs/a', { purpose: 'training' });
 * try { await train(); } finally { await lock.release(); }
 * ```
 */
export class FolderLock {
  readonly folder: string;
  readonly #path: string;
  readonly #nonce: string;
  readonly #beat: NodeJS.Timeout;

  private constructor(folder: string, path: string, nonce: string) {
    this.folder = folder;
    this.#path = path;
    this.#nonce = nonce;
    this.#beat = setInterval(() => void this.#giveSign(), beatMs).unref();
    held.set(nonce, path);
    if (held.size === 1) process.on('exit', releaseAll);
  }

  /**
   * @param folder has to exist
   * @throws DataError when another process holds it, naming that process, or when the folder cannot be written to
   */
  static async acquire(folder: string, options: FolderLockOptions): Promise<FolderLock> {
    checkOptions('FolderLock.acquire', options, folderLockOptionNames);
    const { purpose, name = defaultName, silentMs = 30_000, onWait } = options;
    const path = join(folder, name);
    const nonce = randomBytes(8).toString('hex');
    const self: LockHolder = { ...ownIdentity(), host: hostname(), purpose, since: new Date().toISOString(), nonce };
    let waited = false;
    const inTheWay = await takeLock(path, self, {
      silentMs,
      onWait: (holder) => {
        if (!waited) onWait?.(holder);
        waited = true;
      },
    });
    if (inTheWay !== undefined) throw inUse(folder, path, inTheWay.holder);
    return new FolderLock(folder, path, nonce);
  }

  /**
   * Whether the folder is still this lock's: not when it was removed or moved, nor when another process took this one
   * for dead, because it was stopped or its machine slept.
   */
  async isHeld(): Promise<boolean> {
    const found = await readLockFile(this.#path).catch(() => undefined);
    return held.has(this.#nonce) && found?.holder?.nonce === this.#nonce;
  }

  /** Gives the folder free. A second call does nothing. */
  async release(): Promise<void> {
    clearInterval(this.#beat);
    if (!held.delete(this.#nonce)) return;
    if (held.size === 0) process.off('exit', releaseAll);
    removeLockFile(this.#path, this.#nonce);
  }

  async #giveSign(): Promise<void> {
    // Another one's lock is not kept alive by this one's signs.
    if (!(await this.isHeld())) return;
    const now = Date.now() / 1000;
    await utimes(this.#path, now, now).catch(() => undefined);
  }
}

/**
 * Who holds a folder, by a look that changes nothing; undefined where nobody does. A holder that died is still named.
 *
 * @param name of the lock file, as in {@link FolderLockOptions}
 */
export async function lockHolder(folder: string, name: string = defaultName): Promise<LockHolder | undefined> {
  return (await readLockFile(join(folder, name)))?.holder;
}

/** Lock files of this thread by nonce. */
const held = new Map<string, string>();

function releaseAll(): void {
  for (const [nonce, path] of held) removeLockFile(path, nonce);
  held.clear();
}

function inUse(folder: string, path: string, holder: LockHolder | undefined): DataError {
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${printable(holder.host)} (${printable(holder.purpose)}, since ${printable(holder.since)})`;
  const own = holder?.pid === process.pid && holder.space === ownIdentity().space;
  return new DataError(
    `is in use by ${own ? 'this very process, ' : ''}${who}. Wait until it ends or stop it, or use another folder. If nothing writes there, delete ${printable(path)}`,
    { path: folder },
  );
}
