/** The part of @selfsup/ssl-tensor that needs no engine: errors, random keys, host arrays. Safe in worker threads. */
export * from '@selfsup/ssl-core';
export { endWorker } from './threads/end-worker.js';
