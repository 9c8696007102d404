import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { broadcastValues } from './broadcast-values.js';
import { withAxisFromStart } from './cumulative-kernels.js';
import { type Kernel, type KernelCall, mendKernel, valuesOf } from './mend-kernel.js';

/** Float64 holds all integers up to here: sums and products below are exact before they are stored. */
const exact = 2 ** 53;

function largestMagnitude(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

const low = (value: number): number => value & 0xffff;
const high = (value: number): number => value >> 16;
type Part = typeof low;

/** The kernel's only result for one half of the bits of each operand. */
function forParts(kernel: Kernel, call: KernelCall, parts: Readonly<Record<string, Part>>): Int32Array {
  const { backend } = call;
  const made = Object.entries(parts).map(([name, part]) => {
    const values = Int32Array.from(valuesOf(backend, call.inputs[name]!), part);
    return [name, backend.makeTensorInfo(call.inputs[name]!.shape, 'int32', values)] as const;
  });
  // A list, as of einsum, stays one.
  const inputs = Object.assign(Array.isArray(call.inputs) ? [] : {}, call.inputs, Object.fromEntries(made));
  const result = kernel({ ...call, inputs }) as tf.TensorInfo;
  const values = valuesOf(backend, result) as Int32Array;
  for (const info of [result, ...made.map(([, info]) => info)]) backend.disposeIntermediateTensorInfo(info);
  return values;
}

/**
 * A kernel that is linear in each of its operands, exact modulo 2^32 for up to 2^21 terms: with the bits of each operand in
 * two halves, no product is beyond 2^33, and that of the two upper halves is a multiple of 2^32.
 */
const linear =
  (...names: readonly string[]) =>
  (kernel: Kernel, call: KernelCall): ReturnType<Kernel> => {
    const result = kernel(call) as tf.TensorInfo;
    const used = names.filter((name) => call.inputs[name] !== undefined);
    const lows = Object.fromEntries(used.map((name) => [name, low]));
    const sum = forParts(kernel, call, lows).slice();
    for (const name of used)
      forParts(kernel, call, { ...lows, [name]: high }).forEach((value, index) => (sum[index]! += value << 16));
    return replaced(call.backend, result, sum);
  };

/** The result's shape with other values. */
function replaced(backend: MathBackendCPU, result: tf.TensorInfo, values: Int32Array): tf.TensorInfo {
  const info = backend.makeTensorInfo(result.shape, 'int32', values);
  backend.disposeIntermediateTensorInfo(result);
  return info;
}

/** Where the bound of what is computed in float64 is too large for it. */
const beyond =
  (...names: readonly string[]) =>
  ({ inputs, backend }: KernelCall): boolean => {
    const operands = names.flatMap((name) => inputs[name] ?? []);
    const terms = Math.max(...operands.map(({ shape }) => tf.util.sizeFromShape(shape)));
    return operands.reduce((bound, x) => bound * largestMagnitude(valuesOf(backend, x)), terms) > exact;
  };

const always = (): boolean => true;

const elementwise =
  (op: (value: number) => number) =>
  (_: Kernel, { inputs, backend }: KernelCall): tf.TensorInfo => {
    const x = inputs['x']!;
    return backend.makeTensorInfo(x.shape, 'int32', Int32Array.from(valuesOf(backend, x), op));
  };

const square = (value: number): number => Math.imul(value, value);

/** A power modulo 2^32; of a negative exponent what the quotient is when cut. */
function power(base: number, exponent: number): number {
  if (exponent < 0) return Math.abs(base) === 1 ? (exponent % 2 === 0 ? 1 : base) : 0;
  let [result, factor] = [1, base];
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest & 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}

function powers(_: Kernel, { inputs, backend }: KernelCall): tf.TensorInfo {
  const [a, b] = [inputs['a']!, inputs['b']!];
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
  const [bases, exponents] = [a, b].map((x) => broadcastValues(valuesOf(backend, x), x.shape, shape));
  const results = bases!.map((base, index) => power(base, exponents![index]!));
  return backend.makeTensorInfo(shape, 'int32', Int32Array.from(results));
}

/** Products over axes. */
function product(kernel: Kernel, call: KernelCall): tf.TensorInfo {
  const { inputs, attrs, backend } = call;
  const { shape } = inputs['x']!;
  const axes = new Set(tf.util.parseAxisParam(attrs['axis'] as number[], shape));
  const result = kernel(call) as tf.TensorInfo;
  const products = new Int32Array(tf.util.sizeFromShape(result.shape)).fill(1);
  const values = valuesOf(backend, inputs['x']!);
  for (let index = 0; index < values.length; index++) {
    let [place, rest, stride] = [0, index, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (!axes.has(axis)) {
        place += (rest % shape[axis]!) * stride;
        stride *= shape[axis]!;
      }
      rest = Math.floor(rest / shape[axis]!);
    }
    products[place] = Math.imul(products[place]!, values[index]!);
  }
  return replaced(backend, result, products);
}

/** Products of all elements up to each along an axis. */
function cumulativeProduct(kernel: Kernel, call: KernelCall): tf.TensorInfo {
  const { inputs, attrs, backend } = call;
  const { shape } = inputs['x']!;
  const axis = attrs['axis'] as number;
  const [inner, length] = [tf.util.sizeFromShape(shape.slice(axis + 1)), shape[axis]!];
  const values = valuesOf(backend, inputs['x']!);
  const products = new Int32Array(values.length);
  for (let row = 0; row < values.length / length; row++) {
    const first = Math.floor(row / inner) * length * inner + (row % inner);
    let product = 1;
    for (let step = 0; step < length; step++) {
      const index = first + (attrs['reverse'] === true ? length - 1 - step : step) * inner;
      const next = Math.imul(product, values[index]!);
      products[index] = attrs['exclusive'] === true ? product : next;
      product = next;
    }
  }
  return replaced(backend, kernel(call) as tf.TensorInfo, products);
}

/** Kernels of int32: their operands, where TF.js's own result is not modulo 2^32, and what is. */
const mends: Readonly<
  Record<
    string,
    readonly [string[], (call: KernelCall) => boolean, (kernel: Kernel, call: KernelCall) => ReturnType<Kernel>]
  >
> = {
  Abs: [['x'], always, elementwise((value) => Math.abs(value))],
  BatchMatMul: [['a', 'b'], beyond('a', 'b'), linear('a', 'b')],
  Cumprod: [['x'], always, cumulativeProduct],
  Einsum: [['0', '1'], beyond('0', '1'), linear('0', '1')],
  Multiply: [['a', 'b'], beyond('a', 'b'), linear('a', 'b')],
  Pow: [['a', 'b'], always, powers],
  Prod: [['x'], always, product],
  Square: [['x'], always, elementwise(square)],
  SquaredDifference: [
    ['a', 'b'],
    always,
    (_, call) => {
      const difference = tf.getKernel('Sub', 'cpu').kernelFunc(call as never) as tf.TensorInfo;
      return replaced(call.backend, difference, Int32Array.from(valuesOf(call.backend, difference), square));
    },
  ],
  Sum: [['x'], beyond('x'), linear('x')],
};

/**
 * Makes TF.js's CPU kernels compute int32 modulo 2^32, as compiled ones do: TF.js rounds to float64 before it stores, or to
 * float32 for `abs` and `square`. For eager code on both backends; see {@link mendKernel}.
 */
export function mendWholeKernels(): void {
  for (const [kernelName, [names, isWrong, mended]] of Object.entries(mends))
    mendKernel(kernelName, 'int32', (kernel) => (given) => {
      const call = kernelName === tf.Cumprod ? withAxisFromStart(given) : given;
      const operands = names.flatMap((name) => call.inputs[name] ?? []);
      const isWhole = operands.every(({ dtype }) => dtype === 'int32');
      return isWhole && isWrong(call) ? mended(kernel, call) : kernel(call);
    });
}
