import { constants, readFileSync, rmSync } from 'node:fs';
import { link, lstat, open, rm, writeFile } from 'node:fs/promises';
import { DataError } from '../errors/data-error.js';
import { describeFileError } from './describe-file-error.js';
import { temporaryName } from './temporary-name.js';
import type { WriterIdentity } from './writer-identity.js';

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

/** A lock file as it was found. */
export interface FoundLock {
  readonly text: string;
  /** Undefined where the file does not say. */
  readonly holder: LockHolder | undefined;
  readonly mtimeMs: number;
}

/** A lock file is a few hundred bytes. */
const maxLockBytes = 4096;

/**
 * Makes a lock file with its whole content.
 *
 * @returns false where something has that name
 * @throws DataError when the folder cannot be written to
 */
export async function createLockFile(path: string, holder: LockHolder): Promise<boolean> {
  const text = `${JSON.stringify(holder)}\n`;
  const temporary = temporaryName(path);
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // ENOENT: the lock's holder took the temporary file for a leftover.
      if (code === 'EEXIST' || code === 'ENOENT') return false;
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
      return await createWithoutLink(path, text);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (cause) {
    throw new DataError(`the folder cannot be locked: ${describeFileError(cause)}`, { path, cause });
  }
}

/** On a file system without hard links: the file is empty for a moment. */
async function createWithoutLink(path: string, text: string): Promise<boolean> {
  const file = await open(path, 'wx').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') return undefined;
    throw cause;
  });
  if (file === undefined) return false;
  try {
    await file.writeFile(text);
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  } finally {
    await file.close();
  }
  return true;
}

/**
 * Reads a lock file; undefined where there is none.
 *
 * @throws DataError for what is no file, and when it cannot be read
 */
export async function readLockFile(path: string): Promise<FoundLock | undefined> {
  try {
    // A link to nothing is there too, and is in the way.
    if (!(await lstat(path)).isFile())
      throw new DataError('has the name of the lock and is no file. Move it away, or use another folder', { path });
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { mtimeMs, size } = await file.stat();
      const text = size > maxLockBytes ? '' : await file.readFile('utf8');
      return { text, holder: parse(text), mtimeMs };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DataError(`the lock cannot be read: ${describeFileError(cause)}`, { path, cause });
  }
}

/** Removes a lock file if it is still the one with this nonce. At once, also in a process that exits. */
export function removeLockFile(path: string, nonce: string): void {
  try {
    if (parse(readFileSync(path, 'utf8'))?.nonce === nonce) rmSync(path, { force: true });
  } catch {
    // The folder is gone, or may no longer be written to: the next one sees that the holder is dead.
  }
}

function parse(text: string): LockHolder | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const isWhole = ['space', 'started', 'host', 'purpose', 'since', 'nonce'].every(
      (name) => typeof value[name] === 'string',
    );
    if (value['thread'] !== undefined && typeof value['thread'] !== 'string') return undefined;
    return isWhole && Number.isSafeInteger(value['pid']) && (value['pid'] as number) > 0
      ? (value as unknown as LockHolder)
      : undefined;
  } catch {
    return undefined;
  }
}
