import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type Kernel, type KernelCall as Call, mendKernel, valuesOf } from './mend-kernel.js';

/** How a kernel is mended, and the operands in which it looks for NaN. */
interface Mend {
  readonly operands: readonly string[];
  readonly mended: (kernel: Kernel, call: Call) => ReturnType<Kernel>;
}

type Numbers = ReturnType<typeof valuesOf>;

function holdsNaN(values: Numbers): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

/** 1 for NaN, 0 for numbers. */
const mark = (value: number): number => Number(Number.isNaN(value));

/** Numbers in their order, with NaN for the largest: in float64 there is room between float32's largest and infinity. */
const key = (value: number): number => (Number.isNaN(value) ? Infinity : Math.min(value, 1e300));

/** Results of a kernel for other numbers in place of some operands, as arrays. */
function resultsFor(
  kernel: Kernel,
  call: Call,
  names: readonly string[],
  replace: (value: number) => number,
): Numbers[] {
  const { inputs, backend } = call;
  const replaced = names.map((name) => {
    const { shape, dtype } = inputs[name]!;
    // A longer array than the type's own: the kernels only read it.
    const values = Float64Array.from(valuesOf(backend, inputs[name]!), replace);
    return [name, backend.makeTensorInfo(shape, dtype, values as unknown as Float32Array)] as const;
  });
  const results = [kernel({ ...call, inputs: { ...inputs, ...Object.fromEntries(replaced) } })].flat();
  const arrays = results.map((result) => valuesOf(backend, result));
  for (const info of [...results, ...replaced.map(([, info]) => info)]) backend.disposeIntermediateTensorInfo(info);
  return arrays;
}

/** The result, element for element, as `change` makes it of its own. */
function changed(
  backend: MathBackendCPU,
  result: tf.TensorInfo,
  change: (value: number, index: number) => number,
): tf.TensorInfo {
  const values = valuesOf(backend, result);
  const array = result.dtype === 'int32' ? new Int32Array(values.length) : new Float32Array(values.length);
  for (let i = 0; i < array.length; i++) array[i] = change(values[i]!, i);
  const info = backend.makeTensorInfo(result.shape, result.dtype, array);
  backend.disposeIntermediateTensorInfo(result);
  return info;
}

/** Maxima, the kernel's only result: NaN where the maximum of the marks is 1. */
const maxima = (...operands: string[]): Mend => ({
  operands,
  mended: (kernel, call) => {
    const [marks] = resultsFor(kernel, call, operands, mark);
    return changed(call.backend, kernel(call) as tf.TensorInfo, (value, index) => (marks![index]! > 0 ? NaN : value));
  },
});

/** Kernels that look for places of maxima and give no maximum. */
const places = (...operands: string[]): Mend => ({
  operands,
  mended: (kernel, call) => {
    const result = kernel(call) as tf.TensorInfo;
    const [found] = resultsFor(kernel, call, operands, key);
    return changed(call.backend, result, (_, index) => found![index]!);
  },
});

/** The place of the first NaN along an axis, where there is one. */
const argument: Mend = {
  operands: ['x'],
  mended: (kernel, call) => {
    const { inputs, attrs, backend } = call;
    const { shape } = inputs['x']!;
    const values = valuesOf(backend, inputs['x']!);
    const axis = tf.util.parseAxisParam(attrs['axis'] as number, shape)[0]!;
    const inner = tf.util.sizeFromShape(shape.slice(axis + 1));
    const length = shape[axis]!;
    return changed(backend, kernel(call) as tf.TensorInfo, (place, index) => {
      const first = Math.floor(index / inner) * length * inner + (index % inner);
      for (let i = 0; i < length; i++) if (Number.isNaN(values[first + i * inner])) return i;
      return place;
    });
  },
};

/** The k largest in descending order, NaN first, equal ones by their places. */
function topK({ inputs, attrs, backend }: Call): tf.TensorInfo[] {
  const { shape, dtype } = inputs['x']!;
  const values = valuesOf(backend, inputs['x']!);
  const [k, length] = [attrs['k'] as number, shape.at(-1)!];
  const keys = Float64Array.from(values, key);
  const rows = Array.from({ length: values.length / length }, (_, row) => row * length);
  const found = rows.flatMap((first) =>
    [...Array(length).keys()]
      .sort((a, b) => keys[first + b]! - keys[first + a]! || a - b)
      .slice(0, k)
      .map((place) => [first, place] as const),
  );
  const results = [...shape.slice(0, -1), k];
  return [
    backend.makeTensorInfo(
      results,
      dtype,
      Float32Array.from(found, ([first, place]) => values[first + place]!),
    ),
    backend.makeTensorInfo(
      results,
      'int32',
      Int32Array.from(found, ([, place]) => place),
    ),
  ];
}

const mends: Readonly<Record<string, Mend>> = {
  ArgMax: argument,
  ArgMin: argument,
  Dilation2D: maxima('x', 'filter'),
  Dilation2DBackpropFilter: places('x', 'filter'),
  Dilation2DBackpropInput: places('x', 'filter'),
  MaxPool: maxima('x'),
  MaxPool3D: maxima('x'),
  MaxPool3DGrad: places('input'),
  MaxPoolGrad: places('input'),
  MaxPoolWithArgmax: {
    operands: ['x'],
    mended: (kernel, call) => {
      const [result, indexes] = kernel(call) as [tf.TensorInfo, tf.TensorInfo];
      const [marks] = resultsFor(kernel, call, ['x'], mark);
      const [, found] = resultsFor(kernel, call, ['x'], key);
      return [
        changed(call.backend, result, (value, index) => (marks![index]! > 0 ? NaN : value)),
        changed(call.backend, indexes, (_, index) => found![index]!),
      ];
    },
  },
  // As compiled; TF.js makes 0 of it.
  Sign: {
    operands: ['x'],
    mended: (kernel, call) => {
      const values = valuesOf(call.backend, call.inputs['x']!);
      return changed(call.backend, kernel(call) as tf.TensorInfo, (value, index) =>
        Number.isNaN(values[index]) ? NaN : value,
      );
    },
  },
  TopK: { operands: ['x'], mended: (_, call) => topK(call) },
};

/** Kernels that TF.js's backends compute each in its way where there is NaN, with the operands that count. */
export const operandsByKernel: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(mends).map(([name, { operands }]) => [name, operands]),
);

/**
 * Makes TF.js's CPU kernels treat NaN as compiled ones do (see lowering/nan-aware.ts): TF.js skips it in `topk`, `argMax`,
 * `argMin`, pooling and dilation, or lets its place decide. For eager code on both backends; see {@link mendKernel}.
 */
export function mendNaNKernels(): void {
  for (const [kernelName, { operands, mended }] of Object.entries(mends))
    mendKernel(kernelName, 'NaN', (kernel) => (call) => {
      // Sorted or not, in one order: that of TF.js's search would be another than compiled.
      const same = kernelName === 'TopK' ? { ...call, attrs: { ...call.attrs, sorted: true } } : call;
      const isFloat = operands.filter((name) => call.inputs[name]!.dtype === 'float32');
      const found = isFloat.some((name) => holdsNaN(valuesOf(call.backend, call.inputs[name]!)));
      return found ? mended(kernel, same) : kernel(same);
    });
}
