import type { Builder } from '../graph/builder.js';
import { toFloat64 } from '../graph/float64.js';
import { sizeOf, type Value } from '../graph/value.js';
import type { Windows } from './windows.js';

/** Elements of a window that the runtime's average adds well enough in float32, one after the other. */
const few = 64;

/** True for windows whose average the runtime would sum too coarsely. */
export const isWide = (w: Windows): boolean => sizeOf(w.kernel) > few;

/** True where there is one window, and it covers the image. */
export const coversAll = (w: Windows): boolean =>
  w.outSize.every(
    (count, axis) => count === 1 && w.before[axis]! >= 0 && w.kernel[axis]! - w.before[axis]! >= w.inSize[axis]!,
  );

const spatialAxes = (w: Windows): number[] => w.kernel.map((_, axis) => axis + 1);

/** Along one axis, the share of each pixel in each window: `[windows, pixels]`. */
export function sharesAlong(w: Windows, axis: number, ofInside: boolean): Float32Array {
  const [windows, pixels, kernel] = [w.outSize[axis]!, w.inSize[axis]!, w.kernel[axis]!];
  const matrix = new Float32Array(windows * pixels);
  for (let window = 0; window < windows; window++) {
    const start = window * w.stride[axis]! - w.before[axis]!;
    const [first, end] = [Math.max(0, start), Math.min(pixels, start + kernel)];
    if (first < end) matrix.fill(1 / (ofInside ? end - first : kernel), window * pixels + first, window * pixels + end);
  }
  return matrix;
}

/** Products along one axis after the other, in float64. */
function alongAxes(b: Builder, x: Value, w: Windows, matrixOf: (axis: number) => Value): Value {
  let result = toFloat64(b, x);
  for (const axis of w.kernel.keys()) {
    const { shape } = result;
    const [outer, inner] = [sizeOf(shape.slice(0, axis + 1)), sizeOf(shape.slice(axis + 2))];
    const matrix = matrixOf(axis);
    const rows = b.reshape(result, [outer, shape[axis + 1]!, inner]);
    const product = b.op('MatMul', [matrix, rows], [outer, matrix.shape[0]!, inner], result.type);
    result = b.reshape(product, shape.with(axis + 1, matrix.shape[0]!));
  }
  return b.cast(result, 'float32');
}

/**
 * Means over the part of each window that lies on the image, `[n, ...image, c]` to `[n, ...windows, c]`; zero for a window
 * that lies outside.
 */
export function meansOfWindows(b: Builder, x: Value, w: Windows): Value {
  if (coversAll(w)) return b.reduce('ReduceMean', x, spatialAxes(w), true);
  return alongAxes(b, x, w, (axis) =>
    toFloat64(b, b.constant(sharesAlong(w, axis, true), [w.outSize[axis]!, w.inSize[axis]!])),
  );
}

/** To every pixel its share of the gradient of each window over it, of all of the window's elements alike. */
export function sharesOfWindows(b: Builder, dy: Value, w: Windows): Value {
  const shape = [dy.shape[0]!, ...w.inSize, dy.shape.at(-1)!];
  if (sizeOf(dy.shape) === 0) return b.splat(0, shape);
  if (coversAll(w)) return b.expand(b.mul(dy, b.scalar(1 / sizeOf(w.kernel))), shape);
  return alongAxes(b, dy, w, (axis) => {
    const matrix = b.constant(sharesAlong(w, axis, false), [w.outSize[axis]!, w.inSize[axis]!]);
    return toFloat64(b, b.transpose(matrix, [1, 0]));
  });
}
