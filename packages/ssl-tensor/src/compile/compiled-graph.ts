import * as tf from '@tensorflow/tfjs-core';
import { residentOf } from '../backend/fetched.js';
import { ResidentTensor, type HostValues } from '../backend/stored-tensor.js';
import { rebind } from '../backend/data-ownership.js';
import { typedValues } from '../backend/typed-values.js';
import type { SslBackend } from '../backend/ssl-backend.js';
import type { Engine, EngineSession, EngineTensor } from '../engine/engine.js';
import { DataError, isNdArray, type NdArray, type NdData, UnsupportedOpError } from '@selfsup/ssl-core';
import { type EncodedModel, encodeModel } from '../graph/encode-model.js';
import { Graph, type Origin } from '../graph/graph.js';
import { type HostData, sameShape, type Value, type ValueType } from '../graph/value.js';
import type { Claim, Turn } from './call-queue.js';
import type { CompileOptions } from './compiled-types.js';
import { callHost } from './host-function.js';
import { memoryOf } from './memory-of.js';
import { type HostCall, partition, type Segment } from './partition.js';
import { fillPlaces, replaceValues, ResultPlace } from './result-tree.js';
import type { LeafSpec, Recording } from './run-trace.js';
import { noteWritten } from './variable-watch.js';

interface Result {
  readonly name: string;
  readonly value: Value;
}

/** A segment that is ready to run. */
interface Stage {
  /** Absent where there is nothing to compute. */
  readonly session: EngineSession | undefined;
  /** Names of the session's inputs. */
  readonly inputs: readonly string[];
  /** Outputs for later stages that the host does not see: their buffers are reused from run to run. */
  readonly passed: readonly Value[];
  /** Outputs that the host sees, or that leave the step: made anew by every run. */
  readonly given: readonly (readonly [name: string, value: Value])[];
  readonly call: HostCall | undefined;
  readonly expired: readonly string[];
}

/** A recorded function as loaded models, bound to the variables it reads and assigns. */
export class CompiledGraph {
  readonly #engine: Engine;
  readonly #backend: SslBackend;
  readonly #parts: Parts;
  readonly #passed = new Map<string, EngineTensor>();

  private constructor(engine: Engine, backend: SslBackend, parts: Parts) {
    this.#engine = engine;
    this.#backend = backend;
    this.#parts = parts;
  }

  /** Origins by the node's name in profiles, where the recording noted them. */
  get origins(): ReadonlyMap<string, Origin> {
    return this.#parts.origins;
  }

  /** What a run uses. */
  get claim(): Claim {
    return this.#parts.claim;
  }

  /**
   * Encodes a recording and loads it into the engine.
   *
   * @param onTrace told of the memory before any is taken
   */
  static async load(
    engine: Engine,
    backend: SslBackend,
    recording: Recording<unknown>,
    specs: readonly LeafSpec[],
    onTrace?: CompileOptions['onTrace'],
  ): Promise<CompiledGraph> {
    const { trace, hostCalls } = recording;
    const outputs = new Map<string, Value>();
    const assigned = [...recording.assigned].map(([variable, value], index) => {
      const written = beforeReshape(value);
      outputs.set(`n${index}`, written);
      return [`n${index}`, variable, written.shape] as const;
    });
    const results: Result[] = [];
    const tree = replaceValues(recording.result, (value) => {
      const name = `r${results.length}`;
      outputs.set(name, beforeReshape(value));
      results.push({ name, value });
      return new ResultPlace(results.length - 1);
    });
    if (outputs.size === 0 && hostCalls.length === 0) {
      throw new UnsupportedOpError(
        'a function without effect',
        'neither returns a tensor, nor assigns a variable, nor calls the host',
        'Return the loss, or assign variables inside the function',
      );
    }
    const segments = partition(trace.graph, hostCalls, outputs);
    onTrace?.(memoryOf(recording, { segments, specs, results: results.map(({ value }) => value) }));
    const origins = new Map<string, Origin>();
    const used = new Set<Value>(hostCalls.flatMap(({ inputs }) => inputs));
    const stages: Stage[] = [];
    for (const [index, segment] of segments.entries()) {
      const model = encodeModel(segment.graph, segment.outputs, segments.length === 1 ? 'step' : `segment${index}`);
      model.origins.forEach((origin, node) => origins.set(node, origin));
      for (const input of model.inputs) used.add(input);
      stages.push(await load(engine, segment, model, hostCalls));
    }
    const states = [...trace.states]
      .filter(([, value]) => used.has(value))
      .map(([variable, value]) => [value.name, variable] as const);
    const names = new Set([...used].map(({ name }) => name));
    const args = specs.flatMap((spec, index) => (names.has(`a${index}`) ? [[`a${index}`, index, spec] as const] : []));
    const claim = claimOf(recording);
    return new CompiledGraph(engine, backend, {
      stages,
      states,
      assigned,
      arguments: args,
      results,
      tree,
      origins,
      claim,
    });
  }

