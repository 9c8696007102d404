import { BarProgress } from './bar-progress.js';
import { LineProgress } from './line-progress.js';
import type { ProgressReporter } from './progress-reporter.js';
import { SilentProgress } from './silent-progress.js';

/** How a run is shown: `auto` is a bar on a terminal that can rewrite lines (`TERM` is not `dumb`) and lines elsewhere, always on standard error. */
export type ProgressOption = 'auto' | 'bar' | 'lines' | 'silent' | ProgressReporter;

/** The reporter of an option. */
export function chooseProgress(option: ProgressOption): ProgressReporter {
  if (typeof option !== 'string') return option;
  if (option === 'silent') return new SilentProgress();
  // A terminal that calls itself dumb (an editor's, some build servers') does not rewrite lines.
  const rewrites = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  return option === 'bar' || (option === 'auto' && rewrites) ? new BarProgress() : new LineProgress();
}
