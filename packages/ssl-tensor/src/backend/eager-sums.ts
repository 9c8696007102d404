import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { positiveAxis } from '../graph/builder.js';
import { linearTaps, type Taps } from '../lowering/resize.js';
import type { HostValues } from './stored-tensor.js';

/** Tensors that float32 adds well one after the other. */
export const fewTerms = 32;

type Call = Parameters<tf.KernelFunc>[0];

const operand = (call: Call, name: string): tf.TensorInfo => (call.inputs as Record<string, tf.TensorInfo>)[name]!;
const valuesOf = (call: Call, { dataId }: tf.TensorInfo): HostValues =>
  (call.backend as MathBackendCPU).readSync(dataId) as HostValues;

/** Elements along an axis joined one after the other. */
function cumulative(call: Call, start: number, join: (sum: number, element: number) => number): Float64Array {
  const x = operand(call, 'x');
  const { axis: given, exclusive, reverse } = call.attrs as unknown as tf.CumsumAttrs;
  const axis = positiveAxis(given, x.shape.length);
  const values = valuesOf(call, x);
  const length = x.shape[axis]!;
  const inner = x.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const result = new Float64Array(values.length);
  for (let first = 0; first < values.length; first += length * inner) {
    for (let column = first; column < first + inner; column++) {
      let sum = start;
      for (let step = 0; step < length; step++) {
        const place = column + (reverse ? length - 1 - step : step) * inner;
        if (exclusive) result[place] = sum;
        sum = join(sum, values[place]!);
        if (!exclusive) result[place] = sum;
      }
    }
  }
  return result;
}

function scattered(call: Call): Float64Array {
  const [indices, updates] = [operand(call, 'indices'), operand(call, 'updates')];
  const { shape } = call.attrs as unknown as tf.ScatterNdAttrs;
  const { sliceRank, numUpdates, sliceSize, strides, outputSize } = tf.backend_util.calculateShapes(
    updates as tf.Tensor,
    indices as tf.Tensor,
    shape,
  );
  const [places, values] = [valuesOf(call, indices), valuesOf(call, updates)];
  const result = new Float64Array(outputSize);
  for (let update = 0; update < numUpdates; update++) {
    let row = 0;
    for (let axis = 0; axis < sliceRank; axis++) row += places[update * sliceRank + axis]! * strides[axis]!;
    for (let k = 0; k < sliceSize; k++) result[row * sliceSize + k]! += values[update * sliceSize + k]!;
  }
  return result;
}

function counted(call: Call): Float64Array | undefined {
  const [x, weights] = [operand(call, 'x'), operand(call, 'weights')];
  const { size, binaryOutput } = call.attrs as unknown as tf.DenseBincountAttrs;
  if (binaryOutput) return undefined;
  const [numbers, amounts] = [valuesOf(call, x), valuesOf(call, weights)];
  const columns = x.shape.length === 2 ? x.shape[1]! : numbers.length;
  const result = new Float64Array(size * (x.shape.length === 2 ? x.shape[0]! : 1));
  numbers.forEach((number, index) => {
    if (number < size) result[Math.floor(index / columns) * size + number]! += amounts.length > 0 ? amounts[index]! : 1;
  });
  return result;
}

function segments(call: Call, isMean: boolean): Float64Array {
  const data = operand(call, 'data');
  const [values, rows, ids] = [
    valuesOf(call, data),
    valuesOf(call, operand(call, 'indices')),
    valuesOf(call, operand(call, 'segmentIds')),
  ];
  const width = values.length / data.shape[0]!;
  const counts = new Float64Array((ids.at(-1) ?? -1) + 1);
  const result = new Float64Array(counts.length * width);
  ids.forEach((id, index) => {
    counts[id]!++;
    for (let k = 0; k < width; k++) result[id * width + k]! += values[rows[index]! * width + k]!;
  });
  return isMean ? result.map((sum, index) => sum / Math.max(1, counts[Math.floor(index / width)]!)) : result;
}

function added(call: Call): Float64Array | undefined {
  const terms = Object.values(call.inputs) as tf.TensorInfo[];
  if (terms.length <= fewTerms) return undefined;
  const [first, ...rest] = terms.map((term) => valuesOf(call, term));
  const sums = Float64Array.from(first!);
  for (const values of rest) sums.forEach((_, index) => (sums[index]! += values[index]!));
  return sums;
}

/** Gradient of a linear resize, in the order of the kernel's result. */
function resized(call: Call): Float64Array {
  const [images, dy] = [operand(call, 'images'), operand(call, 'dy')];
  const alignCorners = (call.attrs as unknown as tf.ResizeBilinearGradAttrs).alignCorners;
  const [n, h, w, c] = images.shape as [number, number, number, number];
  const along = (axis: 1 | 2): Taps[] =>
    linearTaps({ inSize: images.shape[axis]!, outSize: dy.shape[axis]!, alignCorners, halfPixelCenters: false });
  const [rows, columns] = [along(1), along(2)];
  const values = valuesOf(call, dy);
  const result = new Float64Array(n * h * w * c);
  let place = 0;
  for (let image = 0; image < n; image++)
    for (const row of rows)
      for (const column of columns) {
        for (const [y, ofRow] of row)
          for (const [x, ofColumn] of column)
            for (let k = 0; k < c; k++)
              result[((image * h + y) * w + x) * c + k]! += values[place + k]! * ofRow * ofColumn;
        place += c;
      }
  return result;
}

/** Kernels of TF.js's CPU backend that add floats in float32, one after the other, and what they give in float64. */
const coarse: Readonly<Record<string, (call: Call) => Float64Array | undefined>> = {
  AddN: added,
  Bincount: counted,
  Cumprod: (call) => cumulative(call, 1, (product, factor) => product * factor),
  Cumsum: (call) => cumulative(call, 0, (sum, term) => sum + term),
  DenseBincount: counted,
  ResizeBilinearGrad: resized,
  ScatterNd: scattered,
  SparseSegmentMean: (call) => segments(call, true),
  SparseSegmentSum: (call) => segments(call, false),
};

/**
 * A matrix product. TF.js adds blocks of the inner axis in float64 and these in float32: here they are so long that there
 * are few.
 */
const inLongBlocks =
  (kernel: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const backend = call.backend as MathBackendCPU;
    const { shape } = operand(call, 'a');
    const inner = shape.at((call.attrs as unknown as tf.BatchMatMulAttrs).transposeA ? -2 : -1) ?? 1;
    const { blockSize } = backend;
    try {
      backend.blockSize = Math.max(blockSize, Math.ceil(inner / fewTerms));
      return kernel(call);
    } finally {
      backend.blockSize = blockSize;
    }
  };

const products: ReadonlySet<string> = new Set([tf.BatchMatMul, '_FusedMatMul']);

/** A kernel of TF.js's CPU backend, its float32 result computed in float64 where it adds too coarsely itself. */
export function withExactSums(kernelName: string, kernel: tf.KernelFunc): tf.KernelFunc {
  if (products.has(kernelName)) return inLongBlocks(kernel);
  const exact = coarse[kernelName];
  if (exact === undefined) return kernel;
  return (call) => {
    // It checks its operands.
    const result = kernel(call) as tf.TensorInfo;
    const values = result.dtype === 'float32' ? exact(call) : undefined;
    if (values !== undefined) (valuesOf(call, result) as Float32Array).set(values);
    return result;
  };
}
