import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { type GuardedStream, guardWrites } from './guard-writes.js';
import type { ProgressReporter, ProgressStart, ProgressStatus } from './progress-reporter.js';
import { figuresText, leftText, lossText, speedText, waitingTexts } from './status-text.js';

const clearLine = '\r\u001B[K';
/** What a terminal writes where the cursor is when somebody stops the run. */
const ctrlC = '^C';
/** The longest bar, and the shortest that still says something. */
const [longest, shortest] = [24, 5];
/** Seconds between drawings; the eye does not see more. */
const redrawSeconds = 0.1;

/** Options of {@link BarProgress}. */
export interface BarProgressOptions {
  /** A terminal. Default: standard error. */
  readonly stream?: NodeJS.WriteStream;
  /**
   * Streams to the same terminal: what is written to them while the bar is drawn comes above it. Default: the bar's own,
   * and standard output and error where they are terminals.
   */
  readonly guard?: readonly GuardedStream[];
  /** Seconds of some clock, for tests. */
  readonly now?: () => number;
}

const barProgressOptionNames: OptionNames<BarProgressOptions> = {
  stream: 'optional',
  guard: 'optional',
  now: 'optionalFunction',
};

/** A bar on a terminal. What else is written to the terminal while it is drawn (`console.log`) comes above it. */
export class BarProgress implements ProgressReporter {
  readonly #stream: NodeJS.WriteStream;
  readonly #guard: readonly GuardedStream[];
  readonly #now: () => number;
  #run: ProgressStart | undefined;
  #status: ProgressStatus | undefined;
  #phase: string | undefined;
  #write: (text: string) => unknown;
  #release: (() => void) | undefined;
  /** When an update was drawn. */
  #updatedAt = -Infinity;
  /** Somebody's text waits for the rest of its line, where the bar would be. */
  #midLine = false;

  constructor(options: BarProgressOptions = {}) {
    const {
      stream = process.stderr,
      guard = [stream, ...[process.stdout, process.stderr].filter(({ isTTY }) => isTTY)],
      now = () => performance.now() / 1000,
    } = checkOptions('BarProgress', options, barProgressOptionNames);
    this.#stream = stream;
    this.#guard = guard;
    this.#now = now;
    this.#write = (text) => stream.write(text);
  }

  start(run: ProgressStart): void {
    this.stop();
    this.#run = run;
    this.#status = undefined;
    this.#phase = undefined;
    this.#write = this.#stream.write.bind(this.#stream);
    this.#release = guardWrites(this.#guard, (others, endsLine) => {
      if (!this.#midLine) this.#write(clearLine);
      const result = others();
      this.#midLine = !endsLine;
      if (endsLine) this.#draw();
      return result;
    });
    this.#draw();
  }

  update(status: ProgressStatus): void {
    if (this.#run === undefined) return;
    this.#status = status;
    const now = this.#now();
    const isDue = this.#phase !== undefined || now - this.#updatedAt >= redrawSeconds;
    this.#phase = undefined;
    if (!isDue && status.step < this.#run.totalSteps) return;
    this.#updatedAt = now;
    this.#draw();
  }

  phase(text: string | undefined): void {
    this.#phase = text;
    this.#draw();
  }

  note(line: string): void {
    if (this.#run === undefined) {
      this.#stream.write(`${line}\n`);
      return;
    }
    this.#write(`${this.#lineStart()}${line}\n`);
    this.#draw();
  }

  info(line: string): void {
    this.note(line);
  }

  stop(): void {
    if (this.#run === undefined) return;
    this.#phase = undefined;
    this.#draw();
    this.#write('\n');
    this.#release?.();
    this.#release = undefined;
    this.#run = undefined;
  }

  /** To the start of an empty line. */
  #lineStart(): string {
    const start = this.#midLine ? '\n' : clearLine;
    this.#midLine = false;
    return start;
  }

  #draw(): void {
    const run = this.#run;
    if (run === undefined) return;
    // A line that is longer than the terminal would go on in the next one and stay there; so would the ^C after it.
    const columns = (this.#stream.columns || 80) - ctrlC.length - 1;
    this.#write(this.#lineStart() + this.#text(run, columns).slice(0, columns));
  }

  #text({ name, totalSteps, startStep, totalEpochs, startEpoch }: ProgressStart, columns: number): string {
    const status = this.#status;
    const step = status?.step ?? startStep;
    const figures = status?.figures ?? {};
    const known = [
      `epoch ${status?.epoch ?? startEpoch ?? '-'}/${totalEpochs}`,
      `loss ${lossText(status?.loss)}`,
      speedText(status?.samplesPerSecond ?? 0),
      leftText(status?.secondsLeft),
      ...waitingTexts(status?.waitingShare),
      ...(Object.keys(figures).length === 0 ? [] : [figuresText(figures)]),
    ];
    const rest = [
      `${step}/${totalSteps}`,
      ...(this.#phase === undefined ? [] : [`${this.#phase} ...`]),
      ...(this.#phase !== undefined && status === undefined ? [] : known),
    ].join(' | ');
    const size = Math.min(longest, columns - name.length - rest.length - 2);
    if (size < shortest) return `${name} ${rest}`;
    const filled = Math.round((size * step) / totalSteps);
    return `${name} ${'█'.repeat(filled)}${'░'.repeat(size - filled)} ${rest}`;
  }
}
