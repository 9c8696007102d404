import type { NdArray, NdData } from '@selfsup/ssl-tensor/host';

/** How a tensor lies in a state dict, against how it lies in memory. Works on host arrays. */
export interface StateLayout {
  /** Shape in the state dict of a tensor that has `shape` in memory. */
  referenceShape(shape: readonly number[]): number[];
  /** From memory to the state dict. */
  toReference(array: NdArray): NdArray;
  /** From the state dict to memory. */
  fromReference(array: NdArray): NdArray;
}

/** A copy with its axes reordered: axis `i` of the result is axis `permutation[i]` of `array`. */
export function permuteAxes<D extends NdData>(array: NdArray<D>, permutation: readonly number[]): NdArray<D> {
  const { data, shape } = array;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const newShape = permutation.map((axis) => shape[axis]!);
  const steps = permutation.map((axis) => strides[axis]!);
  const result = new (data.constructor as new (length: number) => D)(data.length);
  const rank = newShape.length;
  if (rank === 0 || data.length === 0) {
    result.set(data);
    return { data: result, shape: newShape };
  }
  const position = newShape.map(() => 0);
  const [inner, innerStep] = [newShape[rank - 1]!, steps[rank - 1]!];
  let source = 0;
  for (let target = 0; target < data.length;) {
    for (let i = 0, from = source; i < inner; i++, from += innerStep) result[target++] = data[from]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      source += steps[axis]!;
      if (++position[axis]! < newShape[axis]!) break;
      source -= steps[axis]! * newShape[axis]!;
      position[axis] = 0;
    }
  }
  return { data: result, shape: newShape };
}

/** Layout whose reference axes are `permutation` of the axes in memory. */
export function permutedLayout(permutation: readonly number[]): StateLayout {
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return {
    referenceShape: (shape) => permutation.map((axis) => shape[axis]!),
    toReference: (array) => permuteAxes(array, permutation),
    fromReference: (array) => permuteAxes(array, inverse),
  };
}

/** Linear weights: `[in, out]` in memory, `[out, in]` in the state dict. */
export const linearLayout: StateLayout = permutedLayout([1, 0]);

/** Convolution filters: `[kh, kw, in, out]` in memory, `[out, in, kh, kw]` in the state dict. */
export const convLayout: StateLayout = permutedLayout([3, 2, 0, 1]);

/** Filters of volumes: `[kd, kh, kw, in, out]` in memory, `[out, in, kd, kh, kw]` in the state dict. */
export const conv3dLayout: StateLayout = permutedLayout([4, 3, 0, 1, 2]);
