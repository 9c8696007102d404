import type { ProgressOption } from '../observers/progress/choose-progress.js';

/**
 * Tells what goes on before a run and in its place (a vocabulary is learnt, the run is finished) where and as far as the
 * run's progress is shown.
 *
 * @param where the function that speaks
 * @param progress of the run. Default `auto`
 */
export function tellerOf(where: string, progress: ProgressOption = 'auto'): (line: string) => void {
  if (progress === 'silent') return () => {};
  if (typeof progress === 'object') return (line) => progress.info?.(`${where}: ${line}`);
  return (line) => void process.stderr.write(`${where}: ${line}\n`);
}
