import type { GraphNode } from './graph.js';

/** Element types of graph values, named as ONNX Runtime names them. */
export type ValueType = 'float32' | 'int32' | 'bool' | 'int64' | 'uint8' | 'uint32' | 'float16';

/** Host arrays that hold constants and state. */
export type HostData = Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint16Array | Uint32Array;

/** One value of the graph: a graph input, a constant, or the output of a node. Immutable. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ValueType;
  /** The node that makes it; absent for inputs and constants. */
  readonly producer?: GraphNode;
  /** Contents of a constant. */
  readonly constant?: HostData;
  /** A constant whose elements are all this number: kept as a number until a node needs it in full. */
  readonly splat?: number;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Bytes of one element; values between nodes may be float64, too. */
const widths: Readonly<Record<ValueType | 'float64', number>> = {
  bool: 1,
  uint8: 1,
  float16: 2,
  float32: 4,
  int32: 4,
  uint32: 4,
  int64: 8,
  float64: 8,
};

/** Bytes of a value's elements. */
export const bytesOf = ({ shape, type }: Pick<Value, 'shape' | 'type'>): number => sizeOf(shape) * widths[type];

/** True when two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dimension, index) => dimension === b[index]);
}

/** Shape that two shapes broadcast to, by NumPy's rule; undefined where they do not. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[a.length - rank + axis] ?? 1;
    const right = b[b.length - rank + axis] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(left === 1 ? right : left);
  }
  return shape;
}
