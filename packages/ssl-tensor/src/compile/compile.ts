import * as tf from '@tensorflow/tfjs-core';
import { rebind } from '../backend/data-ownership.js';
import { fetchShared } from '../backend/fetched.js';
import { registerSslBackend } from '../backend/register-backend.js';
import type { SslBackend } from '../backend/ssl-backend.js';
import { chooseDevice } from '../engine/choose-device.js';
import { engineFor } from '#engine';
import { threadsOf } from '../engine/engine-threads.js';
import type { Engine } from '../engine/engine.js';
import { checkCount, checkOptions, InvalidOptionError, UnsupportedOpError } from '@selfsup/ssl-core';
import { holdArguments, runEagerly } from '../engine/run-eagerly.js';
import { type CompiledFunction, compileOptionNames, type CompileOptions } from './compiled-types.js';
import { CallQueue, type Turn } from './call-queue.js';
import { claimOf, CompiledGraph } from './compiled-graph.js';
import type { OriginOptions } from './note-origins.js';
import { neededCalls } from './partition.js';
import { RecordedTensor, recordFunction, type Recording } from './run-trace.js';
import { type FlatArguments, flattenArguments } from './signature.js';
import { VariableWatch } from './variable-watch.js';

// At load, so that eager code before the first compiled call already runs on this backend and nothing has to move.
registerSslBackend();

const defaultMaxTraces = 32;

/** Each call sees the variables as the one before left them. */
const calls = new CallQueue();

/**
 * Compiles a function of TF.js code: it is run once per input signature with a recording backend, every kernel call
 * (forward, gradients, optimiser) becomes part of one graph, and later calls run that graph.
 *
 * - Arguments: tensors or host arrays, nested in records and arrays. Numbers, strings and booleans are static: a new
 *   value means a new trace, so pass what changes from step to step as `tf.scalar` or a host array.
 * - `tf.Variable`s that the function reads or assigns are state that stays with the engine; their values are fetched
 *   only when somebody reads them.
 * - A call computes with what its arguments hold when it is made, even if it has to wait: arrays are copied, and may be
 *   written over, tensors disposed of, at once. Variables are read when the calls before have ended; one that the call
 *   uses must not be assigned or disposed of by eager code until it ends, or it is refused.
 * - Variables made inside (as `tf.train.adam` does at its first step) start with the value they were made with; the
 *   function is then traced a second time.
 * - JavaScript side effects happen while tracing, not at each call.
 *
 * @param fn synchronous function; returns tensors, nested in records and arrays
 * @returns asynchronous function of the same arguments and results
 * @throws UnsupportedOpError when the function reads a value, draws host randomness, or uses a kernel without lowering;
 *   when eager code assigned or disposed of a variable that the call uses before it ended; InvalidOptionError when an
 *   argument is not data
 *
 * @example
 * const step = compile((x: tf.Tensor2D) => optimizer.minimize(() => loss(x), true)!);
 * const value = (await step({ data: new Float32Array(8), shape: [4, 2] })).dataSync()[0];
 */
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): CompiledFunction<A, R> {
  if (typeof fn !== 'function') throw new InvalidOptionError('compile', 'fn', 'a function', fn);
  checkOptions('compile', options, compileOptionNames);
  return compileWith(fn, options);
}

/** What a profile wants to know of the graphs. */
export interface CompileHooks {
  readonly origins: OriginOptions;
  readonly onGraph: (graph: CompiledGraph) => void;
}

/** Resolves when all calls so far, and what they dispose of, are done. */
export function settled(): Promise<void> {
  return calls.run((turn) => turn.claim('everything'));
}