  /**
   * Runs once on these arguments; variables have their new values when the promise resolves, all at once.
   *
   * @param aside lets other calls run while the host does
   * @param check throws where the variables must not be assigned
   */
  async run(
    leaves: readonly (tf.Tensor | NdArray)[],
    aside: Turn['aside'],
    check: () => void = () => undefined,
  ): Promise<unknown> {
    const { stages, states, assigned, results, tree } = this.#parts;
    const values = new Map<string, EngineTensor>();
    /** Tensors of this run alone: arguments, and what sessions make. Results leave it. */
    const temporary = new Set<EngineTensor>();
    try {
      const pending = this.#fetchOthers(leaves);
      if (pending !== undefined) await pending;
      for (const [name, index, spec] of this.#parts.arguments)
        this.#feed(name, leaves[index]!, spec, values, temporary);
      for (const [name, variable] of states) values.set(name, this.#resident(variable).current);
      for (const { call, expired, ...stage } of stages.slice(0, -1)) {
        await this.#compute(stage, values, temporary, []);
        await this.#callHost(call!, values, temporary, aside);
        for (const name of expired) {
          const tensor = values.get(name);
          values.delete(name);
          if (tensor !== undefined && temporary.delete(tensor)) this.#engine.free(tensor);
        }
      }
      check();
      const written: ResidentTensor[] = [];
      const spares = assigned.map(([name, variable, writtenShape]): [string, EngineTensor] => {
        const resident = this.#own(variable);
        written.push(resident);
        const { dtype, shape } = variable;
        const spare = resident.spare(() => this.#engine.allocate(dtype as ValueType, shape));
        return [name, sameShape(shape, writtenShape) ? spare : this.#engine.view(spare, writtenShape)];
      });
      await this.#compute(stages.at(-1)!, values, temporary, spares);
      check();
      for (const resident of written) resident.swap();
      const tensors = results.map(({ name, value }) => this.#result(values.get(name)!, value, temporary));
      return fillPlaces(tree, tensors);
    } finally {
      for (const tensor of temporary) this.#engine.free(tensor);
    }
  }

  async release(): Promise<void> {
    for (const buffer of this.#passed.values()) this.#engine.free(buffer);
    this.#passed.clear();
    for (const { session } of this.#parts.stages) await session?.release();
  }

  /** Runs a stage's session on the values it needs and adds what it makes to them. */
  async #compute(
    { session, inputs, passed, given }: Pick<Stage, 'session' | 'inputs' | 'passed' | 'given'>,
    values: Map<string, EngineTensor>,
    temporary: Set<EngineTensor>,
    spares: readonly (readonly [string, EngineTensor])[],
  ): Promise<void> {
    if (session === undefined) return;
    const into: (readonly [string, EngineTensor])[] = [
      ...given.map(([name, value]) => [name, this.#make(value, temporary)] as const),
      ...passed.map((value) => [value.name, this.#buffer(value)] as const),
      ...spares,
    ];
    const feeds = Object.fromEntries(inputs.map((name) => [name, values.get(name)!]));
    await session.run(feeds, Object.fromEntries(into)).catch((cause: Error) => {
      throw new DataError(
        `compile(): the step failed while running: ${cause.message}. The usual cause is an index outside the tensor that it points into`,
        { cause },
      );
    });
    for (const [name, tensor] of into) values.set(name, tensor);
  }

  async #callHost(
    call: HostCall,
    values: Map<string, EngineTensor>,
    temporary: Set<EngineTensor>,
    aside: Turn['aside'],
  ): Promise<void> {
    const inputs: NdArray[] = [];
    for (const value of call.inputs) {
      const { producer, shape } = value;
      const tensor = values.get(value.name)!;
      const data = Graph.contents(value) ?? this.#engine.mapped(tensor) ?? (await this.#engine.read(tensor));
      // State and arguments are written again later; what a session made for the host is the host's.
      inputs.push({ data: (producer === undefined ? (data as NdData).slice() : data) as NdData, shape });
    }
    const pending = callHost(call, inputs);
    const results = pending instanceof Promise ? await aside(() => pending) : pending;
    call.results.forEach(({ name, type, shape }, index) => {
      values.set(name, this.#upload(type, results[index]!.data as HostData, shape, temporary));
    });
  }

  /** The buffer of a value that passes from stage to stage, made at its first use. */
  #buffer(value: Value): EngineTensor {
    let buffer = this.#passed.get(value.name);
    if (buffer === undefined) {
      buffer = this.#engine.allocate(value.type, value.shape);
      this.#passed.set(value.name, buffer);
    }
    return buffer;
  }

  /** Memory for a value of this run. */
  #make({ type, shape }: Pick<Value, 'type' | 'shape'>, temporary: Set<EngineTensor>): EngineTensor {
    const tensor = this.#engine.allocate(type, shape);
    temporary.add(tensor);
    return tensor;
  }

  #upload(type: ValueType, data: HostData, shape: readonly number[], temporary: Set<EngineTensor>): EngineTensor {
    const tensor = this.#engine.upload(type, data, shape);
    temporary.add(tensor);
    return tensor;
  }

  /** An argument's value in the engine: uploaded, unless it lies there. */
  #feed(
    name: string,
    leaf: tf.Tensor | NdArray,
    { type, shape }: LeafSpec,
    values: Map<string, EngineTensor>,
    temporary: Set<EngineTensor>,
  ): void {
    const resident = isNdArray(leaf) ? undefined : residentOf(this.#backend, leaf);
    const isThere = resident !== undefined && resident.engine.memory === this.#engine.memory;
    values.set(
      name,
      isThere ? this.#engine.view(resident.current, shape) : this.#upload(type, hostData(leaf), shape, temporary),
    );
  }

  /** A run's result as a tensor of TF.js, which reads host memory at once and has device memory fetched. */
  #result(made: EngineTensor, { type, shape: resultShape }: Value, temporary: Set<EngineTensor>): tf.Tensor {
    const dtype = type as tf.DataType;
    const shape = [...resultShape];
    const mapped = this.#engine.mapped(made);
    if (mapped === undefined) temporary.delete(made);
    const dataId =
      mapped === undefined
        ? this.#backend.adopt(new ResidentTensor(dtype, this.#engine, made, 1))
        : this.#backend.write(mapped as HostValues, shape, dtype);
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, this.#backend);
  }

  /** Fetches what the run has to have on the host: state of another memory, and what it will copy there. */
  #fetchOthers(leaves: readonly (tf.Tensor | NdArray)[]): Promise<unknown> | undefined {
    const pending: Promise<void>[] = [];
    const fetch = (tensor: tf.Tensor, isCopied: boolean): void => {
      const resident = residentOf(this.#backend, tensor);
      if (resident === undefined || (resident.engine.memory === this.#engine.memory && !isCopied)) return;
      const fetching = resident.fetch();
      if (fetching !== undefined) pending.push(fetching);
    };
    for (const leaf of leaves) if (!isNdArray(leaf)) fetch(leaf, false);
    for (const [, variable] of this.#parts.states) fetch(variable, false);
    for (const [, variable] of this.#parts.assigned)
      fetch(variable, (residentOf(this.#backend, variable)?.refCount ?? 0) > 1);
    return pending.length === 0 ? undefined : Promise.all(pending);
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
    if (stored instanceof ResidentTensor && stored.engine.memory === this.#engine.memory) return stored;
    const type = variable.dtype as ValueType;
    // A copy: the array may be the caller's, and later runs write it.
    const data = typedValues(this.#backend.readSync(variable.dataId), type).slice() as HostData;
    const uploaded = this.#engine.upload(type, data, variable.shape);
    const resident = new ResidentTensor(variable.dtype, this.#engine, uploaded, stored.refCount);
    this.#backend.store(variable.dataId, resident);
    if (stored instanceof ResidentTensor) stored.free();
    return resident;
  }

  /** As {@link #resident}, but never shared with another tensor, whose value must not change. */
  #own(variable: tf.Variable): ResidentTensor {
    const resident = this.#resident(variable);
    if (resident.refCount <= 1) return resident;
    const type = variable.dtype as ValueType;
    const copy = this.#engine.upload(type, resident.values, variable.shape);
    const own = new ResidentTensor(variable.dtype, this.#engine, copy, 0);
    const dataId = this.#backend.adopt(own);
    rebind(variable, dataId, this.#backend);
    noteWritten(dataId);
    return own;
  }
}

interface Parts {
  readonly stages: readonly Stage[];
  readonly states: readonly (readonly [string, tf.Variable])[];
  /** Output, variable, and the shape in which the graph writes it. */
  readonly assigned: readonly (readonly [string, tf.Variable, readonly number[]])[];
  readonly arguments: readonly (readonly [string, number, LeafSpec])[];
  readonly results: readonly Result[];
  readonly tree: unknown;
  readonly origins: ReadonlyMap<string, Origin>;
  readonly claim: Claim;
}

/** What the run of a recording uses: the variables and the channels of its host calls. */
export function claimOf({ trace, assigned, created, hostCalls }: Recording<unknown>): Claim {
  const channels = hostCalls.map(({ channel }) => channel);
  return {
    reads: new Set<object>(trace.states.keys()),
    writes: new Set<object>([...assigned.keys(), ...created.keys(), ...channels]),
  };
}

async function load(
  engine: Engine,
  { outputs, call, expired }: Segment,
  model: EncodedModel,
  hostCalls: readonly HostCall[],
): Promise<Stage> {
  const session =
    outputs.size === 0
      ? undefined
      : await engine.load(model.bytes, model.inputs).catch((error: Error) => {
          throw new UnsupportedOpError(
            'the recorded graph',
            `was refused by the engine: ${error.message}`,
            'This is a defect of a lowering rule: please report it with the shapes used',
          );
        });
  const seen = new Set(hostCalls.flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  const isPassed = (name: string): boolean => call !== undefined && !seen.has(name);
  return {
    session,
    inputs: model.inputs.map(({ name }) => name),
    passed: [...outputs].filter(([name]) => isPassed(name)).map(([, value]) => value),
    given:
      call === undefined
        ? [...outputs].filter(([name]) => name.startsWith('r'))
        : [...outputs].filter(([name]) => !isPassed(name)),
    call,
    expired,
  };
}

/**
 * What an output is made of: only the elements are written, so a change of shape alone is left to the reader. As an
 * output, its result would be a copy.
 */
function beforeReshape(value: Value): Value {
  const { producer } = value;
  const source = producer?.op === 'Reshape' ? producer.inputs[0] : undefined;
  return source?.producer === undefined ? value : beforeReshape(source);
}

function hostData(leaf: tf.Tensor | NdArray): HostData {
  return isNdArray(leaf) ? leaf.data : typedValues(leaf.dataSync(), leaf.dtype as ValueType);
}
