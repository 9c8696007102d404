import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from 'ssl-tensor/host';

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
    throw new CheckpointError(`the checkpoint directory cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
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

/** Makes the directory and its parents. */
export async function ensureDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw new CheckpointError(`the checkpoint directory cannot be made (${(cause as NodeJS.ErrnoException).code})`, {
      path: directory,
      cause,
    });
  }
}

/** Deletes all but the newest `keep` checkpoints. */
export async function pruneCheckpoints(directory: string, keep: number): Promise<void> {
  const entries = await listCheckpoints(directory);
  for (const { path } of entries.slice(0, Math.max(0, entries.length - keep))) await rm(path, { force: true });
}
