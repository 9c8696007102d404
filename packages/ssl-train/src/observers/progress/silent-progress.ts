import type { ProgressReporter } from './progress-reporter.js';

/** Shows nothing. */
export class SilentProgress implements ProgressReporter {
  start(): void {}
  update(): void {}
  note(): void {}
  stop(): void {}
}
