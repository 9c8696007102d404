import { foldIn, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';

/** Numbers to add up: equal ones, whose roundings all go one way; an image's; any; and such that cancel. */
export const fillings = ['tenths', 'levels', 'uniform', 'mixed'] as const;
export type Filling = (typeof fillings)[number];

const drawn = new Map<Filling, Float32Array>();

/** As many of these numbers; the first ones are the same at every call. */
function draw(filling: Filling, size: number): Float32Array {
  const known = drawn.get(filling);
  if (known !== undefined && known.length >= size) return known.subarray(0, size);
  const stream = new RandomStream(foldIn(randomKey(16), filling));
  const next = {
    tenths: () => 0.1,
    levels: () => stream.integer(256) / 255,
    uniform: () => stream.uniform(0, 1),
    mixed: () => stream.uniform(-1, 1),
  }[filling];
  const data = Float32Array.from({ length: size }, next);
  drawn.set(filling, data);
  return data;
}

/** An array of these numbers, the same at every call. */
export function filled(filling: Filling, shape: readonly number[]): NdArray<Float32Array> {
  const size = shape.reduce((product, side) => product * side, 1);
  return { data: draw(filling, size), shape };
}

/** Sums in float64, and the sums of absolute values that errors are measured by. */
export interface ExactSums {
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
}

/** Sums of `term` of each element over axes. */
export function sumsOver(
  { data, shape }: NdArray<Float32Array>,
  axes: readonly number[],
  term: (value: number, index: number) => number = (value) => value,
): ExactSums {
  const kept = shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  const strides = kept.map((side, axis) => (side === 1 ? 0 : kept.slice(axis + 1).reduce((p, s) => p * s, 1)));
  const size = kept.reduce((product, side) => product * side, 1);
  const [sums, sizes] = [new Float64Array(size), new Float64Array(size)];
  const place = shape.map(() => 0);
  let at = 0;
  data.forEach((value, index) => {
    const number = term(value, index);
    sums[at]! += number;
    sizes[at]! += Math.abs(number);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  });
  return { sums, sizes };
}

/** Largest error of results, `factor` times sums, in parts of the sums of absolute values. */
export function worstError(results: ArrayLike<number>, { sums, sizes }: ExactSums, factor = 1): number {
  if (results.length !== sums.length) return NaN;
  return sums.reduce((worst, sum, index) => {
    const error = Math.abs(results[index]! / factor - sum) / sizes[index]!;
    return error <= worst ? worst : error;
  }, 0);
}
