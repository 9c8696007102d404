import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { NdArray } from '@selfsup/ssl-core';
import { describeLargeSums, type LargeSum, long } from '../../../../test/support/describe-large-sums.js';
import { type ExactSums, sumsOver } from '../../../../test/support/exact-sums.js';
import { narrowConvNorm } from '../ops/narrow-conv-norm.js';

type Host = NdArray<Float32Array>;

/** Sums of terms by place, and of their absolute values. */
function collect(size: number, fill: (add: (place: number, term: number) => void) => void): ExactSums {
  const [sums, sizes] = [new Float64Array(size), new Float64Array(size).fill(1e-30)];
  fill((place, term) => {
    sums[place]! += term;
    sizes[place]! += Math.abs(term);
  });
  return { sums, sizes };
}

/** What a product is of: `[batch, m, k]` by `[batch, k, n]`, either stored transposed. */
interface Product {
  readonly batch?: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly flipA?: boolean;
  readonly flipB?: boolean;
}

const exactProduct = (x: Host, y: Host, { batch = 1, m, k, n, flipA = false, flipB = false }: Product): ExactSums =>
  collect(batch * m * n, (add) => {
    for (let item = 0; item < batch; item++)
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          for (let q = 0; q < k; q++) {
            const left = x.data[item * m * k + (flipA ? q * m + i : i * k + q)]!;
            const right = y.data[item * n * k + (flipB ? j * k + q : q * n + j)]!;
            add((item * m + i) * n + j, left * right);
          }
  });

const products = (
  [
    { m: 6, k: long(16), n: 10 },
    { m: 9, k: long(16, 15), n: 4 },
    { m: 10, k: long(16), n: 10, flipB: true },
    { m: 3, k: long(15, 19), n: 5, flipB: true },
    { m: 4, k: long(16), n: 7, flipA: true, flipB: true },
    { m: 5, k: long(16, 15), n: 8, flipA: true },
    { m: 7, k: long(16), n: 1 },
    { m: 7, k: long(16), n: 1, flipB: true },
    { m: 1, k: long(16, 17), n: 6 },
    { m: 1, k: long(16), n: 6, flipB: true },
    { m: 32, k: 768, n: 10 },
    { m: 20, k: 577, n: 9, flipB: true },
    { m: 40, k: 1000, n: 50 },
    { batch: 3, m: 4, k: long(13), n: 5 },
    { batch: 2, m: 3, k: long(12, 3), n: 6, flipB: true },
    { batch: 2, m: 5, k: long(13), n: 4, flipA: true, flipB: true },
  ] satisfies Product[]
).map((product: Product): LargeSum => {
  const { batch, m, k, n, flipA = false, flipB = false } = product;
  const outer = batch === undefined ? [] : [batch];
  const shapes = [
    [...outer, ...(flipA ? [k, m] : [m, k])],
    [...outer, ...(flipB ? [n, k] : [k, n])],
  ];
  return {
    name: `matMul of [${shapes[0]!.join(', ')}]${flipA ? ' transposed' : ''} and [${shapes[1]!.join(', ')}]${flipB ? ' transposed' : ''}`,
    shapes,
    run: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, flipA, flipB),
    exact: (x, y) => [exactProduct(x, y, product)],
  };
});

const [rows, columns] = [long(15, 3), 5];

