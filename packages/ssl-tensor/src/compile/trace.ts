import * as tf from '@tensorflow/tfjs-core';
import { ownerOf } from '../backend/data-ownership.js';
import { type StoredTensor, SymbolicTensor } from '../backend/stored-tensor.js';
import { typedValues } from '../backend/typed-values.js';
import type { SslBackend } from '../backend/ssl-backend.js';
import { SslError, UnsupportedOpError } from '@selfsup/ssl-core';
import type { blockwise } from '../graph/blockwise.js';
import type { Builder } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { sameShape, sizeOf, type Value, type ValueType } from '../graph/value.js';
import { holdBack } from '../graph/hold-back.js';
import { loweringTable, refusalTable } from '../lowering/lowering-table.js';
import { checkOperandTypes } from '../lowering/operand-types.js';
import { withTrace } from './active-trace.js';
import type { HostFunctionCall } from './host-function.js';
import type { KernelCall } from '../profile/trace-kernels.js';
import type { HostCall } from './partition.js';
import { userLine } from './user-line.js';

/** Constants up to this size that meet only constants are computed at once instead of recorded. */
const foldLimit = 65_536;

type NamedInputs = Readonly<Record<string, tf.TensorInfo | readonly tf.TensorInfo[] | undefined>>;

const outsideChain = (what: string): UnsupportedOpError =>
  new UnsupportedOpError(what, 'made outside a blockwise chain is used in it', 'Pass it as an operand', userLine());

const unsupportedKernel = (kernel: string): UnsupportedOpError => {
  const { reason, wayOut } = refusalTable.get(kernel) ?? {
    reason: 'is not a kernel that compile() knows',
    wayOut: 'Compute it outside the compiled function and pass the result in, or build it from other ops',
  };
  return new UnsupportedOpError(kernel, reason, wayOut, userLine());
};

/** Records the kernels of one run of a function as a graph. */
export class Trace {
  readonly graph: Graph;
  readonly builder: Builder;
  /** Variables that were read, with the graph input that stands for their value. */
  readonly states = new Map<tf.Variable, Value>();
  /** In the order in which they run. */
  readonly hostCalls: HostCall[] = [];
  /** Called with the name of every kernel before it is lowered. */
  onKernel: ((kernel: string) => void) | undefined;
  /** Called with every kernel after it is lowered. */
  onCall: ((call: KernelCall) => void) | undefined;
  readonly #backend: SslBackend;
  readonly #variables = new Map<tf.DataId, tf.Variable>();
  readonly #constants = new Map<tf.DataId, Map<string, Value>>();

  constructor(backend: SslBackend, builder: Builder, variables: Iterable<tf.Variable>) {
    this.#backend = backend;
    this.builder = builder;
    this.graph = builder.graph;
    for (const variable of variables) this.#variables.set(variable.dataId, variable);
  }

  /** A tensor that stands for a graph input; a `uint8` or `int64` input arrives as int32. */
  input(name: string, shape: readonly number[], type: ValueType): tf.Tensor {
    const value = this.graph.input(name, shape, type);
    return this.#tensor(type === 'uint8' || type === 'int64' ? this.builder.cast(value, 'int32') : value);
  }

