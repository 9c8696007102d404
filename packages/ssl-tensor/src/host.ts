/** The part of ssl-tensor that needs no engine: errors, random keys, host arrays. Safe in worker threads. */
export { CheckpointError } from './errors/checkpoint-error.js';
export { DataError } from './errors/data-error.js';
export { InvalidOptionError } from './errors/invalid-option-error.js';
export { ShapeError } from './errors/shape-error.js';
export { SslError } from './errors/ssl-error.js';
export { UnsupportedOpError } from './errors/unsupported-op-error.js';
export { isNdArray, ndArray } from './nd-array.js';
export type { NdArray, NdData } from './nd-array.js';
export { foldIn, randomKey, split } from './random/random-key.js';
export type { RandomKey } from './random/random-key.js';
export { RandomStream } from './random/random-stream.js';
export { threefry2x32 } from './random/threefry.js';
export { endWorker } from './threads/end-worker.js';
