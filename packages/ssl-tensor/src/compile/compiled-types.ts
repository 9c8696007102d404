import type * as tf from '@tensorflow/tfjs-core';
import type { NdArray, OptionNames } from '@selfsup/ssl-core';

/** What a caller may pass where the traced function takes `T`: a host array stands for a tensor. */
export type Feed<T> = T extends tf.Tensor
  ? T | NdArray
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer _)[]
      ? { readonly [K in keyof T]: Feed<T[K]> }
      : T extends object
        ? { readonly [K in keyof T]: Feed<T[K]> }
        : T;

/** Arguments of a compiled function, see {@link Feed}. */
export type Feeds<A extends readonly unknown[]> = { [K in keyof A]: Feed<A[K]> };

/** Memory that the graph of one input signature takes, in bytes, known before the engine takes it. */
export interface MemoryPlan {
  /**
   * Most that is in use at once of what is computed on the way: activations, gradients. By the order in which the graph
   * runs; what the engine takes for it is somewhat more, and stays taken until the compiled function is disposed of.
   */
  readonly workspace: number;
  /** The variables that the function reads or assigns. */
  readonly state: number;
  /** Those of them that it assigns: a second buffer for each is made at the first run. */
  readonly assigned: number;
  /** Constants. While a graph is loaded there are several copies of each. */
  readonly constants: number;
  /** Arguments and results. */
  readonly data: number;
}

/** Options of `compile()`. */
export interface CompileOptions {
  /** Where the graph runs. Default: `auto`. */
  readonly device?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'tensorflow';
  /**
   * Threads of the CPU engine. Default: {@link engineThreads}, the cores that this process may use. Results may differ with
   * it in their last digits; the same number gives the same bytes on the same machine.
   */
  readonly threads?: number;
  /**
   * The same bytes on any number of cores of one kind: the function runs on one thread, whatever the machine has, and takes
   * as long as that takes. On the CPU only. Default false.
   */
  readonly deterministic?: boolean;
  /** Input signatures whose graphs are kept; beyond, the one used least recently gives its memory back. Default 32. */
  readonly maxTraces?: number;
  /** File prefix: the engine writes a profile (Chrome trace JSON) of all runs there when the function is disposed. */
  readonly profile?: string;
  /**
   * Told of each new input signature when it was traced, before the engine takes any memory. What it throws refuses the
   * call. Not called on the device `tensorflow`, where nothing is traced.
   */
  readonly onTrace?: (memory: MemoryPlan) => void;
  /** Called when the graph of a new input signature is ready, before its first run. */
  readonly onReady?: () => void;
  /** Name in error messages and profiles. Default: the function's name. */
  readonly name?: string;
}

/** Names of {@link CompileOptions}. */
export const compileOptionNames: OptionNames<CompileOptions> = {
  device: 'optional',
  threads: 'optionalNumber',
  deterministic: 'optionalFlag',
  maxTraces: 'optionalNumber',
  profile: 'optional',
  name: 'optional',
  onReady: 'optionalFunction',
  onTrace: 'optionalFunction',
};

/** A compiled function: same arguments and results as the traced one, but asynchronous. */
export interface CompiledFunction<A extends readonly unknown[], R> {
  (...args: Feeds<A>): Promise<R>;
  /** Frees the graphs and their memory; state stays with the variables. */
  dispose(): void;
  /** Number of input signatures traced so far. */
  readonly traces: number;
  /** Threads of the CPU engine that it runs with. */
  readonly threads: number;
}
