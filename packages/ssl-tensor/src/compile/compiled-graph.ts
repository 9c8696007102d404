import * as tf from '@tensorflow/tfjs-core';
import { ResidentTensor, type HostValues } from '../backend/stored-tensor.js';
import { typedValues } from '../backend/typed-values.js';
import type { SslBackend } from '../backend/ssl-backend.js';
import type { Engine, EngineSession, EngineTensor } from '../engine/engine.js';
import { DataError } from '../errors/data-error.js';
import { UnsupportedOpError } from '../errors/unsupported-op-error.js';
import { encodeModel } from '../graph/encode-model.js';
import type { Origin } from '../graph/graph.js';
import type { HostData, Value, ValueType } from '../graph/value.js';
import { isNdArray, type NdArray } from '../nd-array.js';
import { RecordedTensor, rebind, type LeafSpec, type Recording } from './run-trace.js';

interface Result {
  readonly name: string;
  readonly value: Value;
}

/** Stands for result `index` in the tree of results. */
class ResultPlace {
  constructor(readonly index: number) {}
}

/** A recorded function as a loaded model, bound to the variables it reads and assigns. */
export class CompiledGraph {
  readonly #engine: Engine;
  readonly #backend: SslBackend;
  readonly #session: EngineSession;
  readonly #states: readonly (readonly [string, tf.Variable])[];
  readonly #assigned: readonly (readonly [string, tf.Variable])[];
  readonly #arguments: readonly (readonly [string, number, LeafSpec])[];
  readonly #results: readonly Result[];
  readonly #tree: unknown;
  /** Origins by the node's name in profiles, where the recording noted them. */
  readonly origins: ReadonlyMap<string, Origin>;

  private constructor(engine: Engine, backend: SslBackend, session: EngineSession, parts: Parts) {
    this.#engine = engine;
    this.#backend = backend;
    this.#session = session;
    this.#states = parts.states;
    this.#assigned = parts.assigned;
    this.#arguments = parts.arguments;
    this.#results = parts.results;
    this.#tree = parts.tree;
    this.origins = parts.origins;
  }

  /** Encodes a recording and loads it into the engine. */
  static async load(
    engine: Engine,
    backend: SslBackend,
    recording: Recording<unknown>,
    specs: readonly LeafSpec[],
  ): Promise<CompiledGraph> {
    const { trace } = recording;
    const outputs = new Map<string, Value>();
    const assigned = [...recording.assigned].map(([variable, value], index) => {
      outputs.set(`n${index}`, value);
      return [`n${index}`, variable] as const;
    });
    const results: Result[] = [];
    const tree = replaceValues(recording.result, (value) => {
      const name = `r${results.length}`;
      outputs.set(name, value);
      results.push({ name, value });
      return new ResultPlace(results.length - 1);
    });
    if (outputs.size === 0) {
      throw new UnsupportedOpError(
        'a function without effect',
        'neither returns a tensor nor assigns a variable',
        'Return the loss, or assign variables inside the function',
      );
    }
    const model = encodeModel(trace.graph, outputs);
    const used = new Set(model.inputs);
    const session = await engine.load(model.bytes, model.inputs).catch((error: Error) => {
      throw new UnsupportedOpError(
        'the recorded graph',
        `was refused by the engine: ${error.message}`,
        'This is a defect of a lowering rule: please report it with the shapes used',
      );
    });
    const states = [...trace.states]
      .filter(([, value]) => used.has(value))
      .map(([variable, value]) => [value.name, variable] as const);
    const args = specs.flatMap((spec, index) =>
      model.inputs.some((value) => value.name === `a${index}`) ? [[`a${index}`, index, spec] as const] : [],
    );
    return new CompiledGraph(engine, backend, session, {
      states,
      assigned,
      arguments: args,
      results,
      tree,
      origins: model.origins,
    });
  }

