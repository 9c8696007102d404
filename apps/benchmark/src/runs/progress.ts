import { printable } from '@selfsup/ssl-core';
import { duration } from './duration.js';

/** A stage of a run, declared before it starts. */
export interface PlannedStage {
  /** Unique within the run; names the stage's file. */
  readonly name: string;
  /** What people read. */
  readonly title: string;
  /** Expected seconds on two cores; only the ratios matter once stages have finished. */
  readonly cost: number;
}

/** Where the display writes. */
export interface DisplayStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Seconds between two lines where lines cannot be rewritten. */
const plainInterval = 15;
const ttyInterval = 0.2;

/** Shows on a stream which stage runs, how far it is and how long the whole will take. */
export class Progress {
  readonly #plan: readonly PlannedStage[];
  readonly #stream: DisplayStream | undefined;
  readonly #now: () => number;
  readonly #started: number;
  readonly #finished = new Set<string>();
  #costDone = 0;
  #secondsDone = 0;

  /**
   * @param plan every stage of the whole run, in order
   * @param stream nothing is written without one
   * @param now seconds, monotonic
   */
  constructor(
    plan: readonly PlannedStage[],
    stream?: DisplayStream,
    now: () => number = () => performance.now() / 1000,
  ) {
    this.#plan = plan;
    this.#stream = stream;
    this.#now = now;
    this.#started = now();
  }

  /** Begins a stage. */
  begin(name: string): StageProgress {
    const index = this.#plan.findIndex((stage) => stage.name === name);
    const stage = this.#plan[index]!;
    const label = `[${index + 1}/${this.#plan.length}] ${stage.title}`;
    const started = this.#now();
    let shown = started;
    const tty = this.#stream?.isTTY === true;
    this.#write(tty ? `${label} ...` : `${label} ...\n`, tty);
    return {
      advance: (done, total, note, secondsLeft) => {
        const now = this.#now();
        if (now - shown < (tty ? ttyInterval : plainInterval)) return;
        shown = now;
        const elapsed = now - started;
        const rest = secondsLeft ?? (done > 0 ? (elapsed / done) * (total - done) : 0);
        const left = rest > 0 ? `, about ${duration(rest)} left` : '';
        const text = `${label}: ${Math.floor((100 * done) / total)} %${note === undefined ? '' : `, ${note}`}, ${duration(elapsed)}${left}`;
        this.#write(tty ? text : `${text}\n`, tty);
      },
      finish: (outcome) => {
        const elapsed = this.#now() - started;
        this.#finished.add(name);
        this.#costDone += stage.cost;
        this.#secondsDone += elapsed;
        this.#write(
          `${label}: ${outcome === undefined ? 'done' : outcome} (${duration(elapsed)})${this.#outlook()}\n`,
          tty,
        );
        return elapsed;
      },
    };
  }

  /** A stage that an earlier, interrupted run has finished. */
  skip(name: string, outcome?: string): void {
    const index = this.#plan.findIndex((stage) => stage.name === name);
    this.#finished.add(name);
    this.#write(
      `[${index + 1}/${this.#plan.length}] ${this.#plan[index]!.title}: ${outcome ?? 'done'} (kept from before)\n`,
      false,
    );
  }

  /** Title of a planned stage. */
  titleOf(name: string): string {
    return this.#plan.find((stage) => stage.name === name)!.title;
  }

  /** A line of its own. */
  note(text: string): void {
    this.#write(`${text}\n`, this.#stream?.isTTY === true);
  }

  #outlook(): string {
    const left = this.#plan.filter(({ name }) => !this.#finished.has(name)).reduce((sum, { cost }) => sum + cost, 0);
    if (left === 0) return '';
    // Ten seconds of trust in the declared costs keep the first estimates from jumping.
    const pace = (this.#secondsDone + 10) / (this.#costDone + 10);
    return `; ${duration(this.#now() - this.#started)} so far, about ${duration(left * pace)} to go`;
  }

  #write(strange: string, rewrite: boolean): void {
    const text = strange.split('\n').map(printable).join('\n');
    const width = this.#stream?.columns ?? 0;
    const fitted =
      rewrite && width > 8 && !text.endsWith('\n') && text.length >= width ? `${text.slice(0, width - 4)}...` : text;
    this.#stream?.write(rewrite ? `\r\u001B[2K${fitted}` : fitted);
  }
}

/** A running stage, see {@link Progress}. */
export interface StageProgress {
  /**
   * `done` of `total` units are behind us.
   *
   * @param secondsLeft default: as long for each unit as so far
   */
  advance(done: number, total: number, note?: string, secondsLeft?: number): void;
  /** Ends the stage with its outcome in words; returns its seconds. */
  finish(outcome?: string): number;
}
