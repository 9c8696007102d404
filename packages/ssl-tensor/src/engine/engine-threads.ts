import { availableParallelism } from 'node:os';
import type { CompileOptions } from '../compile/compiled-types.js';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';

/** Options of {@link engineThreads}, those of `compile()`. */
export type ThreadOptions = Pick<CompileOptions, 'threads' | 'deterministic'>;

const threadOptionNames: OptionNames<ThreadOptions> = { threads: 'optionalNumber', deterministic: 'optionalFlag' };

/** More than the cores is a way to compute as another machine did; far more stands still, and the machine with it. */
const maxThreads = 512;

/**
 * Threads that `compile(fn, options)` computes with: what results may depend on in their last digits, for a record beside
 * them. `engineThreads()` is the default on this machine: the cores that this process may use.
 *
 * @returns a positive integer; 1 for a deterministic function
 * @throws InvalidOptionError for threads that are no positive integer, above 512 and the cores there are, or several for a deterministic function
 *
 * @example
 * const threads = engineThreads();
 * const sameAsThen = compile(step, { threads });
 */
export function engineThreads(options: ThreadOptions = {}): number {
  return threadsOf(checkOptions('engineThreads', options, threadOptionNames));
}

/** As {@link engineThreads}, of options that may have more. */
export function threadsOf({ threads, deterministic = false }: ThreadOptions): number {
  const most = Math.max(maxThreads, availableParallelism());
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > most))
    throw new InvalidOptionError('compile', 'threads', `an integer of 1 to ${most}`, threads);
  if (typeof deterministic !== 'boolean')
    throw new InvalidOptionError('compile', 'deterministic', 'true or false', deterministic);
  if (!deterministic) return threads ?? availableParallelism();
  if (threads !== undefined && threads !== 1)
    throw new InvalidOptionError('compile', 'threads', '1 or left out where `deterministic` is true', threads);
  return 1;
}