const throughProducts: LargeSum[] = [
  {
    name: 'sums of rows by rows of ones',
    shapes: [
      [3, long(16)],
      [long(16), 5],
    ],
    run: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(tf.onesLike(x), y),
    exact: (x, y) => [exactProduct({ ...x, data: x.data.map(() => 1) }, y, { m: 3, k: long(16), n: 5 })],
  },
  {
    name: 'matMul of a matrix and a batch',
    shapes: [
      [4, long(13)],
      [2, long(13), 3],
    ],
    run: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y),
    exact: (x, y) => [
      exactProduct({ data: Float32Array.of(...x.data, ...x.data), shape: [] }, y, {
        batch: 2,
        m: 4,
        k: long(13),
        n: 3,
      }),
    ],
  },
  {
    name: 'fused matMul with a bias',
    shapes: [
      [4, long(16)],
      [long(16), 3],
    ],
    run: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.fused.matMul({ a, b, bias: tf.zeros([3]), activation: 'linear' }),
    exact: (x, y) => [exactProduct(x, y, { m: 4, k: long(16), n: 3 })],
  },
  {
    name: 'einsum along rows',
    shapes: [
      [4, long(16)],
      [3, long(16)],
    ],
    run: (x: tf.Tensor, y: tf.Tensor) => tf.einsum('ik,jk->ij', x, y),
    exact: (x, y) => [exactProduct(x, y, { m: 4, k: long(16), n: 3, flipB: true })],
  },
  {
    name: 'gradient of a few rows times many columns',
    shapes: [
      [3, 2],
      [2, long(16)],
      [3, long(16)],
    ],
    run: (x: tf.Tensor, y: tf.Tensor, dy: tf.Tensor) =>
      tf.grad((a: tf.Tensor) => tf.sum(tf.mul(tf.matMul(a, y), dy)))(x),
    exact: (_, y, dy) => [exactProduct(dy, y, { m: 3, k: long(16), n: 2, flipB: true })],
  },
  {
    name: 'gradient of the weights and the bias of a layer',
    shapes: [[rows, 4], [4, columns], [columns], [rows, columns]],
    run: (x: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor, dy: tf.Tensor) =>
      tf.grads((w, b) => tf.sum(tf.mul(tf.add(tf.matMul(x, w!), b!), dy)))([weights, bias]),
    exact: (x, _, __, dy) => [exactProduct(x, dy, { m: 4, k: rows, n: columns, flipA: true }), sumsOver(dy, [0])],
  },
  {
    name: 'gradient of a bias as a product with ones',
    shapes: [
      [1, 6],
      [rows, 6],
    ],
    run: (bias: tf.Tensor, dy: tf.Tensor) =>
      tf.grad((b: tf.Tensor) => tf.sum(tf.mul(tf.matMul(tf.ones([dy.shape[0]!, 1]), b), dy)))(bias),
    exact: (_, dy) => [sumsOver(dy, [0])],
  },
];

/** Filter gradients of `[n, size, size, c]` to `o` channels without padding. */
const filterGradients = (
  [
    { name: 'a first layer', n: 4, size: long(7), kernel: 3, c: 1, o: 4 },
    { name: 'colours with strides', n: 2, size: long(7) + 1, kernel: 5, c: 3, o: 2, stride: 4 },
    { name: 'many channels', n: 2, size: long(6), kernel: 2, c: 8, o: 3 },
    { name: 'single pixels', n: 1, size: 181, kernel: 1, c: 4, o: 5 },
  ] as const
).map(({ name, n, size, kernel, c, o, ...rest }): LargeSum => {
  const stride = 'stride' in rest ? rest.stride : 1;
  const out = Math.floor((size - kernel) / stride) + 1;
  return {
    name: `gradient of the filter of ${name}`,
    shapes: [
      [n, size, size, c],
      [kernel, kernel, c, o],
      [n, out, out, o],
    ],
    run: (x: tf.Tensor4D, filter: tf.Tensor, dy: tf.Tensor) =>
      tf.grad((w: tf.Tensor) => tf.sum(tf.mul(tf.conv2d(x, w as tf.Tensor4D, stride, 'valid'), dy)))(filter),
    exact: (x, _, dy) => [
      collect(kernel * kernel * c * o, (add) => {
        for (let place = 0; place < n * out * out; place++) {
          const [image, top, left] = [Math.floor(place / out ** 2), Math.floor(place / out) % out, place % out];
          for (let tap = 0; tap < kernel * kernel; tap++) {
            const [y, z] = [top * stride + Math.floor(tap / kernel), left * stride + (tap % kernel)];
            for (let i = 0; i < c; i++)
              for (let j = 0; j < o; j++)
                add((tap * c + i) * o + j, x.data[((image * size + y) * size + z) * c + i]! * dy.data[place * o + j]!);
          }
        }
      }),
    ],
  };
});

/** Pixels of the image and their weights, for a pixel of the result. */
function tapsOf(pixel: number, from: number, to: number, alignCorners: boolean): [number, number][] {
  const place = alignCorners ? (pixel * (from - 1)) / (to - 1) : (pixel * from) / to;
  const low = Math.floor(place);
  return [
    [low, 1 - (place - low)],
    [Math.min(low + 1, from - 1), place - low],
  ];
}

const resizes = (
  [
    { from: 1, to: 256 },
    { from: 2, to: 300, alignCorners: true },
    { from: 3, to: 251 },
    { from: 1, to: 256, isNearest: true },
    { from: 2, to: 256, isNearest: true },
  ] as const
).map(({ from, to, ...rest }): LargeSum => {
  const [alignCorners, isNearest] = ['alignCorners' in rest, 'isNearest' in rest];
  return {
    name: `gradient of a ${isNearest ? 'nearest' : 'linear'} resize from ${from} to ${to}`,
    shapes: [
      [1, from, from, 2],
      [1, to, to, 2],
    ],
    run: (x: tf.Tensor, dy: tf.Tensor) =>
      tf.grad((images: tf.Tensor) => {
        const size: [number, number] = [to, to];
        const resized = isNearest
          ? tf.image.resizeNearestNeighbor(images as tf.Tensor4D, size)
          : tf.image.resizeBilinear(images as tf.Tensor4D, size, alignCorners);
        return tf.sum(tf.mul(resized, dy));
      })(x),
    exact: (_, dy) => [
      collect(from * from * 2, (add) => {
        const along = (pixel: number): [number, number][] =>
          isNearest ? [[Math.floor((pixel * from) / to), 1]] : tapsOf(pixel, from, to, alignCorners);
        dy.data.forEach((value, index) => {
          const [y, x, channel] = [Math.floor(index / (2 * to)), Math.floor(index / 2) % to, index % 2];
          for (const [row, ofRow] of along(y))
            for (const [column, ofColumn] of along(x))
              add((row * from + column) * 2 + channel, value * ofRow * ofColumn);
        });
      }),
    ],
  };
});