  /** Runs once on these arguments; variables have their new values when the promise resolves. */
  async run(leaves: readonly (tf.Tensor | NdArray)[]): Promise<unknown> {
    const feeds: Record<string, EngineTensor> = {};
    const into: Record<string, EngineTensor | null> = {};
    for (const [name, index, spec] of this.#arguments)
      feeds[name] = this.#engine.tensor(spec.type, hostData(leaves[index]!), spec.shape);
    for (const [name, variable] of this.#states) feeds[name] = this.#resident(variable).current;
    const written = this.#assigned.map(([name, variable]) => {
      const resident = this.#own(variable);
      const type = variable.dtype as ValueType;
      into[name] = resident.spare(() =>
        this.#engine.tensor(type, this.#engine.allocate(type, variable.size), variable.shape),
      );
      return resident;
    });
    for (const { name } of this.#results) into[name] = null;
    const outputs = await this.#session.run(feeds, into).catch((cause: Error) => {
      throw new DataError(
        `compile(): the step failed while running: ${cause.message}. The usual cause is an index outside the tensor that it points into`,
        { cause },
      );
    });
    for (const resident of written) resident.swap();
    const tensors = this.#results.map(({ name, value }) => {
      const shape = [...value.shape];
      const dtype = value.type as tf.DataType;
      const dataId = this.#backend.write(outputs[name]!.data as HostValues, shape, dtype);
      return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, this.#backend);
    });
    return fillPlaces(this.#tree, tensors);
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  /** The variable's buffers in the engine, moved there at its first use. */
  #resident(variable: tf.Variable): ResidentTensor {
    if (variable.isDisposed) {
      throw new UnsupportedOpError(
        `variable '${variable.name}'`,
        'was disposed, but the compiled function still uses it',
        'Keep the model alive as long as its compiled step, or compile again',
      );
    }
    const stored = this.#backend.entry(variable.dataId);
    if (stored instanceof ResidentTensor) return stored;
    const type = variable.dtype as ValueType;
    // A copy: the array may be the caller's, and later runs write it.
    const data = typedValues(this.#backend.readSync(variable.dataId), type).slice() as HostData;
    const resident = new ResidentTensor(
      variable.dtype,
      this.#engine.tensor(type, data, variable.shape),
      stored.refCount,
    );
    this.#backend.store(variable.dataId, resident);
    return resident;
  }

  /** As {@link #resident}, but never shared with another tensor, whose value must not change. */
  #own(variable: tf.Variable): ResidentTensor {
    const resident = this.#resident(variable);
    if (resident.refCount <= 1) return resident;
    const type = variable.dtype as ValueType;
    const own = new ResidentTensor(variable.dtype, this.#engine.tensor(type, resident.values, variable.shape), 0);
    const dataId = this.#backend.adopt(own);
    rebind(variable, dataId, this.#backend);
    return own;
  }
}

interface Parts {
  readonly states: readonly (readonly [string, tf.Variable])[];
  readonly assigned: readonly (readonly [string, tf.Variable])[];
  readonly arguments: readonly (readonly [string, number, LeafSpec])[];
  readonly results: readonly Result[];
  readonly tree: unknown;
  readonly origins: ReadonlyMap<string, Origin>;
}

function hostData(leaf: tf.Tensor | NdArray): HostData {
  const data = isNdArray(leaf) ? leaf.data : typedValues(leaf.dataSync(), leaf.dtype as ValueType);
  // The engine takes no memory that threads share.
  return data.buffer instanceof SharedArrayBuffer ? (data.slice() as HostData) : data;
}

function replaceValues(tree: unknown, visit: (value: Value) => unknown): unknown {
  if (tree instanceof RecordedTensor) return visit(tree.value);
  return mapTree(tree, (item) => replaceValues(item, visit));
}

function fillPlaces(tree: unknown, tensors: readonly tf.Tensor[]): unknown {
  if (tree instanceof ResultPlace) return tensors[tree.index];
  return mapTree(tree, (item) => fillPlaces(item, tensors));
}

function mapTree(tree: unknown, visit: (item: unknown) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map(visit);
  if (typeof tree === 'object' && tree !== null && Object.getPrototypeOf(tree) === Object.prototype) {
    return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, visit(item)]));
  }
  return tree;
}
