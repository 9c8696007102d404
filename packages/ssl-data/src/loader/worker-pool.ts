import { Worker } from 'node:worker_threads';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { moduleFile, threadModule } from '@selfsup/ssl-core/files';
import type { DecodeBudget } from '../image/decode-budget.js';
import type { BatchTask, BuiltBatch } from './build-batch.js';
import {
  fromErrorRecord,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSetup,
  type WorkerStart,
} from './worker-messages.js';

interface Pending {
  readonly member: Member;
  readonly resolve: (batch: BuiltBatch | undefined) => void;
  readonly reject: (error: DataError) => void;
}

/** A thread of the pool. */
interface Member {
  readonly worker: Worker;
  /** Grows whenever the worker got on, see {@link WorkerStart}. */
  readonly progress: Int32Array;
  /** Tasks that it has not answered. */
  pending: number;
  /** Progress when last looked at, and how many looks in a row found the same. */
  seen: number;
  still: number;
}

/** Looks in a row that must find no progress, spread over somewhat more time than one sample may take. */
const looks = 10;
const slack = 1.25;
/** Seconds that a worker has at least to start and to open its data set. */
const openingTimeout = 60;

/**
 * Worker threads that build batches. Tasks go out in turn, each as one message with all it needs, so that the workers go
 * on while the main thread is inside a native call.
 */
export class WorkerPool {
  readonly #members: readonly Member[];
  readonly #decodeBudget: DecodeBudget;
  readonly #sampleTimeout: number;
  /** Seconds between two looks at the workers. */
  readonly #lookEvery: number;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #nextWorker = 0;
  #waiting = 0;
  #watch: NodeJS.Timeout | undefined;
  #failure: DataError | undefined;
  #largestBatch: number | undefined;

  /** @param decodeBudget what the workers decode within */
  constructor(setup: WorkerSetup, count: number, decodeBudget: DecodeBudget) {
    this.#decodeBudget = decodeBudget;
    this.#sampleTimeout = setup.sampleTimeout;
    this.#lookEvery = (setup.sampleTimeout * slack) / looks;
    this.#members = Array.from({ length: count }, () => this.#start(setup));
  }

  /** Number of threads. */
  get size(): number {
    return this.#members.length;
  }

  /** Bytes of the largest batch so far; `undefined` before the first. */
  get largestBatch(): number | undefined {
    return this.#largestBatch;
  }

  /** Why the pool can no longer be used; `undefined` while it can. */
  get failure(): DataError | undefined {
    return this.#failure;
  }

  /** Builds one batch; `undefined` when `cancelled` was set before its turn came. Rejects with {@link DataError}. */
  run(task: BatchTask, cancelled: Int32Array): Promise<BuiltBatch | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    const member = this.#members[this.#nextWorker]!;
    this.#nextWorker = (this.#nextWorker + 1) % this.#members.length;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { member, resolve, reject });
      if (member.pending++ === 0) member.still = 0;
      member.worker.postMessage({ id, task, cancelled } satisfies WorkerRequest);
    });
  }

  /** Awaits a result; only meanwhile do the workers keep the process alive, and are they watched. */
  async wait<T>(result: Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) {
      for (const { worker } of this.#members) worker.ref();
      if (Number.isFinite(this.#sampleTimeout)) this.#watch = setInterval(() => this.#look(), this.#lookEvery * 1000);
    }
    try {
      return await result;
    } finally {
      if (--this.#waiting === 0) {
        for (const { worker } of this.#members) worker.unref();
        clearInterval(this.#watch);
      }
    }
  }

  /** Ends the threads; what is pending fails with `reason`. */
  async close(reason: DataError): Promise<void> {
    this.#fail(reason);
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  /**
   * A worker that blocks its thread cannot time itself. Looks are counted, not time: this thread may itself have been
   * blocked, with the worker's answer waiting.
   */
  #look(): void {
    for (const member of this.#members) {
      const progress = Atomics.load(member.progress, 0);
      member.still = progress === member.seen && member.pending > 0 ? member.still + 1 : 0;
      member.seen = progress;
      const patience = progress === 0 ? Math.max(looks, openingTimeout / this.#lookEvery) : looks;
      if (member.still > patience)
        this.#fail(
          new DataError(
            `a loader worker got no further for ${Number((patience * this.#lookEvery).toPrecision(3))} s; a data set or view must not block its thread. Check them, or raise sampleTimeout`,
          ),
        );
    }
  }

  #start(setup: WorkerSetup): Member {
    const progress = new Int32Array(new SharedArrayBuffer(4));
    const decodePlace = this.#decodeBudget.place();
    const start: WorkerStart = { ...setup, progress, decodePlace };
    let worker: Worker;
    try {
      const { url, options } = threadModule(
        moduleFile(import.meta),
        'loader/loader-worker',
        '@selfsup/ssl-data',
        'set workers: 0',
      );
      worker = new Worker(url, { ...options, workerData: start, name: 'ssl-data-loader' });
    } catch (cause) {
      this.#decodeBudget.vacate(decodePlace);
      throw asCloneError(setup, cause);
    }
    worker.on('message', ({ id, batch, error }: WorkerReply) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (pending !== undefined) pending.member.pending--;
      if (batch !== undefined) this.#largestBatch = Math.max(this.#largestBatch ?? 0, bytesOf(batch));
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
    worker.on('exit', (code) => {
      // Also when it died in the middle of a picture.
      this.#decodeBudget.vacate(decodePlace);
      this.#fail(
        new DataError(`a loader worker stopped with exit code ${code}; a data set or view must not end its thread`),
      );
    });
    worker.unref();
    return { worker, progress, pending: 0, seen: 0, still: 0 };
  }

  #fail(reason: DataError): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    for (const { worker } of this.#members) void worker.terminate();
  }
}

/** What cannot be copied into a thread was given by a data set or view of one's own. */
function asCloneError({ source, views }: WorkerSetup, cause: unknown): unknown {
  if ((cause as Error).name !== 'DataCloneError') return cause;
  const culprit = [source, ...(views ?? [])].findIndex((part) => !isPlain(part));
  return new InvalidOptionError(
    'DataLoader',
    culprit === 0 ? 'dataset.source.options' : `views[${culprit - 1}].options`,
    'plain data, which a worker gets a copy of, without functions',
    (culprit === 0 ? source : views?.[culprit - 1])?.options,
    'Or set workers: 0',
  );
}

function isPlain(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function bytesOf({ arrays, index, labels, boxes = [] }: BuiltBatch): number {
  return [...arrays, ...boxes, index, ...(labels === undefined ? [] : [labels])].reduce(
    (total, { data }) => total + data.byteLength,
    0,
  );
}
