import { join } from 'node:path';
import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { checkPath, writeWhole } from '@selfsup/ssl-core/files';
import type { RunConfig } from '../checkpoint/run-config.js';
import type { RunEnvironment } from '../checkpoint/run-environment.js';
import { nanWatch } from '../observers/nan-watch/nan-watch.js';
import type { TrainerObserver, TrainerResult } from '../observers/trainer-observer.js';
import { checkJson } from '../run/check-json.js';
import { Trainer } from '../run/trainer.js';
import { type TrainerCheckpointOptions, type TrainerOptions, trainerOptionNames } from '../run/trainer-options.js';
import { checkFolderRun, folderFiles, readFolderRun } from './folder-run.js';

/** Options of {@link trainInFolder}: the Trainer's, without those of files. */
export interface TrainInFolderOptions<B> extends Omit<TrainerOptions<B>, 'checkpoint' | 'logFile' | 'config'> {
  /** Folder of the run, made where missing. */
  readonly out: string;
  /** All that a run which goes on must have again: compared key by key, told, and kept in `config.json`. */
  readonly settings: RunConfig;
  /** Why a setting is what it is, by its name: for those that the caller of the caller did not choose. */
  readonly reasons?: Readonly<Record<string, string>>;
  /** What `config.json` holds beside `settings` and `reasons`; not compared. */
  readonly about?: RunConfig;
  /** How often, and how many are kept. */
  readonly checkpoint?: Omit<TrainerCheckpointOptions, 'dir'>;
}

type OwnNames = 'out' | 'settings' | 'reasons' | 'about' | 'checkpoint';
const ownOptionNames: OptionNames<Pick<TrainInFolderOptions<unknown>, OwnNames>> = {
  out: 'required',
  settings: 'required',
  reasons: 'optional',
  about: 'optional',
  checkpoint: 'optional',
};
const { checkpoint: _dir, logFile: _log, config: _config, ...passedOptionNames } = trainerOptionNames;
const trainInFolderOptionNames: OptionNames<TrainInFolderOptions<unknown>> = {
  ...passedOptionNames,
  ...ownOptionNames,
};

/** What {@link trainInFolder} returns. */
export interface FolderRunResult extends TrainerResult {
  /** false where something outside of the run interrupted it: the same call goes on. An observer ends it for good. */
  readonly finished: boolean;
  readonly environment: RunEnvironment;
}

/**
 * Trains as the Trainer does, with all files of the run in one folder: `config.json`, `log.jsonl`, `checkpoints`. The same
 * call goes on after a stop. `nanWatch` looks on: a loss that is not finite leaves its step there, too. A run that is refused changes nothing in the folder.
 *
 * @throws CheckpointError where the folder holds a run with other settings; as `Trainer.fit`
 *
 * @example
 * const { finished } = await trainInFolder({ out: 'runs/a', settings, method, loader, optimizer, schedule, epochs, seed });
 * if (finished) await saveSafetensors('runs/a/encoder.safetensors', encoder.stateDict());
 */
export async function trainInFolder<B>(options: TrainInFolderOptions<B>): Promise<FolderRunResult> {
  const where = 'trainInFolder';
  const given = checkOptions(where, options, trainInFolderOptionNames);
  const { out, settings, reasons, about, checkpoint, observers = [], ...passed } = given;
  checkPath(where, 'out', out);
  checkJson('settings', settings);
  checkJson('about', about ?? {});
  const before = await readFolderRun(out);
  checkFolderRun(before, settings);
  let environment: RunEnvironment | undefined;
  const keeper: TrainerObserver = {
    // The folder is this run's now, and it fits.
    onStart: async (info, run) => {
      ({ environment } = info);
      const text = JSON.stringify({ settings, ...(reasons === undefined ? {} : { reasons }), ...about }, null, 2);
      // One that goes on keeps what was said when it began.
      if (before.settings === undefined) await writeWhole(join(out, folderFiles.config), `${text}\n`);
      run.note(`settings: ${settingsText(settings, reasons)}`);
    },
  };
  const own = [observers].flat();
  const watch = [nanWatch({ dir: out })].filter(({ name }) => own.every((observer) => observer.name !== name));
  const result = await new Trainer({
    ...passed,
    config: settings,
    checkpoint: { ...checkpoint, dir: join(out, folderFiles.checkpoints) },
    logFile: join(out, folderFiles.log),
    observers: [keeper, ...watch, ...own],
  }).fit();
  return { ...result, finished: !result.interrupted || result.stopReason !== undefined, environment: environment! };
}

/** Letters of a value that is told and not only kept. */
const longest = 80;

/** Settings in words: `method "simclr", batchSize 128 (fits the memory)`. */
const settingsText = (settings: RunConfig, reasons: Readonly<Record<string, string>> = {}): string =>
  Object.entries(settings)
    .map(([name, value]) => {
      const why = Object.hasOwn(reasons, name) ? ` (${reasons[name]})` : '';
      const text = JSON.stringify(value);
      return `${name} ${text.length > longest ? `as in ${folderFiles.config}` : text}${why}`;
    })
    .join(', ');
