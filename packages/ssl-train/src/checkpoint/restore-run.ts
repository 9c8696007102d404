import { isFolder } from '@selfsup/ssl-core/files';
import type { StateDict } from '@selfsup/ssl-nn';
import { fetched } from '@selfsup/ssl-tensor';
import { CheckpointError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { latestCheckpoint, listCheckpoints } from './checkpoint-directory.js';
import { applyCheckpoint, type CheckpointContents, moduleTensors, readCheckpoint } from './checkpoint-file.js';
import { DamagedCheckpointError } from './damaged-checkpoint-error.js';
import { historyFromTensors } from './history-tensors.js';
import { modelDifference } from './model-difference.js';
import { type DamagedCheckpoint, readEntry, readNewestWhole, setAside, withWayOn } from './newest-whole-checkpoint.js';
import { newRunAdvice } from './new-run-advice.js';
import { checkConfig } from './run-config.js';
import type { RunRecord } from './run-record.js';
import { checkSchedules } from './schedule-samples.js';
import { addNote } from '../run/add-note.js';
import { checkRates } from '../run/check-rates.js';
import { epochOf } from '../run/epoch-of.js';
import type { HistoryEntry } from '../run/history.js';
import type { RunPlan } from '../run/run-plan.js';
import { trainerDefaults } from '../run/trainer-options.js';

/** A run's state from a checkpoint; modules and optimiser have theirs already. */
export interface RestoredRun {
  readonly path: string;
  readonly record: RunRecord;
  readonly history: readonly HistoryEntry[];
  /** Newer checkpoints that are not whole, already set aside. */
  readonly damaged: readonly DamagedCheckpoint[];
}

const otherModelAdvice =
  'Build the model that it is of, or give this one another checkpoint.dir (and logFile), where it starts anew';

/**
 * Loads the checkpoint that the options ask for.
 *
 * @returns undefined for a run that starts
 * @throws DamagedCheckpointError when it is not whole, naming one that is; CheckpointError when it does not fit this run,
 *   saying what differs; InvalidOptionError when it would learn nothing from there on
 */
export async function restoreRun<B>({
  options,
  modules,
  state,
  stageStates,
  config,
  schedules,
  stepsPerEpoch,
  totalSteps,
}: RunPlan<B>): Promise<RestoredRun | undefined> {
  if (options.checkpoint === undefined) return undefined;
  const { dir, resume = trainerDefaults.resume } = options.checkpoint;
  const { contents, damaged } = await chosenCheckpoint(dir, resume);
  if (contents === undefined) return undefined;
  const { path, record } = contents;
  const passedOver = new Set(damaged.map(({ step }) => step));
  const later = (await listCheckpoints(dir)).find(({ step }) => step > record.step && !passedOver.has(step));
  if (later !== undefined)
    throw new CheckpointError(
      `is of step ${record.step}, but the directory holds later ones (step ${later.step}). Move them away, or use another directory`,
      { path },
    );
  try {
    checkConfig(record.config, config, path);
    checkSchedules(record.schedules, schedules, record.step, path);
    if (record.step > totalSteps)
      throw new CheckpointError(
        `is of step ${record.step}, beyond the ${totalSteps} steps of this run. Use the length it was made with, or another directory; ${newRunAdvice(path)}`,
        { path },
      );
  } catch (error) {
    // Of another model, whose weights are of no use to this one, nothing else helps.
    await fetched();
    const difference = modelDifference(moduleTensors(contents), modules);
    if (difference === undefined) throw error;
    throw new CheckpointError(`is of another model: ${difference}. ${otherModelAdvice}`, { path, cause: error });
  }
  checkRates({ options, schedules, totalSteps }, record.step);
  let columns: StateDict;
  try {
    columns = applyCheckpoint(contents, { modules, optimizer: options.optimizer, state, stages: stageStates });
  } catch (error) {
    addNote(error, `It is of another model. ${otherModelAdvice}`);
    throw error;
  }
  const history = historyFromTensors(columns, (step) => ({
    epoch: epochOf(step, stepsPerEpoch),
    learningRate: schedules['learningRate']!(step - 1),
  }));
  // Only now: a run that is refused changes nothing.
  const aside: DamagedCheckpoint[] = [];
  for (const item of damaged) aside.push(await setAside(item));
  return { path, record, history, damaged: aside };
}

async function chosenCheckpoint(
  dir: string,
  resume: boolean | string,
): Promise<{ readonly contents: CheckpointContents | undefined; readonly damaged: readonly DamagedCheckpoint[] }> {
  if (resume === 'latest-good') {
    const { found, damaged } = await readNewestWhole(dir);
    return { contents: found, damaged };
  }
  const newest = await latestCheckpoint(dir);
  if (resume === false && newest !== undefined)
    throw new CheckpointError(
      `holds checkpoints of an earlier run (up to step ${newest.step}), and checkpoint.resume is false. Leave that out to continue the run, or use another directory; ${newRunAdvice(newest.path)}`,
      { path: dir },
    );
  if (typeof resume === 'string' && (await isFolder(resume)))
    throw new InvalidOptionError(
      'Trainer',
      'checkpoint.resume',
      "true, false, 'latest-good' or the path of one checkpoint file",
      resume,
      'That is a folder: to go on with the newest checkpoint of it, give the folder as checkpoint.dir and leave resume out',
    );
  if (typeof resume !== 'string' && newest === undefined) return { contents: undefined, damaged: [] };
  try {
    return { contents: await (typeof resume === 'string' ? readCheckpoint(resume) : readEntry(newest!)), damaged: [] };
  } catch (error) {
    throw DamagedCheckpointError.isInstance(error) ? await withWayOn(error, dir) : error;
  }
}
