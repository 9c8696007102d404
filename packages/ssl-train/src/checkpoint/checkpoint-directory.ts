import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFileError, makeFolder } from '@selfsup/ssl-core/files';
import { CheckpointError } from '@selfsup/ssl-tensor/host';

const fileName = /^step-(\d{1,15})\.safetensors$/;

/** A checkpoint file by its name. */
export interface CheckpointEntry {
  readonly path: string;
  readonly step: number;
}

/** Path of the checkpoint of a step. */
export function checkpointPath(directory: string, step: number): string {
  return join(directory, `step-${String(step).padStart(8, '0')}.safetensors`);
}

/**
 * The checkpoints of a directory, oldest step first; none when it does not exist.
 *
 * @throws CheckpointError when the directory cannot be read
 */
export async function listCheckpoints(directory: string): Promise<readonly CheckpointEntry[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CheckpointError(`the checkpoint directory cannot be read: ${describeFileError(cause)}`, {
      path: directory,
      cause,
    });
  }
  return names
    .flatMap((name) => {
      const match = fileName.exec(name);
      return match === null ? [] : [{ path: join(directory, name), step: Number(match[1]) }];
    })
    .sort((a, b) => a.step - b.step);
}

/** The checkpoint of the highest step, or undefined. Throws as {@link listCheckpoints}. */
export async function latestCheckpoint(directory: string): Promise<CheckpointEntry | undefined> {
  return (await listCheckpoints(directory)).at(-1);
}

/**
 * Makes the directory and its parents.
 *
 * @throws CheckpointError when that cannot be
 */
export async function ensureDirectory(directory: string): Promise<void> {
  try {
    await makeFolder(directory);
  } catch (cause) {
    throw new CheckpointError(`the checkpoint directory cannot be made: ${describeFileError(cause)}`, {
      path: directory,
      cause,
    });
  }
}

/**
 * Deletes old checkpoints, all but the newest `keep` that are whole. Damaged ones among these stay too, and count for
 * nothing; so do later ones than the run has come to, which somebody else put there.
 *
 * @param step of the newest one of the run
 * @param isWhole asked only where something would be deleted
 * @throws CheckpointError when one cannot be deleted
 */
export async function pruneCheckpoints(
  directory: string,
  step: number,
  keep: number,
  isWhole: (path: string) => Promise<boolean>,
): Promise<void> {
  const entries = (await listCheckpoints(directory)).filter((entry) => entry.step <= step).toReversed();
  if (entries.length <= keep) return;
  let kept = 0;
  for (const { path } of entries) {
    if (kept < keep) {
      if (await isWhole(path)) kept++;
      continue;
    }
    try {
      await rm(path, { force: true });
    } catch (cause) {
      throw new CheckpointError(`an old checkpoint cannot be deleted: ${describeFileError(cause)}`, { path, cause });
    }
  }
}
