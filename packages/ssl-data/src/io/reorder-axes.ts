import { ndArray, type NdArray, type NdData } from '@selfsup/ssl-core';

/**
 * Reorders an array whose axes run at other speeds: `order[i]` is the axis of the result that axis `i` of `data`, as it
 * lies there from slowest to fastest, becomes. The result lies in shared memory.
 *
 * @param data elements, row-major in the axes as they lie
 * @param sides lengths of the axes as they lie
 */
export function reorderAxes<D extends NdData>(data: D, sides: readonly number[], order: readonly number[]): NdArray<D> {
  const shape = sides.map((_, axis) => sides[order.indexOf(axis)]!);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const steps = order.map((axis) => strides[axis]!);
  const Data = data.constructor as new (buffer: SharedArrayBuffer) => D;
  const result = new Data(new SharedArrayBuffer(data.byteLength));
  if (sides.length === 0) {
    result.set(data);
    return ndArray(result, shape);
  }
  const counters = sides.map(() => 0);
  const last = sides.length - 1;
  const side = sides[last]!;
  const step = steps[last]!;
  let to = 0;
  for (let from = 0; from < data.length; from += side) {
    for (let i = 0; i < side; i++) result[to + i * step] = data[from + i]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      to += steps[axis]!;
      if (++counters[axis]! < sides[axis]!) break;
      to -= counters[axis]! * steps[axis]!;
      counters[axis] = 0;
    }
  }
  return ndArray(result, shape);
}
