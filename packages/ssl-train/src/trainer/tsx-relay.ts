/** How long, in ms, `tsx` waits for its program to take notice of a signal, before it ends it by SIGKILL. */
const patience = 60;

/**
 * Whether the `tsx` command started this process (not `node --import tsx`). It passes signals on, and ends a program whose
 * thread is busy when one comes, as it is during a training step.
 *
 * Source: tsx 4, `src/utils/relay-signals.ts`: twice 30 ms.
 */
export function startedByTsx(execArgv: readonly string[]): boolean {
  return execArgv.some((argument) => /[\\/]tsx[\\/]dist[\\/]preflight\.\w+$/.test(argument));
}

/** Warns once of steps during which Ctrl-C would not save. */
export class TsxRelay {
  readonly #isThere: boolean;
  #isFirst = true;
  #isTold = false;

  /** @param execArgv of the process */
  constructor(execArgv: readonly string[] = process.execArgv) {
    this.#isThere = startedByTsx(execArgv);
  }

  /** @returns what to tell after a step, once; never of the first one, which is slow in any case */
  warning(seconds: number): string | undefined {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (!this.#isThere || isFirst || this.#isTold || seconds * 1000 < patience) return undefined;
    this.#isTold = true;
    return `started by tsx, which kills a program that is busy for ${patience} ms when Ctrl-C comes, and a step takes ${Math.round(1000 * seconds)} ms: what came after the last checkpoint would be lost. node --import tsx <file> saves first`;
  }
}
