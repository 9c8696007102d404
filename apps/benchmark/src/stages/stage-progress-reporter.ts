import type { ProgressReporter, ProgressStart, ProgressStatus } from '@selfsup/ssl-train';
import type { Progress, StageProgress } from '../runs/progress.js';

/** Shows a training as part of its stage: steps, loss and speed beside the time that is left. */
export class StageProgressReporter implements ProgressReporter {
  readonly #stage: StageProgress;
  readonly #progress: Progress;
  #totalSteps = 0;

  constructor(stage: StageProgress, progress: Progress) {
    this.#stage = stage;
    this.#progress = progress;
  }

  start({ totalSteps }: ProgressStart): void {
    this.#totalSteps = totalSteps;
  }

  update({ step, loss, samplesPerSecond, secondsLeft }: ProgressStatus): void {
    const speed = samplesPerSecond > 0 ? `, ${Math.round(samplesPerSecond)}/s` : '';
    this.#stage.advance(
      step,
      this.#totalSteps,
      loss === undefined ? undefined : `loss ${loss.toFixed(3)}${speed}`,
      secondsLeft,
    );
  }

  note(line: string): void {
    this.#progress.note(line);
  }

  stop(): void {}
}