const side = long(7) + 2;
const filters = Float32Array.from({ length: 9 * 3 }, (_, index) => ((index * 7) % 11) / 11 - 0.2);

/** The convolution of equal deviations with {@link filters}, and its mean and variance. */
function convolved({ data }: Host): {
  readonly results: Float64Array[];
  readonly means: number[];
  variances: number[];
} {
  const pixels = data.map((value) => (value > 0 ? 0.3 : 0.1));
  const count = data.length / side ** 2;
  const results = [0, 1, 2].map((channel) => {
    const result = new Float64Array(count * (side - 2) ** 2);
    for (let place = 0; place < result.length; place++) {
      const [image, inside] = [Math.floor(place / (side - 2) ** 2), place % (side - 2) ** 2];
      const first = image * side ** 2 + Math.floor(inside / (side - 2)) * side + (inside % (side - 2));
      for (let tap = 0; tap < 9; tap++)
        result[place]! += pixels[first + Math.floor(tap / 3) * side + (tap % 3)]! * filters[tap * 3 + channel]!;
    }
    return result;
  });
  const means = results.map((result) => result.reduce((sum, value) => sum + value, 0) / result.length);
  const variances = results.map(
    (result, channel) => result.reduce((sum, value) => sum + (value - means[channel]!) ** 2, 0) / result.length,
  );
  return { results, means, variances };
}

const signs = (x: tf.Tensor): tf.Tensor4D => tf.where(tf.greater(x, 0), 0.3, 0.1) as tf.Tensor4D;
const normOf = (x: tf.Tensor, scale: tf.Tensor, bias: tf.Tensor) =>
  narrowConvNorm(signs(x), tf.tensor4d(filters, [3, 3, 1, 3]), scale, bias, { epsilon: 0.01 });

const asValues = (numbers: readonly number[]): ExactSums => ({
  sums: Float64Array.from(numbers),
  sizes: Float64Array.from(numbers, Math.abs),
});

const normalisations: LargeSum[] = [
  {
    name: 'batch statistics of a narrow convolution, all deviations of one size',
    shapes: [[4, side, side, 1]],
    run: (x: tf.Tensor) => {
      const { mean, variance } = normOf(x, tf.ones([3]), tf.zeros([3])).moments;
      return [mean, variance];
    },
    exact: (x) => {
      const { means, variances } = convolved(x);
      return [asValues(means), asValues(variances)];
    },
    of: ['mixed'],
  },
  {
    name: 'gradient of the bias of a narrow convolution',
    shapes: [[4, side, side, 1], [3], [4, side - 2, side - 2, 3]],
    run: (x: tf.Tensor, bias: tf.Tensor, dy: tf.Tensor) =>
      tf.grad((b: tf.Tensor) => tf.sum(tf.mul(normOf(x, tf.ones([3]), b).value, dy)))(bias),
    exact: (_, __, dy) => [sumsOver(dy, [0, 1, 2])],
  },
  {
    name: 'gradient of the scale of a narrow convolution',
    shapes: [[4, side, side, 1], [3], [4, side - 2, side - 2, 3]],
    run: (x: tf.Tensor, scale: tf.Tensor, dy: tf.Tensor) =>
      tf.grad((s: tf.Tensor) => tf.sum(tf.mul(normOf(x, s, tf.zeros([3])).value, dy)))(scale),
    exact: (x, _, dy) => {
      const { results, means, variances } = convolved(x);
      return [
        collect(3, (add) =>
          dy.data.forEach((value, index) => {
            const channel = index % 3;
            const deviation = results[channel]![Math.floor(index / 3)]! - means[channel]!;
            add(channel, (value * deviation) / Math.sqrt(variances[channel]! + 0.01));
          }),
        ),
      ];
    },
    of: ['mixed'],
  },
];

const all = [...products, ...throughProducts, ...filterGradients, ...resizes, ...normalisations];
describeLargeSums('long products', all, all);
