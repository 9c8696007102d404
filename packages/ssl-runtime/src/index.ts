export { loadRuntime } from './load-runtime.js';
export type { Runtime } from './load-runtime.js';
export type { InferenceSession, Tensor } from 'onnxruntime-common';
export { RuntimeError } from './runtime-error.js';
export { runtimePlatforms } from './runtime-platforms.js';
export { runtimeVersion } from './runtime-version.js';
