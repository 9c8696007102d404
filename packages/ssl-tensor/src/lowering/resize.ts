import type { Builder } from '../graph/builder.js';
import { toFloat64 } from '../graph/float64.js';
import type { Value } from '../graph/value.js';

/** How a resize places the pixels of the result on those of the image, along one axis. */
export interface AxisResize {
  readonly inSize: number;
  readonly outSize: number;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** Pixels of the image that one pixel of the result is made of, and the weight of each. */
export type Taps = readonly (readonly [pixel: number, weight: number])[];

function ratioOf({ inSize, outSize, alignCorners }: AxisResize): number {
  const corner = alignCorners && outSize > 1 ? 1 : 0;
  return (inSize - corner) / (outSize - corner);
}

/** Taps of each pixel of the result by linear interpolation. */
export function linearTaps(axis: AxisResize): Taps[] {
  const ratio = ratioOf(axis);
  return Array.from({ length: axis.outSize }, (_, pixel) => {
    const place = axis.halfPixelCenters ? ratio * (pixel + 0.5) - 0.5 : ratio * pixel;
    const low = Math.max(0, Math.floor(place));
    const high = Math.min(axis.inSize - 1, Math.ceil(place));
    return low >= high
      ? [[low, 1]]
      : [
          [low, 1 - (place - low)],
          [high, place - low],
        ];
  });
}

/** The nearest pixel, for each pixel of the result. */
export function nearestPixels(axis: AxisResize): Int32Array {
  const ratio = ratioOf(axis);
  const round = axis.alignCorners ? Math.round : Math.floor;
  return Int32Array.from({ length: axis.outSize }, (_, pixel) =>
    Math.min(axis.inSize - 1, round(ratio * (axis.halfPixelCenters ? pixel + 0.5 : pixel))),
  );
}

const isIdentity = (taps: readonly Taps[], size: number): boolean =>
  taps.length === size && taps.every(([first], pixel) => first![0] === pixel && first![1] === 1);

/** Weights as a matrix `[outSize, inSize]`, or its transpose. */
function matrixOf(b: Builder, taps: readonly Taps[], inSize: number, transposed: boolean): Value {
  const outSize = taps.length;
  const weights = new Float32Array(outSize * inSize);
  taps.forEach((row, out) => {
    for (const [pixel, weight] of row) weights[transposed ? pixel * outSize + out : out * inSize + pixel] = weight;
  });
  return b.constant(weights, transposed ? [inSize, outSize] : [outSize, inSize]);
}

/** Terms of a product that the runtime adds well enough in float32, one axis after the other. */
const few = 64;

/** True where a pixel of the image is in so many of the result that their sum is too coarse in float32. */
function isMany(taps: readonly Taps[], size: number): boolean {
  const counts = new Int32Array(size);
  for (const [pixel] of taps.flat()) counts[pixel]!++;
  return counts.some((count) => count > few);
}

/** Taps along height and along width, and the image's height and width. */
export interface ResizeMap {
  readonly taps: readonly [readonly Taps[], readonly Taps[]];
  readonly size: readonly [number, number];
}

/**
 * The map from images `[n, h, w, c]` to their resize, or with `transposed` back: the map of the gradient, in float64 where
 * few pixels were made into many.
 *
 * Products of each channel's plane with a matrix on either side. In them a NaN or an infinity spreads along its row and
 * column, other than in TF.js. The runtime's own Resize, which has the places in float32, is off by 1e-5 and more.
 */
export function resizePlanes(b: Builder, x: Value, { taps, size }: ResizeMap, transposed: boolean): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const [outHeight, outWidth] = transposed ? size : [taps[0].length, taps[1].length];
  const isPrecise = transposed && (isMany(taps[0], size[0]) || isMany(taps[1], size[1]));
  const precise = (value: Value): Value => (isPrecise ? toFloat64(b, value) : value);
  const product = (left: Value, right: Value, shape: readonly number[]): Value =>
    isPrecise ? b.op('MatMul', [precise(left), precise(right)], shape, precise(left).type) : b.matMul(left, right);
  let planes = b.transpose(x, [0, 3, 1, 2]);
  if (!isIdentity(taps[1], size[1]))
    planes = product(b.reshape(planes, [n * c * h, w]), matrixOf(b, taps[1], size[1], !transposed), [
      n * c * h,
      outWidth,
    ]);
  if (!isIdentity(taps[0], size[0]))
    planes = product(matrixOf(b, taps[0], size[0], transposed), b.reshape(planes, [n * c, h, outWidth]), [
      n * c,
      outHeight,
      outWidth,
    ]);
  return b.transpose(b.reshape(b.cast(planes, 'float32'), [n, c, outHeight, outWidth]), [0, 2, 3, 1]);
}
