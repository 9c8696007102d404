import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { ProgressReporter, ProgressStart, ProgressStatus } from './progress-reporter.js';
import { durationText, lossText, speedText } from './status-text.js';

/** Options of {@link LineProgress}. */
export interface LineProgressOptions {
  /** Where lines go. Default: standard error. */
  readonly stream?: { write(text: string): unknown };
  /** Seconds between lines. Default 5. */
  readonly everySeconds?: number;
  /** Seconds of some clock, for tests. */
  readonly now?: () => number;
}

const lineProgressOptionNames: OptionNames<LineProgressOptions> = {
  stream: 'optional',
  everySeconds: 'optional',
  now: 'optional',
};

/** Plain lines, one per few seconds: for logs and pipes. */
export class LineProgress implements ProgressReporter {
  readonly #stream: { write(text: string): unknown };
  readonly #everySeconds: number;
  readonly #now: () => number;
  #run: ProgressStart | undefined;
  #lastLine = -Infinity;

  constructor(options: LineProgressOptions = {}) {
    const {
      stream = process.stderr,
      everySeconds = 5,
      now = () => performance.now() / 1000,
    } = checkOptions('LineProgress', options, lineProgressOptionNames);
    this.#stream = stream;
    this.#everySeconds = everySeconds;
    this.#now = now;
  }

  start(run: ProgressStart): void {
    this.#run = run;
    this.#lastLine = -Infinity;
  }

  update({ step, epoch, loss, samplesPerSecond, secondsLeft }: ProgressStatus): void {
    const run = this.#run;
    const now = this.#now();
    if (run === undefined || (now - this.#lastLine < this.#everySeconds && step < run.totalSteps)) return;
    this.#lastLine = now;
    const parts = [
      `step ${step}/${run.totalSteps}`,
      `epoch ${epoch}/${run.totalEpochs}`,
      `loss ${lossText(loss)}`,
      speedText(samplesPerSecond),
      `${durationText(secondsLeft)} left`,
    ];
    this.note(`${run.name}: ${parts.join(', ')}`);
  }

  note(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  stop(): void {
    this.#run = undefined;
  }
}
