import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderTime } from './folder-time.js';
import { writerOf } from './temporary-name.js';
import { livenessOf } from './writer-identity.js';
import type { OptionNames } from '../options/option-names.js';
import { checkOptions } from '../options/check-options.js';

/** A writer of another machine or container is taken for dead when its file was not touched for so long. */
const silentMs = 3_600_000;

export interface ClearLeftoversOptions {
  /**
   * The caller holds the folder's {@link FolderLock}, and nothing writes there without it: what was left by other
   * machines and containers goes at once. Default false.
   */
  readonly locked?: boolean;
}

const clearLeftoversOptionNames: OptionNames<ClearLeftoversOptions> = {
  locked: 'optionalFlag',
};

/**
 * Removes what dead writers left in a folder: files named by {@link temporaryName} whose process is gone, or, where it
 * ran on another machine or in another container, that were not written to for an hour. Never a live one's, and no file
 * of another name. What cannot be removed stays.
 *
 * @param folder need not exist
 * @returns the names removed
 */
export async function clearLeftovers(folder: string, options: ClearLeftoversOptions = {}): Promise<readonly string[]> {
  const { locked = false } = checkOptions('clearLeftovers', options, clearLeftoversOptionNames);
  const names = await readdir(folder).catch((): string[] => []);
  const removed: string[] = [];
  let now: number | undefined;
  for (const name of names) {
    const writer = writerOf(name);
    if (writer === undefined) continue;
    const path = join(folder, name);
    const liveness = livenessOf(writer);
    if (liveness === 'alive') continue;
    try {
      if (liveness === 'unknown' && !locked) {
        now ??= await folderTime(folder);
        if (now - (await stat(path)).mtimeMs < silentMs) continue;
      }
      await rm(path);
      removed.push(name);
    } catch {
      // Another process removed it first, or the folder may not be written to.
    }
  }
  return removed;
}
