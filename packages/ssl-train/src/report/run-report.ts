import { checkPath, writeWhole } from '@selfsup/ssl-core/files';
import { checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../checkpoint/run-config.js';
import type {
  CheckpointEvent,
  NoteEvent,
  RunInfo,
  TrainerObserver,
  TrainerResult,
} from '../observers/trainer-observer.js';
import type { Evaluation, HistoryEntry } from '../run/history.js';
import type { Html } from './html.js';
import { renderSections, type ReportSection } from './report-section.js';
import type { RunState, SpeedPoint } from './run-data.js';
import { runPage } from './run-page.js';

/** Options of {@link runReport}. */
export interface RunReportOptions {
  /** Default: the method's name. */
  readonly title?: string;
  /** Further parts, asked for when the run ends; not where an error ends it. */
  readonly sections?: (result: TrainerResult) => readonly ReportSection[] | Promise<readonly ReportSection[]>;
}

const runReportOptionNames: OptionNames<RunReportOptions> = { title: 'optional', sections: 'optionalFunction' };

/** Writing takes at most a second and this share of the time; who looks on sees a report that is no older than `oldest`. */
const [share, oldest] = [1 / 20, 60];
/** Notes that a checkpoint keeps. */
const keptNotes = 200;

/**
 * An observer that writes what a run is, where it stands and what it found as one HTML file: loss, learning rate, metrics,
 * what observers found, speed, notes, checkpoints, settings, machine. Written whole when the run begins, with
 * the first step after each epoch, else each minute, and at the end, however it ends; where writing would take more than a
 * twentieth of the time, less often. The file needs nothing else, has no script, and stays below some megabytes however long the run.
 *
 * A resumed run's report begins at step 0; speeds and checkpoints are those of the newest part.
 *
 * @param path of the file; folders that are missing are made
 * @throws InvalidOptionError for options that are none; while the run goes on DataError when the file cannot be written
 *
 * @example
 * const observers = runReport('runs/a/report.html', { title: 'Digits' });
 */
export function runReport(path: string, options: RunReportOptions = {}): TrainerObserver {
  const where = 'runReport';
  checkPath(where, 'path', path);
  const { title, sections } = checkOptions(where, options, runReportOptionNames);
  if (title !== undefined && typeof title !== 'string') throw new InvalidOptionError(where, 'title', 'text', title);
  const now = (): number => performance.now() / 1000;

  let info: RunInfo | undefined;
  let state: RunState = { kind: 'running', step: 0, seconds: 0 };
  let history: HistoryEntry[] = [];
  let evaluations: Evaluation[] = [];
  let speed: SpeedPoint[] = [];
  let checkpoints: CheckpointEvent[] = [];
  let kept: Kept = { notes: [], resumed: [] };
  /** When the run began here and the file was written last, and how long all its writing took. */
  let times = { start: 0, written: 0, spent: 0 };
  /** An epoch has ended. With the next step it is known what all observers found after it. */
  let isDue = false;

  const write = async (own: readonly Html[] = []): Promise<void> => {
    if (info === undefined) return;
    const from = now();
    const data = { title: title ?? info.method, info, state, history, evaluations, speed, checkpoints, ...kept };
    const text = runPage({ ...data, sections: own, writtenAt: new Date() });
    try {
      await writeWhole(path, text, { makeFolder: true });
    } catch (cause) {
      if (!DataError.isInstance(cause)) throw cause;
      throw new DataError(`the report ${cause.message}`, { cause });
    }
    times = { ...times, written: now(), spent: times.spent + now() - from };
    isDue = false;
  };

  return {
    name: `runReport ${path}`,
    async onStart(given) {
      const { startStep: step } = given;
      if (step === 0) kept = { notes: [], resumed: [] };
      else kept = { ...kept, resumed: [...kept.resumed, step] };
      info = given;
      history = [...given.history];
      evaluations = [...given.evaluations];
      [speed, checkpoints] = [[], []];
      times = { start: now(), written: now(), spent: 0 };
      state = { kind: 'running', step, seconds: 0 };
      await write();
    },
    async onStep({ step, entry, samplesPerSecond, waitingShare = 0, seconds }) {
      state = { kind: 'running', step, seconds };
      // A resumed run may tell again of the step that its checkpoint has.
      if (entry !== undefined && step > (history.at(-1)?.step ?? 0)) history.push(entry);
      if (entry !== undefined && samplesPerSecond !== undefined) speed.push({ step, samplesPerSecond, waitingShare });
      const at = now();
      const mayWrite = times.spent <= 1 + share * (at - times.start);
      if (mayWrite && (isDue || at - times.written >= oldest)) await write();
    },
    onEpochEnd: () => {
      isDue = true;
    },
    onEvaluation({ step, epoch, metrics, observer }) {
      evaluations.push({ step, epoch, metrics, ...(observer === undefined ? {} : { observer }) });
    },
    onNote: (note) => void kept.notes.push(note),
    onCheckpoint: (event) => void checkpoints.push(event),
    async onEnd(result) {
      const { interrupted, stopReason, steps: step, seconds, trainingSeconds, skipped } = result;
      const kind = interrupted && stopReason === undefined ? 'interrupted' : 'finished';
      state = {
        kind,
        step,
        seconds,
        trainingSeconds,
        skipped,
        ...(stopReason === undefined ? {} : { reason: stopReason }),
      };
      history = [...result.history];
      evaluations = [...result.evaluations];
      await write(renderSections((await sections?.(result)) ?? []));
    },
    async onError(error) {
      state = { ...state, kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
      await write();
    },
    state: () => ({
      notes: kept.notes.slice(-keptNotes).map(({ step, text }) => ({ step, text })),
      resumed: kept.resumed,
    }),
    restore: (saved) => void (kept = checkKept(saved)),
  };
}

/** What a resumed run cannot have from elsewhere. */
interface Kept {
  readonly notes: NoteEvent[];
  /** Steps from which the run was resumed. */
  readonly resumed: readonly number[];
}

function checkKept(saved: JsonValue): Kept {
  const { notes, resumed } = (saved ?? {}) as Partial<Kept>;
  const isNote = ({ step, text }: Partial<NoteEvent>): boolean =>
    Number.isSafeInteger(step) && typeof text === 'string';
  if (Array.isArray(notes) && notes.every((note) => isNote((note ?? {}) as Partial<NoteEvent>)))
    if (Array.isArray(resumed) && resumed.every(Number.isSafeInteger)) return { notes: [...notes], resumed };
  throw new DataError('is no state of a report');
}
