import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { ProgressReporter, ProgressStart, ProgressStatus } from './progress-reporter.js';
import { figuresText, leftText, lossText, speedText, waitingTexts } from './status-text.js';

/** Options of {@link LineProgress}. */
export interface LineProgressOptions {
  /** Where lines go. Default: standard error. */
  readonly stream?: { write(text: string): unknown };
  /** Seconds between lines. Default: 5 in the first minute, 30 after it. */
  readonly everySeconds?: number;
  /** Seconds of some clock, for tests. */
  readonly now?: () => number;
}

const lineProgressOptionNames: OptionNames<LineProgressOptions> = {
  stream: 'optional',
  everySeconds: 'optionalNumber',
  now: 'optionalFunction',
};

/** How often a line comes while somebody may be watching the start, and later on. */
const often = { seconds: 5, until: 60 };
const seldom = 30;

/** Plain lines, one per some seconds, without control characters: for logs and pipes. */
export class LineProgress implements ProgressReporter {
  readonly #stream: { write(text: string): unknown };
  readonly #everySeconds: number | undefined;
  readonly #now: () => number;
  #run: ProgressStart | undefined;
  #started = 0;
  #lastLine = -Infinity;
  #lastStep: number | undefined;

  constructor(options: LineProgressOptions = {}) {
    const {
      stream = process.stderr,
      everySeconds,
      now = () => performance.now() / 1000,
    } = checkOptions('LineProgress', options, lineProgressOptionNames);
    this.#stream = stream;
    this.#everySeconds = everySeconds;
    this.#now = now;
  }

  start(run: ProgressStart): void {
    this.#run = run;
    this.#started = this.#now();
    this.#lastLine = -Infinity;
    this.#lastStep = undefined;
  }

  update({ step, epoch, loss, samplesPerSecond, secondsLeft, waitingShare, figures = {} }: ProgressStatus): void {
    const run = this.#run;
    if (run === undefined || step === this.#lastStep) return;
    const now = this.#now();
    if (now - this.#lastLine < this.#interval(now) && step < run.totalSteps) return;
    this.#lastLine = now;
    this.#lastStep = step;
    const parts = [
      `step ${step}/${run.totalSteps}`,
      `epoch ${epoch}/${run.totalEpochs}`,
      `loss ${lossText(loss)}`,
      speedText(samplesPerSecond),
      leftText(secondsLeft),
      ...waitingTexts(waitingShare),
      ...(Object.keys(figures).length === 0 ? [] : [figuresText(figures)]),
    ];
    this.note(`${run.name}: ${parts.join(', ')}`);
  }

  /** Said while there is no step yet: later, lines come often enough. */
  phase(text: string | undefined): void {
    if (this.#run !== undefined && this.#lastStep === undefined && text !== undefined)
      this.note(`${this.#run.name}: ${text} ...`);
  }

  note(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  info(line: string): void {
    this.note(this.#run === undefined ? line : `${this.#run.name}: ${line}`);
  }

  stop(): void {
    this.#run = undefined;
  }

  #interval(now: number): number {
    return this.#everySeconds ?? (now - this.#started < often.until ? often.seconds : seldom);
  }
}
