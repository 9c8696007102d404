import { Worker } from 'node:worker_threads';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { stopNativeRuns } from './native-runs.js';

/**
 * Ends a worker thread that may be running a compiled step: waits until the run has ended, lets no further one begin,
 * and terminates the worker. `worker.terminate()` alone aborts the whole process when it
 * comes while the runtime runs.
 *
 * It knows of workers that were started after this module was loaded, as it is where it is imported at the top. The end of
 * the process (`process.exit()`, an error that nobody catches) waits for runs by itself. Inside a worker, `process.exit()`
 * and errors are safe.
 *
 * @returns the worker's exit code, as `worker.terminate()`
 * @throws InvalidOptionError for what is no worker thread
 *
 * @example
 * const worker = new Worker(new URL('./train.js', import.meta.url));
 * process.once('SIGTERM', () => void endWorker(worker));
 */
export async function endWorker(worker: Worker): Promise<number> {
  // Without a number, it would be this thread that runs no more steps.
  if (!(worker instanceof Worker))
    throw new InvalidOptionError('endWorker', 'worker', 'a Worker of node:worker_threads', worker);
  const { threadId } = worker;
  // Negative once it has ended.
  if (threadId < 0) return worker.terminate();
  await stopNativeRuns(threadId);
  return worker.terminate();
}
