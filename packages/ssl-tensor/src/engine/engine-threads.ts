import { availableParallelism } from 'node:os';
import type { CompileOptions } from '../compile/compiled-types.js';
import { InvalidOptionError } from 'ssl-core';

/** The runtime starts as many as it is asked for, and fails where there is no memory for them. */
const mostThreads = 1024;

/**
 * Threads that `compile(fn, options)` computes with: what results may depend on in their last digits, for a record beside
 * them. `engineThreads()` is the default on this machine: the cores that this process may use.
 *
 * @returns a positive integer; 1 for a deterministic function
 * @throws InvalidOptionError for threads that are no positive integer or more than 1024, or several for a deterministic function
 *
 * @example
 * const threads = engineThreads();
 * const sameAsThen = compile(step, { threads });
 */
export function engineThreads({
  threads,
  deterministic = false,
}: Pick<CompileOptions, 'threads' | 'deterministic'> = {}): number {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads > mostThreads))
    throw new InvalidOptionError('compile', 'threads', `a positive integer up to ${mostThreads}`, threads);
  if (typeof deterministic !== 'boolean')
    throw new InvalidOptionError('compile', 'deterministic', 'true or false', deterministic);
  if (!deterministic) return threads ?? availableParallelism();
  if (threads !== undefined && threads !== 1)
    throw new InvalidOptionError('compile', 'threads', '1 or left out where `deterministic` is true', threads);
  return 1;
}
