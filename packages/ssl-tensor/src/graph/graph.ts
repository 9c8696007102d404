import type { HostData, Value, ValueType } from './value.js';
import { sizeOf } from './value.js';

/** A graph inside a node, such as the body of a loop: sees nothing of the graph around it but what its inputs stand for. */
export interface Subgraph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Equal for bodies that compute the same. */
  readonly key: string;
}

/** Values of ONNX attributes: integers are numbers or arrays of them, floats and graphs are wrapped to tell them apart. */
export type Attribute = number | readonly number[] | string | { readonly float: number } | { readonly body: Subgraph };

/** One ONNX node. */
export interface GraphNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: Value[];
  /** Where it comes from, if the graph notes that. */
  readonly origin?: Origin;
}

/** What a node was recorded for. */
export interface Origin {
  /** Kernel of TF.js, or of our own. */
  readonly kernel: string;
  /** The user's line, 'file:line:column'. */
  readonly line: string;
  /** True for what computes the gradient of that line. */
  readonly backward: boolean;
}

/** What a node's output is: shape and element type. */
export interface OutputSpec {
  readonly shape: readonly number[];
  readonly type: ValueType;
}

const hostArrays = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint32: Uint32Array,
  float16: Uint16Array,
} as const;

/** A constant's contents with `fill` in every element. */
export function filledData(type: ValueType, size: number, fill: number): HostData {
  const data = type === 'int64' ? new BigInt64Array(size) : new hostArrays[type](size);
  // New arrays are zero; writing it would touch all of their memory.
  if (Object.is(fill, 0)) return data;
  return data instanceof BigInt64Array ? data.fill(BigInt(fill)) : data.fill(fill);
}

/** As text that keeps the sign of zero. */
const written = (value: number | bigint): string => (Object.is(value, -0) ? '-0' : String(value));

/** Bodies stand for themselves by their key. */
const keyOfBody = (name: string, value: unknown): unknown => (name === 'body' ? (value as Subgraph).key : value);

/**
 * An ONNX graph under construction. Nodes are hash-consed: the same op on the same inputs with the same attributes is
 * one node, so common subexpressions never arise.
 */
export class Graph {
  readonly inputs: Value[] = [];
  /** Origin of the nodes that are added from now on. */
  origin: Origin | undefined;
  readonly #byKey = new Map<string, GraphNode>();
  readonly #constants = new Map<string, Value>();
  #next = 0;

  /** @param prefix `body_` for the body of a node, whose names must not be those of the graph around it */
  constructor(readonly prefix: '' | 'body_' = '') {}

  /** Declares a graph input. */
  input(name: string, shape: readonly number[], type: ValueType): Value {
    const value: Value = { name, shape: [...shape], type };
    this.inputs.push(value);
    return value;
  }

  /** A constant from host data; equal small constants are one value, and a constant of equal elements is a splat. */
  constant(data: HostData, shape: readonly number[], type: ValueType): Value {
    if (type !== 'int64' && type !== 'float16' && data.length > 0) {
      const first = Number(data[0]);
      if ((data as Float32Array).every((element) => Object.is(element, first))) return this.splat(first, shape, type);
    }
    if (data.length > 256) return this.#large(data, shape, type);
    const key = `${type}:${shape.join(',')}:${Array.from(data, written).join(',')}`;
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = { name: this.#name('c'), shape: [...shape], type, constant: data.slice() as HostData };
      this.#constants.set(key, value);
    }
    return value;
  }

  /** A constant whose elements are all `number`; int32 takes it modulo 2^32, and 0 for NaN, as JavaScript does. */
  splat(number: number, shape: readonly number[], type: ValueType): Value {
    const fill = type === 'int32' ? number | 0 : number;
    const key = `splat:${type}:${shape.join(',')}:${written(fill)}`;
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = { name: this.#name('c'), shape: [...shape], type, splat: fill };
      this.#constants.set(key, value);
    }
    return value;
  }

  /** A rank-0 constant. */
  scalar(fill: number, type: ValueType = 'float32'): Value {
    return this.splat(fill, [], type);
  }

  /** A 1-D int64 constant, as ONNX wants for shapes, axes and pads. */
  int64(numbers: readonly number[]): Value {
    return this.constant(BigInt64Array.from(numbers.map(BigInt)), [numbers.length], 'int64');
  }

  /** Adds a node with one output, or returns the equal one that is there. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    output: OutputSpec,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    return this.nodes(op, inputs, [output], attributes, domain)[0]!;
  }

  /** Adds a node with several outputs, or returns those of the equal one that is there. */
  nodes(
    op: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly OutputSpec[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): readonly Value[] {
    const key = `${domain}.${op}(${inputs
      .map((input) => input?.name ?? '')
      .join(',')})${JSON.stringify(attributes, keyOfBody)}#${outputs.length}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known.outputs;
    const node: GraphNode = {
      op,
      domain,
      inputs,
      attributes,
      outputs: [],
      ...(this.origin === undefined ? {} : { origin: this.origin }),
    };
    for (const output of outputs) {
      node.outputs.push({ name: this.#name('t'), shape: [...output.shape], type: output.type, producer: node });
    }
    this.#byKey.set(key, node);
    return node.outputs;
  }

  /** True for a value of this graph rather than of the one around it, or of a body of it. */
  owns(value: Value): boolean {
    return value.name.startsWith('body_') === (this.prefix !== '');
  }

  /** This graph as the body of a node of another. */
  asBody(outputs: readonly Value[]): Subgraph {
    const constants = [...this.#constants].map(([key, { name }]) => `${name}=${key}`);
    const names = (values: readonly Value[]): string =>
      values.map(({ name, shape, type }) => `${name}:${type}[${shape.join(',')}]`).join();
    const key = [names(this.inputs), ...constants, ...this.#byKey.keys(), names(outputs)].join(';');
    return { inputs: this.inputs, outputs, key };
  }

  /** Contents of a constant in full, or undefined for a value that is computed. */
  static contents(value: Value): HostData | undefined {
    if (value.constant !== undefined) return value.constant;
    return value.splat === undefined ? undefined : filledData(value.type, sizeOf(value.shape), value.splat);
  }

  /** Large constants are found again by a checksum and compared in full. */
  #large(data: HostData, shape: readonly number[], type: ValueType): Value {
    let sum = data.length;
    const words = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let i = 0; i < words.length; i += 7) sum = (Math.imul(sum, 31) + words[i]!) | 0;
    const key = `large:${type}:${shape.join(',')}:${sum}`;
    const known = this.#constants.get(key);
    if (
      known?.constant !== undefined &&
      Buffer.compare(
        words,
        new Uint8Array(known.constant.buffer, known.constant.byteOffset, known.constant.byteLength),
      ) === 0
    )
      return known;
    const value: Value = { name: this.#name('c'), shape: [...shape], type, constant: data };
    if (known === undefined) this.#constants.set(key, value);
    return value;
  }

  #name(prefix: string): string {
    return `${this.prefix}${prefix}${this.#next++}`;
  }
}
