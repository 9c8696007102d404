import { checkChoice, checkCount, checkNonNegative, printable } from '@selfsup/ssl-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../checkpoint/run-config.js';
import type { RunControl, TrainerObserver } from './trainer-observer.js';

/** Options of {@link earlyStop}. */
export interface EarlyStopOptions {
  /** Name of a number that an observer returns, `'knn'` for instance. Default: the loss of the logged steps. */
  readonly metric?: string;
  /** Whether more or less of it is better. */
  readonly mode: 'max' | 'min';
  /** Values in a row without a gain after which the run is done. */
  readonly patience: number;
  /** A value must be better than the best one by more than this to be a gain. Default 0. */
  readonly minDelta?: number;
  /** Ends the run. Default false: the user is told once, and the run goes on. */
  readonly stop?: boolean;
}

const earlyStopOptionNames: OptionNames<EarlyStopOptions> = {
  metric: 'optional',
  mode: 'required',
  patience: 'requiredNumber',
  minDelta: 'optionalNumber',
  stop: 'optionalFlag',
};

/** A resumed run goes on counting from these. */
interface Watched {
  /** Step of the last value: a resumed run may tell of it again. */
  readonly seen: number;
  readonly best: number | null;
  readonly bestStep: number;
  readonly without: number;
  readonly told: boolean;
}

/**
 * An observer that says when a number has stopped getting better, and with `stop: true` ends the run there. Best value
 * and count are saved with the checkpoints. A value that is not finite is no gain; of several values of one step the
 * first counts.
 *
 * @throws InvalidOptionError for options out of range
 */
export function earlyStop(options: EarlyStopOptions): TrainerObserver {
  const where = 'earlyStop';
  const { metric, mode, patience, minDelta = 0, stop = false } = checkOptions(where, options, earlyStopOptionNames);
  checkChoice(where, 'mode', mode, ['max', 'min']);
  checkCount(where, { patience });
  checkNonNegative(where, { minDelta });
  const label = metric === undefined ? 'the loss' : printable(metric);
  let watched: Watched = { seen: 0, best: null, bestStep: 0, without: 0, told: false };

  /** Evaluations without the metric, while none had it. */
  let others = 0;

  const watch = (step: number, value: number, run: RunControl): void => {
    if (step <= watched.seen) return;
    const gain = watched.best === null ? Infinity : mode === 'max' ? value - watched.best : watched.best - value;
    if (Number.isFinite(value) && gain > minDelta) {
      watched = { ...watched, seen: step, best: value, bestStep: step, without: 0 };
      return;
    }
    watched = { ...watched, seen: step, without: watched.without + 1 };
    if (watched.without < patience) return;
    const best = watched.best === null ? 'none was finite' : `best was ${watched.best} at step ${watched.bestStep}`;
    const text = `${label} has not got better in ${watched.without} values up to step ${step}; ${best}`;
    if (stop) run.stop(text);
    else if (!watched.told) run.note(`${text}. earlyStop with stop: true would end the run here`);
    watched = { ...watched, told: true };
  };

  return {
    name: metric === undefined ? 'early-stop' : `early-stop-${metric}`,
    onStep: ({ step, entry }, run) => {
      if (metric === undefined && entry !== undefined) watch(step, entry.loss, run);
    },
    onEvaluation: ({ step, metrics }, run) => {
      if (metric === undefined) return;
      if (Object.hasOwn(metrics, metric)) watch(step, metrics[metric]!, run);
      else if (watched.seen === 0 && ++others === patience)
        run.note(
          `earlyStop: no observer has returned ${label} yet, only ${Object.keys(metrics).map(printable).join(', ')}. Is it spelt as there?`,
        );
    },
    state: (): JsonValue => ({ ...watched }),
    restore: (state) => void (watched = state as unknown as Watched),
  };
}
