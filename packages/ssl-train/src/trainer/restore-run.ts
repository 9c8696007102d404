import { CheckpointError } from 'ssl-tensor/host';
import { latestCheckpoint, listCheckpoints } from '../checkpoint/checkpoint-directory.js';
import { applyCheckpoint, readCheckpoint } from '../checkpoint/checkpoint-file.js';
import { historyFromTensors } from '../checkpoint/history-tensors.js';
import { checkConfig } from '../checkpoint/run-config.js';
import type { RunRecord } from '../checkpoint/run-record.js';
import { checkSchedules } from '../checkpoint/schedule-samples.js';
import { epochOf } from './epoch-of.js';
import type { HistoryEntry } from './history.js';
import type { RunPlan } from './run-plan.js';

/** A run's state from a checkpoint; modules and optimiser have theirs already. */
export interface RestoredRun {
  readonly path: string;
  readonly record: RunRecord;
  readonly history: readonly HistoryEntry[];
}

/**
 * Loads the checkpoint that the options ask for.
 *
 * @returns undefined for a run that starts
 * @throws CheckpointError when it does not fit this run, saying what differs
 */
export async function restoreRun<B>({
  options,
  modules,
  config,
  schedules,
  stepsPerEpoch,
  totalSteps,
}: RunPlan<B>): Promise<RestoredRun | undefined> {
  if (options.checkpoint === undefined) return undefined;
  const { dir, resume = false } = options.checkpoint;
  const newest = await latestCheckpoint(dir);
  if (resume === false) {
    if (newest === undefined) return undefined;
    throw new CheckpointError(
      `holds checkpoints of an earlier run (up to step ${newest.step}). Pass checkpoint.resume: true to continue it, or use another directory`,
      { path: dir },
    );
  }
  const path = typeof resume === 'string' ? resume : newest?.path;
  if (path === undefined) return undefined;
  const contents = await readCheckpoint(path);
  const { record } = contents;
  const later = (await listCheckpoints(dir)).find(({ step }) => step > record.step);
  if (later !== undefined)
    throw new CheckpointError(
      `is of step ${record.step}, but the directory holds later ones (step ${later.step}). Move them away, or use another directory`,
      { path },
    );
  checkConfig(record.config, config, path);
  checkSchedules(record.schedules, schedules, path);
  if (record.step > totalSteps)
    throw new CheckpointError(`is of step ${record.step}, beyond the ${totalSteps} steps of this run`, { path });
  const columns = applyCheckpoint(contents, { modules, optimizer: options.optimizer });
  const history = historyFromTensors(columns, (step) => ({
    epoch: epochOf(step, stepsPerEpoch),
    learningRate: schedules['learningRate']!(step - 1),
  }));
  return { path, record, history };
}
