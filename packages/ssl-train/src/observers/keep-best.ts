import { createReadStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkChoice, checkCount, DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { checkPath, describeFileError, writeWhole } from '@selfsup/ssl-core/files';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkpointPath } from '../checkpoint/checkpoint-directory.js';
import type { JsonValue } from '../checkpoint/run-config.js';
import type {
  CheckpointEvent,
  EvaluationEvent,
  RunControl,
  RunInfo,
  StepEvent,
  TrainerObserver,
} from './trainer-observer.js';

/** Options of {@link keepBest}. */
export interface KeepBestOptions {
  /** Name of a number that an observer returns, `'knn'` for instance. Default: the loss of the logged steps. */
  readonly metric?: string;
  /** Whether more or less of it is better. */
  readonly mode: 'max' | 'min';
  /** How many of the best to keep. Default 1. */
  readonly keep?: number;
  /** Folder of the copies. Default: `best-<metric>` in the folder of the run's checkpoints. */
  readonly dir?: string;
}

const keepBestOptionNames: OptionNames<KeepBestOptions> = {
  metric: 'optional',
  mode: 'required',
  keep: 'optionalNumber',
  dir: 'optional',
};

/** A checkpoint that is kept for its value. */
export interface BestCheckpoint {
  readonly step: number;
  readonly value: number;
  readonly path: string;
}

/** What a checkpoint keeps. */
interface Kept {
  /** Step of the last value: a resumed run may tell of it again. */
  readonly seen: number;
  /** Whose checkpoint is being written. */
  readonly wanted: { readonly step: number; readonly value: number } | null;
  readonly best: readonly BestCheckpoint[];
}

/** Keeps the checkpoints of the best values of a number; see {@link keepBest}. */
export class BestCheckpoints implements TrainerObserver {
  readonly name: string;
  readonly #options: KeepBestOptions & { readonly keep: number };
  #kept: Kept = { seen: 0, wanted: null, best: [] };
  #told = false;

  constructor(options: KeepBestOptions) {
    const where = 'keepBest';
    const { metric, mode, keep = 1, dir } = checkOptions(where, options, keepBestOptionNames);
    checkChoice(where, 'mode', mode, ['max', 'min']);
    checkCount(where, { keep });
    if (metric !== undefined && (typeof metric !== 'string' || metric === ''))
      throw new InvalidOptionError(where, 'metric', 'the name of a number that an observer returns', metric);
    if (dir !== undefined) checkPath(where, 'dir', dir);
    this.name = metric === undefined ? 'keep-best' : `keep-best-${metric}`;
    this.#options = { ...options, keep };
  }

  /** The best first. */
  get best(): readonly BestCheckpoint[] {
    return this.#kept.best;
  }

  async onStart({ from }: RunInfo, run: RunControl): Promise<void> {
    if (from === undefined) this.#kept = { seen: 0, wanted: null, best: [] };
    const { best, wanted } = this.#kept;
    const missing = best.filter(({ path }) => !existsSync(path));
    if (missing.length > 0) {
      this.#kept = { ...this.#kept, best: best.filter((item) => !missing.includes(item)) };
      run.note(`keepBest: ${missing.map(({ path }) => path).join(', ')} is not there any more`);
    }
    if (from === undefined || wanted === null) return;
    // The last part of the run ended between the checkpoint and its copy.
    const path = checkpointPath(dirname(from), wanted.step);
    if (existsSync(path)) await this.#take(path, wanted.step);
    else {
      this.#kept = { ...this.#kept, wanted: null };
      run.note(`keepBest: the checkpoint of step ${wanted.step} was among the best and is not there any more`);
    }
  }

  onStep({ step, entry }: StepEvent, run: RunControl): void {
    const { wanted } = this.#kept;
    if (wanted !== null && wanted.step < step && !this.#told) {
      this.#told = true;
      run.note(
        'keepBest keeps nothing: the run writes no checkpoints. Give the Trainer a folder for them, checkpoint: { dir }',
      );
    }
    if (this.#options.metric === undefined && entry !== undefined) this.#watch(step, entry.loss, run);
  }

  onEvaluation({ step, metrics }: EvaluationEvent, run: RunControl): void {
    const { metric } = this.#options;
    if (metric !== undefined && Object.hasOwn(metrics, metric)) this.#watch(step, metrics[metric]!, run);
  }

  onCheckpoint({ path, step }: CheckpointEvent): Promise<void> {
    return this.#take(path, step);
  }

  state(): JsonValue {
    const { seen, wanted, best } = this.#kept;
    return { seen, wanted: wanted === null ? null : { ...wanted }, best: best.map((item) => ({ ...item })) };
  }

  restore(state: JsonValue): void {
    const { seen, wanted, best } = (state ?? {}) as Partial<Kept>;
    if (!Number.isSafeInteger(seen) || wanted === undefined || !Array.isArray(best))
      throw new DataError('is no state of keepBest');
    this.#kept = state as unknown as Kept;
  }

  #watch(step: number, value: number, run: RunControl): void {
    if (step <= this.#kept.seen) return;
    this.#kept = { ...this.#kept, seen: step };
    const { best } = this.#kept;
    const last = best.length < this.#options.keep ? undefined : best.at(-1);
    if (!Number.isFinite(value) || (last !== undefined && this.#order(value, last.value) >= 0)) return;
    this.#kept = { ...this.#kept, wanted: { step, value } };
    run.save();
  }

  /** Copies the checkpoint that is wanted, and then removes what it displaces. */
  async #take(checkpoint: string, step: number): Promise<void> {
    const { keep, metric = 'loss', dir } = this.#options;
    const { wanted } = this.#kept;
    if (wanted?.step !== step) return;
    const folder = dir ?? join(dirname(checkpoint), `best-${encodeURIComponent(metric).replaceAll('*', '%2A')}`);
    const path = join(folder, basename(checkpoint));
    await writeWhole(path, createReadStream(checkpoint), { makeFolder: true });
    const all = [...this.#kept.best, { ...wanted, path }].sort(
      (a, b) => this.#order(a.value, b.value) || a.step - b.step,
    );
    this.#kept = { ...this.#kept, wanted: null, best: all.slice(0, keep) };
    for (const item of all.slice(keep)) await remove(item.path);
  }

  /** Below 0 where the first is better. */
  #order(one: number, other: number): number {
    return this.#options.mode === 'max' ? other - one : one - other;
  }
}

/**
 * An observer that keeps the checkpoints of the best values of a number, beside the newest ones that the Trainer keeps:
 * at each value that is among the best so far it has the state saved, and copies that checkpoint to a folder of its own.
 * `initFrom`, `checkpoint.resume` and `readCheckpoint` take them as any other. What is best is saved with the checkpoints;
 * of several values of one step the first counts, one that is not finite never does, and of equal ones the earliest is the
 * better.
 *
 * Values of the pictures or texts that a result is reported on choose the checkpoint by them: take others.
 *
 * @throws InvalidOptionError for options out of range; in the run, DataError for a copy that cannot be written
 *
 * @example
 * const knn = keepBest({ metric: 'knn', mode: 'max' });
 * await new Trainer({ ..., observers: [onlineKnn(...), knn], checkpoint: { dir: 'runs/a' } }).fit();
 * console.log(knn.best[0]); // { step: 1200, value: 0.91, path: 'runs/a/best-knn/step-00001200.safetensors' }
 */
export function keepBest(options: KeepBestOptions): BestCheckpoints {
  return new BestCheckpoints(options);
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw new DataError(
      `a checkpoint that is no longer among the best cannot be deleted: ${describeFileError(cause)}`,
      {
        path,
        cause,
      },
    );
  }
}
