import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { Geometry, Pair } from './conv-geometry.js';
import { productOverRows } from './product-over-rows.js';

/** Outputs per tile and axis. */
const tile = 4;

/** The transforms of F(4x4, 3x3), by rows. Source: Lavin and Gray 2015, arXiv 1509.09308, section 4.3. */
const ofInput = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
] as const;
const ofFilter = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
] as const;
const ofOutput = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
] as const;

type Matrix = readonly (readonly number[])[];

/** A transform of rows and columns as one of all places: its Kronecker product with itself. */
function squared(b: Builder, matrix: Matrix): Value {
  const data = matrix.flatMap((top) => matrix.flatMap((side) => top.flatMap((x) => side.map((y) => x * y))));
  return b.constant(Float32Array.from(data), [matrix.length ** 2, matrix[0]!.length ** 2]);
}

const tilesOf = (size: number): number => Math.ceil(size / tile);

/**
 * True where the tiled transform beats other ways: from 48 channels on, the product, of which it saves three quarters,
 * costs more than the transforms.
 */
export function suitsWinograd(b: Builder, channels: number, filters: number, g: Geometry): boolean {
  const isPlain = [...g.kernel, ...g.stride, ...g.dilation].join() === '3,3,1,1,1,1';
  return b.device === 'cpu' && isPlain && g.pads.every((pad) => pad <= 2) && channels >= 48 && filters >= 48;
}

/** Windows of `size` x `size` pixels, one every 4 pixels; the first begins at `(-top, -left)`. */
interface Windows {
  readonly size: number;
  readonly rows: number;
  readonly columns: number;
  readonly top: number;
  readonly left: number;
  /** From the last to the first. */
  readonly backwards?: boolean;
}

/**
 * Pixels `[count, c]` with a pixel of zeros for the index -1, which is changed to it. It stands after the others, or
 * before them: what was padded for the forward pass is then not kept for the backward pass.
 */
function withZeros(b: Builder, pixels: Value, indices: Int32Array, before: boolean): Value {
  const count = pixels.shape[0]!;
  indices.forEach((index, place) => {
    if (before) indices[place] = index + 1;
    else if (index < 0) indices[place] = count;
  });
  return b.pad(pixels, [before ? [1, 0] : [0, 1], [0, 0]]);
}

/** Windows of an image `[n, h, w, c]`, place by place: `[size * size, n * rows * columns, c]`, zeros outside the image. */
function windows(b: Builder, x: Value, { size, rows, columns, top, left, backwards = false }: Windows): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const pixels = b.reshape(x, [n * h * w, c]);
  const indices = new Int32Array(size * size * n * rows * columns);
  const outside = -1;
  let next = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      for (let image = 0; image < n; image++) {
        for (let row = i - top; row < i - top + rows * tile; row += tile) {
          for (let column = j - left; column < j - left + columns * tile; column += tile) {
            const inside = row >= 0 && row < h && column >= 0 && column < w;
            indices[next++] = inside ? (image * h + row) * w + column : outside;
          }
        }
      }
      if (backwards) indices.subarray(next - n * rows * columns, next).reverse();
    }
  }
  const picked = indices.includes(outside) ? withZeros(b, pixels, indices, backwards) : pixels;
  return b.gather(picked, b.constant(indices, [size * size, n * rows * columns], 'int32'), 0);
}

/** `matrix` applied over the first axis. */
function transform(b: Builder, matrix: Value, x: Value): Value {
  const [from, rows, c] = x.shape as [number, number, number];
  return b.reshape(b.matMul(matrix, b.reshape(x, [from, rows * c])), [matrix.shape[0]!, rows, c]);
}

/** The input's side of the product, `[36, n * tiles, c]`. */
function transformedInput(b: Builder, x: Value, [oh, ow]: Pair, top: number, left: number, backwards = false): Value {
  const seen = windows(b, x, { size: tile + 2, rows: tilesOf(oh), columns: tilesOf(ow), top, left, backwards });
  return transform(b, squared(b, ofInput), seen);
}

/** Filters `[3, 3, c, o]` as `[36, c, o]`. */
function transformedFilter(b: Builder, filter: Value, matrix: Matrix): Value {
  const [kh, kw, c, o] = filter.shape as readonly [number, number, number, number];
  return b.reshape(b.matMul(squared(b, matrix), b.reshape(filter, [kh * kw, c * o])), [matrix.length ** 2, c, o]);
}

/** Products `[36, n * tiles, o]` as the image `[n, oh, ow, o]`. */
function image(b: Builder, products: Value, n: number, [oh, ow]: Pair): Value {
  const o = products.shape[2]!;
  const [rows, columns] = [tilesOf(oh), tilesOf(ow)];
  const placed = b.reshape(transform(b, squared(b, ofOutput), products), [tile, tile, n, rows, columns, o]);
  const whole = b.reshape(b.transpose(placed, [2, 3, 0, 4, 1, 5]), [n, rows * tile, columns * tile, o]);
  return b.slice(whole, [0, 0, 0, 0], [n, oh, ow, o]);
}

/**
 * A 3x3 convolution as products over tiles of 4x4 outputs: a quarter of the multiplications, at a relative error of
 * about 1e-5.
 */
export function winograd(b: Builder, x: Value, filter: Value, g: Geometry): Value {
  const input = transformedInput(b, x, g.outSize, g.pads[0], g.pads[1]);
  return image(b, b.matMul(input, transformedFilter(b, filter, ofFilter)), x.shape[0]!, g.outSize);
}

/** Its gradient with respect to the input: the convolution of `dy` with the filter turned by 180 degrees. */
export function winogradInputGradient(b: Builder, dy: Value, filter: Value, g: Geometry): Value {
  const input = transformedInput(b, dy, g.inSize, 2 - g.pads[0], 2 - g.pads[1]);
  const turned = transformedFilter(
    b,
    filter,
    ofFilter.map((row) => row.toReversed()),
  );
  return image(b, b.matMul(input, turned, false, true), dy.shape[0]!, g.inSize);
}

const transposed = (matrix: Matrix): Matrix => matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));

/**
 * Its gradient with respect to the filter, `[3, 3, c, o]`. The input is transformed anew, in another order of tiles: the
 * forward pass's, being 2.25 times the image, would have to be kept until here, since equal nodes are one.
 */
export function winogradFilterGradient(b: Builder, x: Value, dy: Value, g: Geometry): Value {
  const [c, o] = [x.shape[3]!, dy.shape[3]!];
  const backwards = true;
  const input = transformedInput(b, x, g.outSize, g.pads[0], g.pads[1], backwards);
  const [rows, columns] = [tilesOf(g.outSize[0]), tilesOf(g.outSize[1])];
  const output = windows(b, dy, { size: tile, rows, columns, top: 0, left: 0, backwards });
  const products = productOverRows(b, input, transform(b, squared(b, transposed(ofOutput)), output));
  return b.reshape(transform(b, squared(b, transposed(ofFilter)), products), [3, 3, c, o]);
}
