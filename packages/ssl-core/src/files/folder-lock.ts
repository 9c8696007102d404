import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { link, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError } from '../errors/data-error.js';
import { printable } from '../printable.js';
import { describeFileError } from './describe-file-error.js';
import { temporaryName } from './temporary-name.js';
import { livenessOf, ownIdentity, type WriterIdentity } from './writer-identity.js';

/** Who holds a folder. */
export interface LockHolder extends WriterIdentity {
  readonly host: string;
  /** What it does there: 'training'. */
  readonly purpose: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Of this one lock. */
  readonly nonce: string;
}

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

const defaultName = '.ssl-lock';
const beatMs = 5000;
/** A lock file is a few hundred bytes. */
const maxLockBytes = 4096;
/** Tries before somebody else is faster for good. */
const attempts = 5;

/**
 * The right to write to a folder, of one process at a time. It is a file in the folder with the holder's identity; a
 * lock whose holder is dead is taken over. Readers need none.
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
    const { purpose, name = defaultName, silentMs = 30_000, onWait } = options;
    const path = join(folder, name);
    const nonce = randomBytes(8).toString('hex');
    const self: LockHolder = { ...ownIdentity(), host: hostname(), purpose, since: new Date().toISOString(), nonce };
    let waited = false;
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (await create(path, `${JSON.stringify(self)}\n`)) return new FolderLock(folder, path, nonce);
      const found = await look(path);
      if (found === undefined) continue;
      const liveness = found.holder === undefined ? 'unknown' : livenessOf(found.holder);
      if (liveness === 'alive') throw inUse(folder, path, found.holder);
      if (liveness === 'unknown') {
        if (!waited) onWait?.(found.holder);
        waited = true;
        if (await givesSign(path, found, silentMs)) throw inUse(folder, path, found.holder);
      }
      await remove(path, found.text);
    }
    throw inUse(folder, path, (await look(path))?.holder);
  }

  /** Gives the folder free. A second call does nothing. */
  async release(): Promise<void> {
    clearInterval(this.#beat);
    if (!held.delete(this.#nonce)) return;
    if (held.size === 0) process.off('exit', releaseAll);
    const found = await look(this.#path).catch(() => undefined);
    if (found?.holder?.nonce === this.#nonce) await rm(this.#path, { force: true }).catch(() => undefined);
  }

  async #giveSign(): Promise<void> {
    const now = Date.now() / 1000;
    // A folder that was deleted has nothing to keep.
    await utimes(this.#path, now, now).catch(() => undefined);
  }
}

/**
 * Who holds a folder, by a look that changes nothing; undefined where nobody does. A holder that died is still named.
 *
 * @param name of the lock file, as in {@link FolderLockOptions}
 */
export async function lockHolder(folder: string, name: string = defaultName): Promise<LockHolder | undefined> {
  return (await look(join(folder, name)))?.holder;
}

/** Lock files of this thread by nonce. */
const held = new Map<string, string>();

function releaseAll(): void {
  for (const path of held.values()) rmSync(path, { force: true });
  held.clear();
}

interface FoundLock {
  readonly text: string;
  /** Undefined where the file does not say. */
  readonly holder: LockHolder | undefined;
  readonly mtimeMs: number;
}

/** Makes the lock file with its whole content; false where there is one. */
async function create(path: string, text: string): Promise<boolean> {
  const temporary = temporaryName(path);
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
      // A file system without hard links: the file is empty for a moment.
      const file = await open(path, 'wx').catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'EEXIST') return undefined;
        throw cause;
      });
      if (file === undefined) return false;
      try {
        await file.writeFile(text);
      } finally {
        await file.close();
      }
      return true;
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (cause) {
    throw new DataError(`the folder cannot be locked: ${describeFileError(cause)}`, { path, cause });
  }
}

async function look(path: string): Promise<FoundLock | undefined> {
  try {
    const { mtimeMs, size } = await stat(path);
    const text = size > maxLockBytes ? '' : await readFile(path, 'utf8');
    return { text, holder: parse(text), mtimeMs };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DataError(`the lock cannot be read: ${describeFileError(cause)}`, { path, cause });
  }
}

function parse(text: string): LockHolder | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const isWhole = ['space', 'started', 'host', 'purpose', 'since', 'nonce'].every(
      (name) => typeof value[name] === 'string',
    );
    return isWhole && Number.isSafeInteger(value['pid']) && (value['pid'] as number) > 0
      ? (value as unknown as LockHolder)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a lock file is touched, replaced or removed within a time. */
async function givesSign(path: string, before: FoundLock, silentMs: number): Promise<boolean> {
  const end = Date.now() + silentMs;
  while (Date.now() < end) {
    await sleep(Math.min(500, Math.max(1, end - Date.now())));
    const now = await look(path);
    if (now === undefined) return false;
    if (now.mtimeMs !== before.mtimeMs || now.text !== before.text) return true;
  }
  return false;
}

/** Removes the lock with this content, and puts back one that somebody faster has made meanwhile. */
async function remove(path: string, text: string): Promise<void> {
  const aside = temporaryName(path);
  try {
    await rename(path, aside);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new DataError(`the lock of a dead process cannot be removed: ${describeFileError(cause)}`, { path, cause });
  }
  const moved = await readFile(aside, 'utf8').catch(() => text);
  if (moved !== text && moved.length <= maxLockBytes) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
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
