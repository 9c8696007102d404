export * from './host.js';
export { compile } from './compile/compile.js';
export type { CompiledFunction, CompileOptions, Feed, Feeds } from './compile/compiled-types.js';
