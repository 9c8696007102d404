import * as tf from '@tensorflow/tfjs-core';
import { type HostValues, SymbolicTensor } from '../backend/stored-tensor.js';
import { ownerOf, rebind } from '../backend/data-ownership.js';
import { typedValues } from '../backend/typed-values.js';
import { backendName, type SslBackend } from '../backend/ssl-backend.js';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import { Builder, type Target } from '../graph/builder.js';
import { filledData, Graph } from '../graph/graph.js';
import type { Value, ValueType } from '../graph/value.js';
import { withTrace } from './active-trace.js';
import type { KernelCall } from '../profile/trace-kernels.js';
import { noteOrigins, type OriginOptions } from './note-origins.js';
import type { HostCall } from './partition.js';
import { mapTensors } from './tensor-tree.js';
import { Trace } from './trace.js';
import { namingUnknownKernels } from './unknown-kernel.js';
import { userLine } from './user-line.js';
import { noteMoved } from './variable-watch.js';

/** Shape and type of one tensor argument. */
export interface LeafSpec {
  readonly shape: readonly number[];
  readonly type: ValueType;
}

/** Stands for a tensor in a recorded result. */
export class RecordedTensor {
  constructor(readonly value: Value) {}
}

/** What one run of the function recorded. */
export interface Recording<R> {
  readonly trace: Trace;
  /** The function's result with RecordedTensors in place of tensors. */
  readonly result: unknown;
  readonly assigned: ReadonlyMap<tf.Variable, Value>;
  /** Variables made inside the function, with their first values. */
  readonly created: ReadonlyMap<tf.Variable, Value>;
  /** Host calls that are to run, in their order. */
  readonly hostCalls: readonly HostCall[];
  readonly resultType?: R;
}

const randomnessRefusal = (): never => {
  throw new UnsupportedOpError(
    'host randomness (Math.random)',
    'would be drawn once, while tracing, and then be the same in every step',
    'Pass a random key into the compiled function and use randomUniform(key, shape) or dropout(x, rate, key); keyedDropout(model) does it for a tf.layers model',
    userLine(),
  );
};

/**
 * Gives a variable that shares its data with another tensor (a clone, the tensor it was made of) data of its own: while
 * a trace runs, a variable is known by its data.
 */
function separate(variable: tf.Variable, backend: SslBackend): void {
  const owner = ownerOf(variable.dataId);
  if (owner === undefined || owner.refCount(variable.dataId) <= 1) return;
  const values = typedValues(owner.readSync(variable.dataId), variable.dtype as ValueType).slice() as HostValues;
  const before = variable.dataId;
  rebind(variable, backend.adopt({ dtype: variable.dtype, values, refCount: 0 }), backend);
  noteMoved(before, variable.dataId);
}

/**
 * Runs `fn` once on the recording backend. Variables that it assigns have their old values again afterwards, TF.js's
 * current backend is what it was, and no tensor is left over.
 */
export function recordFunction<R>(
  backend: SslBackend,
  device: Target,
  leaves: readonly LeafSpec[],
  run: (tensors: readonly tf.Tensor[]) => R,
  origins?: OriginOptions,
  onCall?: (call: KernelCall) => void,
): Recording<R> {
  const engine = tf.engine();
  const outer = engine.backendName;
  const variables = Object.values(engine.registeredVariables);
  for (const variable of variables) separate(variable, backend);
  const before = new Map(variables.map((variable) => [variable, variable.dataId]));
  // A reference of our own keeps the old value through an assignment.
  for (const dataId of before.values()) ownerOf(dataId)?.incRef(dataId);
  void engine.setBackend(backendName);
  const trace = new Trace(backend, new Builder(new Graph(), device), variables);
  trace.onCall = onCall;
  const created = new Map<tf.Variable, Value>();
  const makeVariable = engine.makeVariable.bind(engine);
  engine.makeVariable = (initialValue, trainable, name, dtype) => {
    const variable = makeVariable(initialValue, trainable, name, dtype);
    created.set(variable, trace.valueOf(initialValue));
    return variable;
  };
  const forgetOrigins = origins === undefined ? undefined : noteOrigins(trace, origins);
  const random = Math.random;
  Math.random = randomnessRefusal;
  engine.startScope('compile');
  try {
    return withTrace(trace, () => {
      const tensors = leaves.map((leaf, index) => trace.input(`a${index}`, leaf.shape, leaf.type));
      const returned = namingUnknownKernels(() => run(tensors));
      if (returned instanceof Promise) {
        returned.catch(() => undefined);
        throw new UnsupportedOpError(
          'an async function',
          'cannot be compiled',
          'Make the function synchronous and await the compiled call',
          userLine(),
        );
      }
      const result = mapTensors(returned, (tensor) => new RecordedTensor(trace.valueOf(tensor)));
      const assigned = new Map<tf.Variable, Value>();
      for (const variable of variables) {
        if (variable.isDisposed || variable.dataId === before.get(variable)) continue;
        const value = trace.valueOf(variable);
        if (value !== trace.states.get(variable)) assigned.set(variable, value);
      }
      return { trace, result, assigned, created, hostCalls: trace.hostCalls };
    });
  } finally {
    forgetOrigins?.();
    Math.random = random;
    engine.makeVariable = makeVariable;
    for (const [variable, dataId] of before) {
      if (!variable.isDisposed && variable.dataId !== dataId) {
        backend.entry(dataId);
        rebind(variable, dataId, backend);
      }
      ownerOf(dataId)?.disposeData(dataId);
    }
    for (const [variable, first] of created) {
      if (variable.isDisposed || !(backend.entry(variable.dataId) instanceof SymbolicTensor)) continue;
      const type = variable.dtype as ValueType;
      const values = (Graph.contents(first) ?? filledData(type, variable.size, 0)).slice() as HostValues;
      rebind(variable, backend.adopt({ dtype: variable.dtype, values, refCount: 0 }), backend);
    }
    engine.endScope();
    if (outer !== undefined && outer !== '' && outer !== backendName) void engine.setBackend(outer);
  }
}