/** As {@link compile}; notes where each node comes from. */
export function compileWith<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions,
  hooks?: CompileHooks,
): CompiledFunction<A, R> {
  const name = options.name ?? (fn.name === '' ? 'compiled function' : fn.name);
  const maxTraces = options.maxTraces ?? defaultMaxTraces;
  checkCount('compile', { maxTraces });
  const graphs = new Map<string, CompiledGraph>();
  let traces = 0;
  let warned = false;

  const record = (engine: Engine, backend: SslBackend, args: FlatArguments): Recording<R> =>
    recordFunction(
      backend,
      engine.device,
      args.specs,
      (tensors) => fn(...(args.rebuild(tensors) as unknown as A)),
      hooks?.origins,
    );

  const build = async (
    engine: Engine,
    backend: SslBackend,
    args: FlatArguments,
    first: Recording<R>,
    turn: Turn,
  ): Promise<CompiledGraph> => {
    let recording = first;
    if (recording.created.size > 0) {
      await initialise(engine, backend, recording, args, turn);
      recording = record(engine, backend, args);
      if (recording.created.size > 0) {
        throw new UnsupportedOpError(
          `'${name}'`,
          'makes new variables every time it is traced',
          'Make variables and optimisers outside the compiled function',
        );
      }
    }
    traces++;
    const graph = await CompiledGraph.load(engine, backend, recording, args.specs, options.onTrace);
    hooks?.onGraph(graph);
    return graph;
  };

  /** Gives back the graph that was not used for longest, where there are as many as may be. */
  const makeRoom = async (signature: string): Promise<void> => {
    const [oldest] = graphs;
    if (oldest === undefined || graphs.size < maxTraces) return;
    if (!warned) {
      process.emitWarning(
        `'${name}' was called with more than ${maxTraces} different input signatures, the last being ${signature}; each new one takes a new trace. Keep shapes fixed (drop or pad the last batch) and pass changing numbers as tf.scalar, or raise maxTraces`,
        { code: 'SSL_TENSOR_RETRACING' },
      );
      warned = true;
    }
    graphs.delete(oldest[0]);
    await oldest[1].release();
  };

  const call = async (...args: unknown[]): Promise<R> => {
    const { device } = chooseDevice(options.device);
    if (options.deterministic === true && device !== 'cpu')
      throw new InvalidOptionError(
        'compile',
        'deterministic',
        "false, or device 'cpu'",
        `true with device '${device}'`,
      );
    if (device === 'tensorflow') {
      const { values, release } = holdArguments(args);
      return calls
        .run(async (turn) => {
          await turn.claim('everything');
          return runEagerly(fn, values);
        })
        .finally(release);
    }
    const flat = flattenArguments(name, args);
    const passed = flat.leaves.filter((leaf) => leaf instanceof tf.Variable);
    const known = graphs.get(flat.signature)?.claim;
    const possible =
      known === undefined
        ? Object.values(tf.engine().registeredVariables)
        : [...known.reads, ...known.writes].filter((item) => item instanceof tf.Variable);
    const watch = new VariableWatch(name, [...possible, ...passed]);
    const result = calls.run(async (turn) => {
      const backend = registerSslBackend();
      const engine = await engineFor(options);
      const pending = graphs.has(flat.signature) ? undefined : fetchShared(backend);
      if (pending !== undefined) await pending;
      watch.look();
      // Traced at once: what a call will use must be known before a later call goes on.
      let recording = graphs.has(flat.signature) ? undefined : record(engine, backend, flat);
      const { reads, writes } = recording === undefined ? graphs.get(flat.signature)!.claim : claimOf(recording);
      const used = [...reads, ...writes, ...passed];
      await turn.claim({ reads: new Set([...reads, ...passed]), writes: new Set([...writes, graphs]) });
      watch.check(used);
      let graph = graphs.get(flat.signature);
      const isNew = graph === undefined;
      if (graph === undefined) {
        await makeRoom(flat.signature);
        recording ??= record(engine, backend, flat);
        graph = await build(engine, backend, flat, recording, turn);
      }
      // Last in the map is the one used last.
      graphs.delete(flat.signature);
      graphs.set(flat.signature, graph);
      if (isNew) options.onReady?.();
      return (await graph.run(flat.leaves, turn.aside, () => watch.check(used))) as R;
    });
    return flat.release === undefined ? result : result.finally(flat.release);
  };
  const dispose = (): void => {
    const released = [...graphs.values()];
    graphs.clear();
    void calls.run(async (turn) => {
      await turn.claim({ reads: new Set(), writes: new Set([graphs]) });
      for (const graph of released) await graph.release();
    });
  };
  const compiled = Object.assign(call, { dispose });
  Object.defineProperty(compiled, 'traces', { get: () => traces });
  Object.defineProperty(compiled, 'threads', { get: () => threadsOf(options) });
  return compiled as unknown as CompiledFunction<A, R>;
}

/** Gives variables that were made while tracing their first values. */
async function initialise(
  engine: Engine,
  backend: SslBackend,
  recording: Recording<unknown>,
  args: FlatArguments,
  turn: Turn,
): Promise<void> {
  const created = [...recording.created];
  const initial = await CompiledGraph.load(
    engine,
    backend,
    {
      ...recording,
      assigned: new Map(),
      result: created.map(([, value]) => new RecordedTensor(value)),
      hostCalls: neededCalls(
        recording.hostCalls,
        created.map(([, value]) => value),
      ),
    },
    args.specs,
  );
  const values = (await initial.run(args.leaves, turn.aside)) as tf.Tensor[];
  created.forEach(([variable], index) => {
    rebind(variable, values[index]!.dataId, backend);
    values[index]!.dispose();
  });
  await initial.release();
}
