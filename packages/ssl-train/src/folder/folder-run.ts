import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, printable } from '@selfsup/ssl-core';
import { checkPath, describeFileError } from '@selfsup/ssl-core/files';
import { latestCheckpoint } from '../checkpoint/checkpoint-directory.js';
import { configDifferences, type RunConfig } from '../checkpoint/run-config.js';

/** Where what is in a folder of `trainInFolder`. */
export const folderFiles = { config: 'config.json', log: 'log.jsonl', checkpoints: 'checkpoints' } as const;

/** What a folder holds of a run. */
export interface FolderRun {
  readonly out: string;
  /** `finished` where the file of its result is there, `begun` where there is a checkpoint. */
  readonly state: 'none' | 'begun' | 'finished';
  /** Of its `config.json`; nothing where there is no run, or the file is gone. */
  readonly settings?: RunConfig;
}

/**
 * Looks at what a folder holds of an earlier `trainInFolder`. A caller takes what it chooses by itself from the settings
 * of a run that has begun, so that the same call goes on on another machine.
 *
 * @param out folder of the run; it need not exist
 * @param result name of the file that is written when the run is finished; without it no run counts as finished
 * @throws CheckpointError where its files cannot be read
 */
export async function readFolderRun(out: string, result?: string): Promise<FolderRun> {
  checkPath('readFolderRun', 'out', out);
  if (result !== undefined) checkPath('readFolderRun', 'result', result);
  const isFinished = result !== undefined && (await exists(join(out, result)));
  if (!isFinished && (await latestCheckpoint(join(out, folderFiles.checkpoints))) === undefined)
    return { out, state: 'none' };
  const settings = await readSettings(join(out, folderFiles.config));
  return { out, state: isFinished ? 'finished' : 'begun', ...(settings === undefined ? {} : { settings }) };
}

/**
 * Refuses to go on with a run that has other settings, or is one of another method.
 *
 * @param run as {@link readFolderRun} found it
 * @param settings of the run that wants the folder
 * @throws CheckpointError that lists every difference
 */
export function checkFolderRun(run: FolderRun, settings: RunConfig): void {
  if (run.state === 'none') return;
  const path = run.out;
  const help = 'give this one another out';
  if (run.settings === undefined) {
    // Checkpoints know their settings: the Trainer compares them.
    if (run.state === 'begun') return;
    throw new CheckpointError(
      `holds a finished run whose settings are not known, since its ${folderFiles.config} is gone: ${help}`,
      { path },
    );
  }
  const differences = configDifferences(run.settings, settings);
  if (differences.length === 0) return;
  throw new CheckpointError(
    `holds a ${run.state === 'begun' ? 'run that has begun' : 'finished run'} with other settings: ${printable(differences.join('; '))}. Use the settings it was made with (they are in its ${folderFiles.config}), or ${help}`,
    { path },
  );
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function readSettings(path: string): Promise<RunConfig | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const why = cause instanceof SyntaxError ? 'is not JSON' : `cannot be read: ${describeFileError(cause)}`;
    throw new CheckpointError(`${why}. Give back the file that the run wrote, or give another out`, { path, cause });
  }
  const settings = (value as { readonly settings?: unknown } | null)?.settings;
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings as RunConfig;
  throw new CheckpointError(
    "has no 'settings': it is not of a run of this project. Give back the file that the run wrote, or give another out",
    { path },
  );
}
