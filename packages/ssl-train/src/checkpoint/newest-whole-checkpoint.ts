import { link, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { describeFileError } from '@selfsup/ssl-core/files';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { type CheckpointEntry, listCheckpoints } from './checkpoint-directory.js';
import { type CheckpointContents, readCheckpoint, withoutPath } from './checkpoint-file.js';
import { DamagedCheckpointError } from './damaged-checkpoint-error.js';

/** A checkpoint that is not whole. */
export interface DamagedCheckpoint {
  /** Where it lies: under its name, or set aside. */
  readonly path: string;
  readonly step: number;
  /** What is wrong with it. */
  readonly reason: string;
}

/** The newest whole checkpoint of a directory, and newer ones that are damaged. */
export interface NewestWhole<T> {
  readonly found: T | undefined;
  /** Newest first. */
  readonly damaged: readonly DamagedCheckpoint[];
}

async function newestThat<T>(directory: string, read: (entry: CheckpointEntry) => Promise<T>): Promise<NewestWhole<T>> {
  const damaged: DamagedCheckpoint[] = [];
  for (const entry of (await listCheckpoints(directory)).toReversed()) {
    try {
      return { found: await read(entry), damaged };
    } catch (error) {
      if (!DamagedCheckpointError.isInstance(error)) throw error;
      damaged.push({ ...entry, reason: damageOf(error) });
    }
  }
  return { found: undefined, damaged };
}

/**
 * Reads a checkpoint of a directory.
 *
 * @throws as {@link readCheckpoint}; DamagedCheckpointError also when it is of another step than its name says
 */
export async function readEntry({ path, step }: CheckpointEntry): Promise<CheckpointContents> {
  const contents = await readCheckpoint(path);
  if (contents.record.step !== step)
    throw new DamagedCheckpointError(
      `is of step ${contents.record.step} and has the name of step ${step}, so it was copied or renamed`,
      { path },
    );
  return contents;
}

/**
 * Reads the newest whole checkpoint of a directory.
 *
 * @throws CheckpointError when there are checkpoints and none is whole, naming what is wrong with each
 */
export async function readNewestWhole(directory: string): Promise<NewestWhole<CheckpointContents>> {
  const result = await newestThat(directory, readEntry);
  if (result.found === undefined && result.damaged.length > 0)
    throw new CheckpointError(
      `holds no whole checkpoint: ${damageList(result.damaged)}. Bring one back from a copy, or start anew in another directory`,
      { path: directory },
    );
  return result;
}

/** Each damaged checkpoint with its reason, as text. */
export function damageList(damaged: readonly DamagedCheckpoint[]): string {
  return damaged.map(({ path, reason }) => `${basename(path)} is damaged (${reason})`).join('; ');
}

/** What is wrong with a checkpoint, without the path and without what to do about a file from elsewhere. */
function damageOf({ message, path }: DamagedCheckpointError): string {
  const text = withoutPath(message, path ?? '');
  // What the system says is the reason, up to its advice.
  return /^cannot be read: [^.]+/.exec(text)?.[0] ?? text.split(': ')[0]!;
}

/** The error of a damaged checkpoint with the way on: the newest one of the directory that is whole. */
export async function withWayOn(error: DamagedCheckpointError, directory: string): Promise<DamagedCheckpointError> {
  const { found } = await newestThat(directory, readEntry);
  const way =
    found === undefined
      ? 'There is no other checkpoint that is whole. Bring it back from a copy, or start anew in another directory'
      : `The newest one that is whole is of step ${found.record.step} (${basename(found.path)}). Pass checkpoint.resume: 'latest-good' to continue from it; damaged ones are renamed to *.damaged`;
  return new DamagedCheckpointError(`is damaged (${damageOf(error)}). ${way}`, {
    cause: error,
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.parameter === undefined ? {} : { parameter: error.parameter }),
  });
}

/**
 * Gives a damaged checkpoint another name, `<name>.damaged`, so that the run can go on without it.
 *
 * @throws CheckpointError when it cannot be renamed
 */
export async function setAside(damaged: DamagedCheckpoint): Promise<DamagedCheckpoint> {
  for (let number = 1; ; number++) {
    const path = `${damaged.path}.damaged${number === 1 ? '' : `-${number}`}`;
    try {
      await moveToNew(damaged.path, path);
      return { ...damaged, path };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new CheckpointError(`is damaged, and cannot be renamed: ${describeFileError(cause)}`, {
        path: damaged.path,
        cause,
      });
    }
  }
}

/** Renames without replacing what has the new name. */
async function moveToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw cause;
    // Folders, and file systems without hard links.
    await rename(from, to);
    return;
  }
  await rm(from);
}