  /** Records a chain of elementwise kernels by {@link blockwise} or {@link channelSums}. */
  inBlocks(
    lower: typeof blockwise,
    operands: readonly tf.Tensor[],
    chain: (operands: readonly tf.Tensor[]) => readonly tf.Tensor[],
  ): readonly tf.Tensor[] {
    const values = operands.map((operand) => this.valueOf(operand));
    this.onKernel?.('blockwise');
    const results = lower(this.builder, values, (builder, parts) => {
      const body = builder === this.builder ? this : new Trace(this.#backend, builder, this.#variables.values());
      return withTrace(body, () =>
        chain(parts.map((part) => body.#tensor(part))).map((tensor) => body.valueOf(tensor)),
      );
    });
    return results.map((value) => this.#tensor(value));
  }

  /** Records that the host computes something here at each run. */
  hostCall(inputs: readonly tf.Tensor[], call: HostFunctionCall, channel: object): tf.Tensor[] {
    if (this.graph.prefix !== '')
      throw new UnsupportedOpError(
        `hostCall '${call.name}'`,
        'cannot be part of a blockwise chain',
        'Call it outside',
        userLine(),
      );
    const values = inputs.map((input) => this.valueOf(input));
    const specs = call.outputs.map(({ shape, dtype }) => ({ shape, type: dtype }));
    // The number keeps calls of the same function on the same values apart.
    const number = this.hostCalls.length;
    this.onKernel?.('hostCall');
    const results = this.graph.nodes('HostCall', values, specs, { number }, 'ssl.host');
    this.hostCalls.push({ ...call, inputs: values, results, channel });
    return results.map((value) => this.#tensor(value));
  }

  /**
   * The tensors' values again, which however are there only when the signals are: what is computed of them is not what was
   * computed of the tensors before, neither for the graph nor for the runtime, and cannot be computed earlier. Constants and
   * variables stay the tensors that they are, variables unless there is nothing else.
   */
  after(signals: readonly tf.Tensor[], tensors: readonly tf.Tensor[]): tf.Tensor[] {
    this.onKernel?.('checkpoint');
    const isComputed = ({ constant, splat }: Value): boolean => constant === undefined && splat === undefined;
    const values = tensors.map((tensor) => this.valueOf(tensor));
    const times = signals.map((signal) => this.valueOf(signal)).filter(isComputed);
    if (times.length === 0) return [...tensors];
    const states = new Set(this.states.values());
    const computed = values.filter(isComputed);
    const moving = computed.filter((value) => !states.has(value));
    const held = new Set(moving.length > 0 ? moving : computed);
    return values.map((value, index) =>
      held.has(value) ? this.#tensor(holdBack(this.builder, value, times)) : tensors[index]!,
    );
  }

  /** Lowers one kernel call; called by the backend in place of computing it. */
  record(
    kernel: string,
    inputs: tf.NamedTensorInfoMap,
    attributes: Readonly<Record<string, unknown>>,
    eager: (() => tf.TensorInfo | tf.TensorInfo[]) | undefined,
  ): tf.TensorInfo | tf.TensorInfo[] {
    const operands = Object.entries(inputs as NamedInputs).filter(
      (entry): entry is [string, tf.TensorInfo] => entry[1] !== undefined && entry[1] !== null,
    );
    if (eager !== undefined && operands.length > 0 && this.#foldable(operands)) return eager();
    const rule = loweringTable.get(kernel);
    if (rule === undefined) throw unsupportedKernel(kernel);
    const values = Object.fromEntries(operands.map(([name, tensor]) => [name, this.valueOf(tensor)]));
    checkOperandTypes(kernel, values, userLine);
    this.onKernel?.(kernel);
    let outputs: Value | readonly Value[];
    try {
      outputs = rule(this.builder, values, attributes);
    } catch (error) {
      if (SslError.isInstance(error)) throw error;
      throw new UnsupportedOpError(
        kernel,
        `could not be lowered: ${(error as Error).message}`,
        'This is a defect of the lowering rule: please report it with the shapes used',
        userLine(),
      );
    }
    const shapeOf = ({ shape }: Value): readonly number[] => shape;
    this.onCall?.({
      kernel,
      inputs: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.shape])),
      outputs: Array.isArray(outputs) ? outputs.map(shapeOf) : [shapeOf(outputs as Value)],
      attributes,
    });
    return Array.isArray(outputs) ? outputs.map((output: Value) => this.#info(output)) : this.#info(outputs as Value);
  }

  /** The graph value of a tensor: a symbol, a variable's state, or a constant captured from outside. */
  valueOf(tensor: tf.TensorInfo): Value {
    const value = this.#lookup(tensor);
    return sameShape(value.shape, tensor.shape) ? value : this.builder.reshape(value, tensor.shape);
  }

  #lookup(tensor: tf.TensorInfo): Value {
    const variable = this.#variables.get(tensor.dataId);
    if (variable !== undefined) {
      if (this.graph.prefix !== '') throw outsideChain(`variable '${variable.name}'`);
      let state = this.states.get(variable);
      if (state === undefined) {
        state = this.graph.input(`s${this.states.size}`, variable.shape, variable.dtype as ValueType);
        this.states.set(variable, state);
      }
      return state;
    }
    const entry = this.#entry(tensor);
    if (entry instanceof SymbolicTensor) {
      if (!this.graph.owns(entry.value)) throw outsideChain('a tensor');
      return entry.value;
    }
    // TF.js casts without a copy where nothing is lost: one entry then stands for tensors of two types.
    const byType = this.#constants.get(tensor.dataId) ?? new Map<string, Value>();
    this.#constants.set(tensor.dataId, byType);
    let constant = byType.get(tensor.dtype);
    if (constant === undefined) {
      if (tensor.dtype === 'string' || tensor.dtype === 'complex64') {
        throw new UnsupportedOpError(
          `a ${tensor.dtype} tensor`,
          'cannot be part of a compiled step',
          'Use float32, int32 or bool tensors',
          userLine(),
        );
      }
      const type = tensor.dtype as ValueType;
      constant = this.graph.constant(typedValues(entry.values, type), tensor.shape, type);
      byType.set(tensor.dtype, constant);
    }
    return constant;
  }

  /** What a tensor holds. A variable that is disposed of may still hold something, but is no state any more. */
  #entry(tensor: tf.TensorInfo): StoredTensor {
    const isVariable = tensor instanceof tf.Variable;
    if (isVariable ? tensor.isDisposed : ownerOf(tensor.dataId) === undefined)
      throw new UnsupportedOpError(
        isVariable ? `variable '${tensor.name}'` : `a tensor of shape [${tensor.shape.join(', ')}]`,
        'was disposed of before the call that uses it was traced',
        'Keep it until that call has ended; in tf.tidy, tf.keep does so',
        userLine(),
      );
    return this.#backend.entry(tensor.dataId);
  }

  #foldable(operands: readonly [string, tf.TensorInfo][]): boolean {
    let size = 0;
    for (const [, tensor] of operands) {
      if (this.#variables.has(tensor.dataId)) return false;
      if (this.#entry(tensor) instanceof SymbolicTensor) return false;
      size += sizeOf(tensor.shape);
    }
    return size <= foldLimit;
  }

  #info(value: Value): tf.TensorInfo {
    const dtype = value.type as 'float32' | 'int32' | 'bool';
    return { dataId: this.#backend.adopt(new SymbolicTensor(dtype, value)), shape: [...value.shape], dtype };
  }

  #tensor(value: Value): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.#info(value), this.#backend);
  }
}
