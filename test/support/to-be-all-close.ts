import { expect } from 'vitest';

/** Nested arrays of numbers. */
type NestedNumbers = number | readonly NestedNumbers[];

/** What can be compared: tensors (read at once), host arrays, flat typed arrays, nested arrays, numbers. */
export type NumericValue =
  | NestedNumbers
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[]; readonly dtype?: string }
  | { dataSync(): ArrayLike<number>; readonly shape: readonly number[]; readonly dtype: string };

/** Tolerances: close means `|actual - expected| <= atol + rtol * |expected|`. */
export interface CloseOptions {
  /** Relative tolerance; default 1e-5. */
  readonly rtol?: number;
  /** Absolute tolerance; default 1e-6. */
  readonly atol?: number;
  /** Element type that `actual` must have ('float32', 'int32', 'bool', 'uint8'). */
  readonly dtype?: string;
}

interface Plain {
  readonly values: ArrayLike<number>;
  /** Undefined for flat typed arrays, which have no shape of their own. */
  readonly shape: readonly number[] | undefined;
  readonly dtype: string | undefined;
}

const typedNames = new Map<unknown, string>([
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
  [Int32Array, 'int32'],
  [Uint8Array, 'uint8'],
]);

function flatten(value: NestedNumbers, values: number[], depth: number, shape: number[]): void {
  if (typeof value === 'number') {
    if (depth !== shape.length) throw new TypeError('toBeAllClose: ragged nested array');
    values.push(value);
    return;
  }
  if (values.length === 0 && shape.length === depth) shape.push(value.length);
  if (shape[depth] !== value.length) throw new TypeError('toBeAllClose: ragged nested array');
  for (const item of value) flatten(item, values, depth + 1, shape);
}

function plain(value: NumericValue): Plain {
  if (ArrayBuffer.isView(value)) return { values: value, shape: undefined, dtype: typedNames.get(value.constructor) };
  if (typeof value === 'number' || Array.isArray(value)) {
    const [values, shape]: [number[], number[]] = [[], []];
    flatten(value as NestedNumbers, values, 0, shape);
    return { values, shape, dtype: undefined };
  }
  if ('dataSync' in value) return { values: value.dataSync(), shape: value.shape, dtype: value.dtype };
  const { data, shape, dtype } = value as { data: ArrayLike<number>; shape: readonly number[]; dtype?: string };
  return { values: data, shape, dtype: dtype ?? typedNames.get(data.constructor) };
}

const position = (index: number, shape: readonly number[] | undefined): string => {
  if (shape === undefined) return `[${index}]`;
  const coordinates: number[] = [];
  for (let rest = index, axis = shape.length - 1; axis >= 0; axis--) {
    coordinates.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return `[${coordinates.join(', ')}]`;
};

/** Why two values are not close, or undefined when they are. Equal infinities and NaN against NaN count as close. */
export function closeMismatch(
  actual: NumericValue,
  expected: NumericValue,
  options: CloseOptions = {},
): string | undefined {
  const { rtol = 1e-5, atol = 1e-6, dtype } = options;
  const [a, e] = [plain(actual), plain(expected)];
  if (dtype !== undefined && a.dtype !== dtype) return `dtype is ${a.dtype ?? 'unknown'}, expected ${dtype}`;
  if (
    a.shape !== undefined &&
    e.shape !== undefined &&
    (a.shape.length !== e.shape.length || a.shape.some((size, axis) => size !== e.shape![axis]))
  ) {
    return `shape is [${a.shape.join(', ')}], expected [${e.shape.join(', ')}]`;
  }
  if (a.values.length !== e.values.length) return `has ${a.values.length} elements, expected ${e.values.length}`;
  let [worst, worstExcess, wrong] = [-1, 0, 0];
  for (let i = 0; i < a.values.length; i++) {
    const [x, y] = [Number(a.values[i]), Number(e.values[i])];
    if (Object.is(x, y) || x === y) continue;
    const finite = Number.isFinite(x) && Number.isFinite(y);
    const excess = finite ? Math.abs(x - y) / Math.max(atol + rtol * Math.abs(y), Number.MIN_VALUE) : Infinity;
    if (excess <= 1) continue;
    wrong++;
    if (worst < 0 || excess > worstExcess) [worst, worstExcess] = [i, excess];
  }
  if (worst < 0) return undefined;
  const [x, y] = [Number(a.values[worst]), Number(e.values[worst])];
  const where = position(worst, a.shape ?? e.shape);
  return `${wrong} of ${a.values.length} elements differ beyond rtol ${rtol}, atol ${atol}; worst at ${where}: ${x}, expected ${y} (off by ${Math.abs(x - y)})`;
}

expect.extend({
  toBeAllClose(received: NumericValue, expected: NumericValue, options?: CloseOptions) {
    const mismatch = closeMismatch(received, expected, options);
    return {
      pass: mismatch === undefined,
      message: () => (mismatch === undefined ? 'expected values not to be close' : mismatch),
    };
  },
});

declare module 'vitest' {
  // The parameter must have the name and default of the interface that is extended.
  // oxlint-disable-next-line typescript/no-explicit-any
  interface Matchers<T = any> {
    /** Same shape and element type, and each element within tolerance; reports the worst index. */
    toBeAllClose(expected: NumericValue, options?: CloseOptions): T;
  }
}
