import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../graph/value.js';
import { coversAll, isWide, sharesAlong } from '../lowering/wide-windows.js';
import type { Windows } from '../lowering/windows.js';

/** `[...outer, from, ...inner]` times a matrix `[to, from]`, mostly zeros, along an axis, in float64. */
function alongAxis(values: Float64Array, matrix: Float32Array, from: number, inner: number): Float64Array {
  const [to, outer] = [matrix.length / from, values.length / (from * inner)];
  const result = new Float64Array(outer * to * inner);
  for (let place = 0; place < to; place++) {
    const shares = matrix.subarray(place * from, (place + 1) * from);
    const [start, end] = [shares.findIndex((share) => share !== 0), shares.findLastIndex((share) => share !== 0) + 1];
    for (let source = Math.max(0, start); source < end; source++) {
      const share = shares[source]!;
      for (let block = 0; block < outer; block++) {
        const [first, target] = [(block * from + source) * inner, (block * to + place) * inner];
        for (let column = 0; column < inner; column++) result[target + column]! += share * values[first + column]!;
      }
    }
  }
  return result;
}

/** Products along one axis after the other, `[n, ...from, c]` to `[n, ...to, c]`. */
function alongAxes(x: tf.Tensor, to: readonly number[], matrixOf: (axis: number) => Float32Array): tf.Tensor {
  const shape = [...x.shape];
  let values: Float64Array = Float64Array.from(x.dataSync());
  to.forEach((size, axis) => {
    values = alongAxis(values, matrixOf(axis), shape[axis + 1]!, sizeOf(shape.slice(axis + 2)));
    shape[axis + 1] = size;
  });
  return tf.tensor(Float32Array.from(values), shape);
}

/** Pixels of a window along one axis that TensorFlow averages well enough for an average of averages. */
const fewInLine = 32;

/** The windows along each axis alone, where TensorFlow can average along one axis after the other; else undefined. */
function alongEachAxis(
  w: Windows,
  pad: unknown,
): { filterSize: number[]; strides: number[]; pad: unknown }[] | undefined {
  if ((pad !== 'same' && pad !== 'valid') || w.kernel.some((size) => size > fewInLine)) return undefined;
  const ones = w.kernel.map(() => 1);
  return w.kernel.map((size, axis) => ({
    filterSize: ones.with(axis, size),
    strides: ones.with(axis, w.stride[axis]!),
    pad,
  }));
}

const kernelOf = (w: Windows): string => (w.kernel.length === 2 ? tf.AvgPool : tf.AvgPool3D);

/** Averages over the part of each wide window that lies on the image; undefined for windows of few pixels. */
export function averages(x: tf.Tensor, w: Windows, pad: unknown): tf.Tensor | undefined {
  if (!isWide(w)) return undefined;
  const spatial = w.kernel.map((_, axis) => axis + 1);
  if (coversAll(w)) return tf.mean(x, spatial, true);
  const lines = alongEachAxis(w, pad);
  if (lines === undefined) return alongAxes(x, w.outSize, (axis) => sharesAlong(w, axis, true));
  return tf.tidy(() =>
    lines.reduce<tf.Tensor>((y, line) => tf.engine().runKernel(kernelOf(w), { x: y }, line as {}), x),
  );
}

/** Gradient of {@link averages}; undefined where few windows lie over a pixel. Padding counts for nothing. */
export function averagesGradient(dy: tf.Tensor, w: Windows, pad: unknown): tf.Tensor | undefined {
  const over = w.kernel.map((size, axis) => Math.min(w.outSize[axis]!, Math.ceil(size / w.stride[axis]!)));
  if (!isWide({ ...w, kernel: over })) return undefined;
  const lines = alongEachAxis(w, pad);
  if (lines === undefined)
    return alongAxes(dy, w.inSize, (axis) => transposed(sharesAlong(w, axis, true), w.inSize[axis]!));
  return tf.tidy(() =>
    lines.reduceRight((gradient, line, axis) => {
      const sides = w.inSize.map((size, other) => (other < axis ? w.outSize[other]! : size));
      // Read for its shape alone.
      const input = tf.zeros([dy.shape[0]!, ...sides, dy.shape.at(-1)!]);
      return tf.engine().runKernel<tf.Tensor>(`${kernelOf(w)}Grad`, { dy: gradient, input }, line as {});
    }, dy),
  );
}

/** `[rows, columns]` to `[columns, rows]` */
function transposed(matrix: Float32Array, columns: number): Float32Array {
  const rows = matrix.length / columns;
  return matrix.map((_, index) => matrix[(index % rows) * columns + Math.floor(index / rows)]!);
}
