import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { DataError } from 'ssl-tensor/host';
import type { BatchTask, BuiltBatch } from './build-batch.js';
import { fromErrorRecord, type WorkerReply, type WorkerRequest, type WorkerSetup } from './worker-messages.js';

interface Pending {
  readonly resolve: (batch: BuiltBatch | undefined) => void;
  readonly reject: (error: DataError) => void;
}

/**
 * Worker threads that build batches. Tasks go out in turn, each as one message with all it needs, so that the workers go
 * on while the main thread is inside a native call.
 */
export class WorkerPool {
  readonly #workers: readonly Worker[];
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #nextWorker = 0;
  #waiting = 0;
  #failure: DataError | undefined;

  constructor(setup: WorkerSetup, count: number) {
    this.#workers = Array.from({ length: count }, () => this.#start(setup));
  }

  /** Number of threads. */
  get size(): number {
    return this.#workers.length;
  }

  /** Why the pool can no longer be used; `undefined` while it can. */
  get failure(): DataError | undefined {
    return this.#failure;
  }

  /** Builds one batch; `undefined` when `cancelled` was set before its turn came. Rejects with {@link DataError}. */
  run(task: BatchTask, cancelled: Int32Array): Promise<BuiltBatch | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    const worker = this.#workers[this.#nextWorker]!;
    this.#nextWorker = (this.#nextWorker + 1) % this.#workers.length;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ id, task, cancelled } satisfies WorkerRequest);
    });
  }

  /** Awaits a result; only meanwhile do the workers keep the process alive. */
  async wait<T>(result: Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) for (const worker of this.#workers) worker.ref();
    try {
      return await result;
    } finally {
      if (--this.#waiting === 0) for (const worker of this.#workers) worker.unref();
    }
  }

  /** Ends the threads; what is pending fails with `reason`. */
  async close(reason: DataError): Promise<void> {
    this.#fail(reason);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(setup: WorkerSetup): Worker {
    const worker = new Worker(workerUrl, { ...workerOptions(), workerData: setup, name: 'ssl-data-loader' });
    worker.on('message', ({ id, batch, error }: WorkerReply) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) pending?.resolve(batch);
      else pending?.reject(fromErrorRecord(error));
    });
    worker.on('error', (cause: unknown) =>
      this.#fail(
        new DataError(`a loader worker crashed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }),
      ),
    );
    worker.on('messageerror', (cause) =>
      this.#fail(new DataError(`a loader worker sent what cannot be read: ${cause.message}`, { cause })),
    );
    worker.on('exit', (code) =>
      this.#fail(
        new DataError(`a loader worker stopped with exit code ${code}; a data set or view must not end its thread`),
      ),
    );
    worker.unref();
    return worker;
  }

  #fail(reason: DataError): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    for (const worker of this.#workers) void worker.terminate();
  }
}

const fromSource = import.meta.url.endsWith('.ts');
const workerUrl = new URL(fromSource ? './loader-worker.ts' : './loader-worker.js', import.meta.url);

/** From TypeScript source (tests, scripts of this repository) a worker needs tsx; built code needs nothing. */
function workerOptions(): WorkerOptions {
  if (!fromSource) return {};
  // `--import tsx` does nothing in a thread, so register its hooks by hand.
  const tsx = new URL(
    './dist/esm/api/index.mjs',
    pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json')),
  );
  const register = `data:text/javascript,${encodeURIComponent(`import { register } from '${tsx.href}'; register();`)}`;
  return { execArgv: ['--import', register, '--conditions=ssl-source'] };
}
