import { existsSync } from 'node:fs';
import type {
  EvaluationEvent,
  NoteEvent,
  RunInfo,
  StepEvent,
  TrainerObserver,
  TrainerResult,
} from '../trainer-observer.js';
import { JsonlLog } from './jsonl-log.js';

/** Options of {@link RunLog}. */
export interface RunLogOptions {
  readonly path: string;
  /** Called when another machine's lock has to be watched for a while. */
  readonly onWait: () => void;
}

/** The JSONL log of a run, what the Trainer's `logFile` makes. */
export class RunLog implements TrainerObserver {
  readonly #options: RunLogOptions;
  #log: JsonlLog | undefined;

  constructor(options: RunLogOptions) {
    this.#options = options;
  }

  /**
   * Opens the file.
   *
   * @param told steps that it should have already
   * @returns what is missing of them
   */
  async open(told: number): Promise<string | undefined> {
    const { path, onWait } = this.#options;
    const isMissing = told > 0 && !existsSync(path);
    this.#log = await JsonlLog.open(path, told, onWait);
    return isMissing ? `${path}: there is no log of the steps before; it begins after step ${told}` : undefined;
  }

  onStart({ startStep: step, totalSteps, stepsPerEpoch, config, environment }: RunInfo): void {
    this.#log?.write({ type: 'start', step, totalSteps, stepsPerEpoch, config, environment });
  }

  onStep({ entry, samplesPerSecond, waitingShare, seconds }: StepEvent): void {
    if (entry === undefined) return;
    this.#log?.write({
      type: 'step',
      ...entry,
      ...(samplesPerSecond === undefined ? {} : { samplesPerSecond }),
      ...(waitingShare === undefined ? {} : { waitingShare }),
      seconds,
    });
  }

  onEvaluation({ step, epoch, metrics, observer }: EvaluationEvent): void {
    this.#log?.write({ type: 'evaluation', step, epoch, metrics, ...(observer === undefined ? {} : { observer }) });
  }

  onNote({ step, text }: NoteEvent): void {
    this.#log?.write({ type: 'note', step, text });
  }

  onEnd({ steps: step, interrupted, seconds, trainingSeconds, stopReason }: TrainerResult): void {
    this.#log?.write({
      type: 'end',
      step,
      interrupted,
      ...(stopReason === undefined ? {} : { stopReason }),
      seconds,
      trainingSeconds,
    });
  }

  onError(error: unknown, step: number): void {
    const text = error instanceof Error ? error.message : String(error);
    try {
      this.#log?.write({ type: 'error', step, text });
    } catch {
      // The log is what failed.
    }
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }
}
