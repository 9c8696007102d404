import { readSealedJson } from './read-json.js';
import type { Progress, StageProgress } from './progress.js';
import type { RunDirectory } from './run-directory.js';

/** Content of `artifacts/<stage>.json`. */
export interface StageRecord<T = unknown> {
  readonly stage: string;
  readonly title: string;
  /** Wall time. */
  readonly seconds: number;
  readonly result: T;
}

/** Options of one stage. */
export interface StageOptions<T> {
  /** The outcome in words, for the display. */
  readonly outcome?: (result: T) => string;
}

/**
 * Runs a pipeline stage by stage. A finished stage leaves its result in the run's folder and is not run again when the
 * run is resumed, so results must survive JSON.
 */
export class Stages {
  readonly #directory: RunDirectory;
  readonly #progress: Progress;
  readonly #prefix: string;

  /** @param prefix distinguishes the plan's stages of several runs in one display */
  constructor(directory: RunDirectory, progress: Progress, prefix = '') {
    this.#directory = directory;
    this.#progress = progress;
    this.#prefix = prefix;
  }

  /** The stage's result, from the folder or by running it. */
  async run<T>(
    name: string,
    work: (progress: StageProgress) => Promise<T>,
    { outcome }: StageOptions<T> = {},
  ): Promise<T> {
    const saved = await this.saved<T>(name);
    if (saved !== undefined) {
      this.#progress.skip(this.#prefix + name, outcome?.(saved.result));
      return saved.result;
    }
    const running = this.#progress.begin(this.#prefix + name);
    const started = performance.now();
    const result = await work(running);
    const seconds = (performance.now() - started) / 1000;
    const record: StageRecord<T> = { stage: name, title: this.#progress.titleOf(this.#prefix + name), seconds, result };
    await this.#directory.writeSealed(`artifacts/${name}.json`, record);
    running.finish(outcome?.(result));
    return result;
  }

  /** The record that a finished stage left. */
  async saved<T>(name: string): Promise<StageRecord<T> | undefined> {
    return (await readSealedJson(this.#directory.file('artifacts', `${name}.json`))) as StageRecord<T> | undefined;
  }
}
