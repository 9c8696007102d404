import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../graph/value.js';
import { coversAll, isWide, sharesAlong } from '../lowering/wide-windows.js';
import type { Windows } from '../lowering/windows.js';

/** `[...outer, from, ...inner]` times a matrix `[to, from]`, mostly zeros, along an axis, in float64. */
function alongAxis(values: ArrayLike<number>, matrix: Float32Array, from: number, inner: number): Float64Array {
  const [to, outer] = [matrix.length / from, values.length / (from * inner)];
  const result = new Float64Array(outer * to * inner);
  for (let row = 0; row < outer * to; row++) {
    const [block, place] = [Math.floor(row / to) * from, row % to];
    for (let source = 0; source < from; source++) {
      const share = matrix[place * from + source]!;
      if (share === 0) continue;
      const first = (block + source) * inner;
      for (let column = 0; column < inner; column++) result[row * inner + column]! += share * values[first + column]!;
    }
  }
  return result;
}

/** Products along one axis after the other, `[n, ...from, c]` to `[n, ...to, c]`. */
function alongAxes(x: tf.Tensor, to: readonly number[], matrixOf: (axis: number) => Float32Array): tf.Tensor {
  const shape = [...x.shape];
  let values: ArrayLike<number> = x.dataSync();
  to.forEach((size, axis) => {
    values = alongAxis(values, matrixOf(axis), shape[axis + 1]!, sizeOf(shape.slice(axis + 2)));
    shape[axis + 1] = size;
  });
  return tf.tensor(Float32Array.from(values), shape);
}

/** Averages over the part of each wide window that lies on the image; undefined for windows of few pixels. */
export function averages(x: tf.Tensor, w: Windows): tf.Tensor | undefined {
  if (!isWide(w)) return undefined;
  const spatial = w.kernel.map((_, axis) => axis + 1);
  return coversAll(w) ? tf.mean(x, spatial, true) : alongAxes(x, w.outSize, (axis) => sharesAlong(w, axis, true));
}

/** Gradient of {@link averages}; undefined where few windows lie over a pixel. Padding counts for nothing. */
export function averagesGradient(dy: tf.Tensor, w: Windows): tf.Tensor | undefined {
  const over = w.kernel.map((size, axis) => Math.min(w.outSize[axis]!, Math.ceil(size / w.stride[axis]!)));
  if (!isWide({ ...w, kernel: over })) return undefined;
  return alongAxes(dy, w.inSize, (axis) => transposed(sharesAlong(w, axis, true), w.inSize[axis]!));
}

/** `[rows, columns]` to `[columns, rows]` */
function transposed(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  return matrix.map((_, index) => matrix[(index % rows) * columns + Math.floor(index / rows)]!);
}
