import { DataError } from '@selfsup/ssl-core';
import type { ModuleExport } from '../io/import-export.js';
import type { DecodeBudgetPlace } from '../image/decode-budget.js';
import type { ViewSpec } from '../views/view.js';
import type { BatchTask, BuiltBatch, OnError } from './build-batch.js';

/** What a worker needs to build batches. */
export interface WorkerSetup {
  readonly source: ModuleExport;
  readonly views: readonly ViewSpec[] | undefined;
  readonly onError: OnError;
  /** Seconds that one sample may take. */
  readonly sampleTimeout: number;
}

/** What one of the workers gets at its start. */
export interface WorkerStart extends WorkerSetup {
  /** Shared memory, one element: the worker adds to it whenever it got on, so that the pool can tell busy from stuck. */
  readonly progress: Int32Array;
  /** Its place in the loader's budget for decoding. */
  readonly decodePlace: DecodeBudgetPlace;
}

/** To a worker: build one batch, unless the run's flag (shared memory, one element) is set by then. */
export interface WorkerRequest {
  readonly id: number;
  readonly task: BatchTask;
  readonly cancelled: Int32Array;
}

/** From a worker: the batch, nothing for a cancelled one, or why it failed. */
export interface WorkerReply {
  readonly id: number;
  readonly batch?: BuiltBatch | undefined;
  readonly error?: ErrorRecord;
}

/** A {@link DataError} as plain data. */
export interface ErrorRecord {
  readonly message: string;
  readonly path: string | undefined;
  readonly offset: number | undefined;
}

export function toErrorRecord(error: unknown): ErrorRecord {
  const message = error instanceof Error ? error.message : String(error);
  if (!DataError.isInstance(error)) return { message, path: undefined, offset: undefined };
  const { path, offset } = error;
  // The constructor puts the path in front again.
  return {
    message: path !== undefined && message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message,
    path,
    offset,
  };
}

export function fromErrorRecord({ message, path, offset }: ErrorRecord): DataError {
  return new DataError(message, {
    ...(path === undefined ? {} : { path }),
    ...(offset === undefined ? {} : { offset }),
  });
}
