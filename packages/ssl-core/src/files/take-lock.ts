import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError } from '../errors/data-error.js';
import { describeFileError } from './describe-file-error.js';
import { createLockFile, type FoundLock, type LockHolder, readLockFile, removeLockFile } from './lock-file.js';
import { livenessOf } from './writer-identity.js';

export interface TakeLockOptions {
  /** How long a holder that cannot be asked may give no sign of life, in milliseconds. */
  readonly silentMs: number;
  /** Called before such a holder is watched. */
  readonly onWait: (holder: LockHolder | undefined) => void;
}

/** Tries, and the pause after one in which somebody else was about to take the same lock: 5 s in all. */
const attempts = 100;
const pauseMs = 50;

/** Holders that gave no sign, and when that was seen: the locks of one dead process are waited for once. */
const silent = new Map<string, number>();
const silentLastsMs = 60_000;

/**
 * Makes a lock file, in place of a dead holder's where there is one.
 *
 * Of several that find a dead holder's lock only one may remove it, or the slower one would remove the faster one's new
 * lock. So that is done under a lock of its own, `<path>.takeover`, made by the same rules.
 *
 * @returns the lock that is in the way, undefined when this one was made
 * @throws DataError when the folder cannot be written to
 */
export async function takeLock(
  path: string,
  holder: LockHolder,
  options: TakeLockOptions,
): Promise<FoundLock | undefined> {
  let found: FoundLock | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (await createLockFile(path, holder)) return undefined;
    found = await readLockFile(path);
    if (found === undefined) continue;
    if (await lives(path, found, options)) return found;
    if (!(await removeDead(path, found, holder, options))) await sleep(pauseMs);
  }
  return found ?? { text: '', holder: undefined, mtimeMs: 0 };
}

/** @returns false where somebody else is about to do it */
async function removeDead(
  path: string,
  dead: FoundLock,
  holder: LockHolder,
  options: TakeLockOptions,
): Promise<boolean> {
  const guard = `${path}.takeover`;
  const nonce = randomBytes(8).toString('hex');
  if ((await takeLock(guard, { ...holder, nonce }, options)) !== undefined) return false;
  try {
    const now = await readLockFile(path);
    if (now?.text === dead.text && now.mtimeMs === dead.mtimeMs) await rm(path, { force: true });
    return true;
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(`the lock of a dead process cannot be removed: ${describeFileError(cause)}`, { path, cause });
  } finally {
    removeLockFile(guard, nonce);
  }
}

async function lives(path: string, found: FoundLock, { silentMs, onWait }: TakeLockOptions): Promise<boolean> {
  const liveness = found.holder === undefined ? 'unknown' : livenessOf(found.holder);
  if (liveness !== 'unknown') return liveness === 'alive';
  const { space, pid, started, thread } = found.holder ?? {};
  const key = found.holder === undefined ? undefined : `${space}-${pid}-${started}-${thread}`;
  if (key !== undefined && performance.now() - (silent.get(key) ?? -Infinity) < silentLastsMs) return false;
  onWait(found.holder);
  if (await givesSign(path, found, silentMs)) return true;
  if (key !== undefined) silent.set(key, performance.now());
  return false;
}

/** Whether a lock file is touched or replaced within a time, by a clock that nobody sets. */
async function givesSign(path: string, before: FoundLock, silentMs: number): Promise<boolean> {
  const end = performance.now() + silentMs;
  while (performance.now() < end) {
    await sleep(Math.min(500, Math.max(1, end - performance.now())));
    const now = await readLockFile(path);
    if (now === undefined) return false;
    if (now.mtimeMs !== before.mtimeMs || now.text !== before.text) return true;
  }
  return false;
}
