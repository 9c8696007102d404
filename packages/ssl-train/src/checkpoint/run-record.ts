import { printable } from '@selfsup/ssl-core';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import type { Evaluation } from '../run/history.js';
import { DamagedCheckpointError } from './damaged-checkpoint-error.js';
import type { JsonValue, RunConfig } from './run-config.js';
import { isRunEnvironment, type RunEnvironment } from './run-environment.js';

/** Version of the checkpoint format. Version 1 had no checksums and no environment. */
const checkpointVersion = 2;

/** The first version whose files have checksums. */
export const firstCheckedVersion = 2;

/** One value of a schedule. */
export type ScheduleSample = readonly [step: number, value: number];

/** What a checkpoint says of its run, besides tensors. */
export interface RunRecord {
  /** Finished updates. */
  readonly step: number;
  /** Epoch of the next batch, from 0. */
  readonly epoch: number;
  /** Position of the next batch in its epoch, from 0. */
  readonly batch: number;
  readonly seed: number;
  readonly config: RunConfig;
  readonly configHash: string;
  /** Values of each schedule at some steps, to tell whether it is the same. */
  readonly schedules: Readonly<Record<string, readonly ScheduleSample[]>>;
  readonly seconds: number;
  readonly trainingSeconds: number;
  readonly evaluations: readonly Evaluation[];
  /** Updates that gradient stages skipped; records of before had none. */
  readonly skipped?: number;
  /** What observers keep, by their names. */
  readonly observers?: Readonly<Record<string, JsonValue>>;
  /** What the run computed with; version 1 does not say. */
  readonly environment?: RunEnvironment;
  /**
   * What an error kept from happening after the last step: its log line and observers (`step`), or those of its epoch
   * (`epoch`). A resumed run begins with it.
   */
  readonly pending?: 'step' | 'epoch';
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isSample = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && isCount(value[0]) && typeof value[1] === 'number';
const isSeconds = (value: unknown): boolean => typeof value === 'number' && value >= 0;

/** The metadata of a checkpoint file. */
export function writeRunRecord(record: RunRecord): Record<string, string> {
  return { format: 'ssl-train-checkpoint', version: String(checkpointVersion), run: JSON.stringify(record) };
}

/**
 * Reads the metadata of a checkpoint file.
 *
 * @throws CheckpointError when it is not one, or of another version; DamagedCheckpointError when a part of it is none
 */
export function readRunRecord(metadata: Readonly<Record<string, string>>, path: string): RunRecord {
  if (metadata['format'] !== 'ssl-train-checkpoint')
    throw new CheckpointError(
      'is not a checkpoint of a training run. Move it away from those of a run; to load weights alone, use loadSafetensors and loadStateDict',
      { path },
    );
  if (!/^[12]$/.test(metadata['version'] ?? '')) {
    throw new CheckpointError(
      `has checkpoint version ${printable(metadata['version'] ?? 'none')}, this release reads versions 1 to ${checkpointVersion}. Use the release it was made with`,
      { path },
    );
  }
  const fail = (part: string): never => {
    throw new DamagedCheckpointError(`has damaged metadata (${part})`, { path });
  };
  let run: unknown;
  try {
    run = JSON.parse(metadata['run'] ?? '');
  } catch (cause) {
    throw new DamagedCheckpointError('has damaged metadata (run is not JSON)', { path, cause });
  }
  if (!isRecord(run)) return fail('run');
  for (const name of ['step', 'epoch', 'batch']) if (!isCount(run[name])) fail(name);
  for (const name of ['seconds', 'trainingSeconds']) if (!isSeconds(run[name])) fail(name);
  if (!Number.isSafeInteger(run['seed'])) fail('seed');
  if (!isRecord(run['config'])) fail('config');
  const schedules = run['schedules'];
  if (
    !isRecord(schedules) ||
    !Object.values(schedules).every((samples) => Array.isArray(samples) && samples.every(isSample))
  )
    fail('schedules');
  if (run['environment'] !== undefined && !isRunEnvironment(run['environment'])) fail('environment');
  if (run['pending'] !== undefined && run['pending'] !== 'step' && run['pending'] !== 'epoch') fail('pending');
  if (run['skipped'] !== undefined && !isCount(run['skipped'])) fail('skipped');
  if (run['observers'] !== undefined && !isRecord(run['observers'])) fail('observers');
  const evaluations = run['evaluations'];
  if (!Array.isArray(evaluations)) return fail('evaluations');
  return {
    ...(run as unknown as RunRecord),
    evaluations: evaluations.map((item) => readEvaluation(item) ?? fail('evaluations')),
  };
}

function readEvaluation(value: unknown): Evaluation | undefined {
  if (!isRecord(value) || !isCount(value['step']) || !isCount(value['epoch']) || !isRecord(value['metrics']))
    return undefined;
  const { observer } = value;
  if (observer !== undefined && typeof observer !== 'string') return undefined;
  // JSON has no NaN and no infinities; they come back as null.
  const metrics = Object.fromEntries(
    Object.entries(value['metrics']).map(([name, metric]) => [name, typeof metric === 'number' ? metric : NaN]),
  );
  const [step, epoch] = [value['step'] as number, value['epoch'] as number];
  return { step, epoch, metrics, ...(observer === undefined ? {} : { observer }) };
}
