import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { deviceUnderTest } from '../../../../test/devices/exclusions.js';
import {
  type ExactSums,
  filled,
  fillings,
  type Filling,
  sumsOver,
  worstError,
} from '../../../../test/support/exact-sums.js';
import { compile } from '../compile/compile.js';
import type { NdArray } from '@selfsup/ssl-core';
import { batchMoments, batchNorm } from '../ops/batch-norm.js';
import { channelAffine } from '../ops/channel-affine.js';
import { groupNorm } from '../ops/group-norm.js';
import { layerNorm } from '../ops/layer-norm.js';

/** In parts of the sum of absolute values. */
const tolerance = 1e-6;

/** A software adapter takes a hundred times as long. */
const isSlow = deviceUnderTest === 'webgpu';

/** A sum, or what follows from it. */
interface LargeSum {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...inputs: never[]) => tf.Tensor | tf.Tensor[];
  readonly exact: (...inputs: NdArray<Float32Array>[]) => readonly ExactSums[];
  /** What the results are of the sums. */
  readonly factor?: number;
  readonly of?: readonly Filling[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** Numbers that are compared with results of their own size. */
const values = (numbers: ArrayLike<number>): ExactSums => ({
  sums: Float64Array.from(numbers),
  sizes: Float64Array.from(numbers, Math.abs),
});

/** Length of a long axis; a multiple of what blocks are made of, or `off` from it. */
const long = (power: number, off = 0): number => 2 ** (isSlow ? power - 4 : power) - off;

const places: readonly (readonly [readonly number[], number | number[]])[] = [
  [[long(21)], 0],
  [[long(20, 3)], 0],
  [[3, long(18, 5)], 1],
  [[16, 30_522], 1],
  [[long(18), 3], 0],
  [[long(17, 1), 5], 0],
  [[long(13), 96], 0],
  [[197, 300], 0],
  [[8, long(14), 6], 1],
  [[6, 257, 33], 1],
  [
    [32, 6, 32, 32],
    [0, 2, 3],
  ],
  [
    [9, 20, 9, 7],
    [0, 2],
  ],
  [
    [16, 64, 64, 3],
    [0, 1, 2, 3],
  ],
];

const reductions = places.map(([shape, axis]): LargeSum => {
  const axes = [axis].flat();
  const count = sizeOf(axes.map((index) => shape[index]!));
  const name = `over [${axes.join(', ')}] of [${shape.join(', ')}]`;
  return {
    name: `sum and mean ${name}`,
    shapes: [shape],
    run: (x: tf.Tensor) => [tf.sum(x, axis), tf.mul(tf.mean(x, axis), count)],
    exact: (x) => [sumsOver(x, axes), sumsOver(x, axes)],
  };
});

/** Sums of what comes before each element, and of the element where `exclusive` is false, along an axis. */
function running(
  { data, shape }: NdArray<Float32Array>,
  axis: number,
  exclusive: boolean,
  reverse: boolean,
): readonly ExactSums[] {
  const [length, inner] = [shape[axis]!, sizeOf(shape.slice(axis + 1))];
  const [sums, sizes] = [new Float64Array(data.length), new Float64Array(data.length)];
  for (let start = 0; start < data.length; start++) {
    if (Math.floor(start / inner) % length !== 0) continue;
    let [sum, size] = [0, 1e-30];
    for (let step = 0; step < length; step++) {
      const place = start + (reverse ? length - 1 - step : step) * inner;
      if (exclusive) [sums[place], sizes[place]] = [sum, size];
      sum += data[place]!;
      size += Math.abs(data[place]!);
      if (!exclusive) [sums[place], sizes[place]] = [sum, size];
    }
  }
  return [{ sums, sizes }];
}

const cumulativeSums: LargeSum[] = [
  [[long(18)], 0, false, false] as const,
  [[long(17, 1)], 0, false, true] as const,
  [[4, long(14)], 1, true, false] as const,
  [[long(14), 6], 0, true, true] as const,
  [[3, 640, 5], 1, false, false] as const,
].map(([shape, axis, exclusive, reverse]) => ({
  name: `cumsum of [${shape.join(', ')}] over ${axis}${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`,
  shapes: [shape],
  run: (x: tf.Tensor) => tf.cumsum(x, axis, exclusive, reverse),
  exact: (x) => running(x, axis, exclusive, reverse),
}));

/** Sums of rows by number; a number has no rows where it has no error. */
function byNumber({ data, shape }: NdArray<Float32Array>, numbers: Int32Array, count: number): readonly ExactSums[] {
  const width = data.length / shape[0]!;
  const [sums, sizes] = [new Float64Array(count * width), new Float64Array(count * width).fill(1e-30)];
  data.forEach((value, index) => {
    const place = numbers[Math.floor(index / width)]! * width + (index % width);
    sums[place]! += value;
    sizes[place]! += Math.abs(value);
  });
  return [{ sums, sizes }];
}

const numbersOf = (rows: number, count: number): Int32Array =>
  Int32Array.from({ length: rows }, (_, row) => row % count);

const halvesOf = (rows: number): Int32Array => Int32Array.from({ length: rows }, (_, row) => Number(row >= rows / 2));

const sumsByIndex: LargeSum[] = [
  ...(
    [
      [[long(16), 3], 2, 2],
      [[long(14), 2], 3, 5 * long(14)],
      [[2000, 4], 7, 7],
    ] as const
  ).map(([shape, used, count]): LargeSum => ({
    name: `segment sum of [${shape.join(', ')}] to ${used} of ${count} places`,
    shapes: [shape],
    run: (x: tf.Tensor) => tf.unsortedSegmentSum(x, tf.tensor1d(numbersOf(shape[0], used), 'int32'), count),
    exact: (x) => byNumber(x, numbersOf(shape[0], used), count),
  })),
  {
    name: 'scatterND to 5 places',
    shapes: [[long(16)]],
    run: (x: tf.Tensor) => tf.scatterND(tf.tensor2d(numbersOf(x.size, 5), [x.size, 1], 'int32'), x, [5]),
    exact: (x) => byNumber(x, numbersOf(x.data.length, 5), 5),
  },
  ...[tf.sparse.sparseSegmentSum, tf.sparse.sparseSegmentMean].map((op, isMean): LargeSum => ({
    name: `sparse segment ${['sum', 'mean'][isMean]}`,
    shapes: [[long(15), 3]],
    run: (x: tf.Tensor) => op(x, tf.range(0, long(15), 1, 'int32'), tf.tensor1d(halvesOf(long(15)), 'int32')),
    exact: (x) => byNumber(x, halvesOf(long(15)), 2),
    factor: isMean === 1 ? 2 / long(15) : 1,
  })),
  {
    name: 'bincount by weights',
    shapes: [[long(16)]],
    run: (x: tf.Tensor1D) => tf.bincount(tf.tensor1d(numbersOf(x.size, 3), 'int32'), x, 3),
    exact: (x) => byNumber(x, numbersOf(x.data.length, 3), 3),
  },
];

const gradients: LargeSum[] = [
  {
    name: 'gradient of a bias',
    shapes: [[long(16, 1), 3], [3]],
    run: (x: tf.Tensor, bias: tf.Tensor) => tf.grad((b: tf.Tensor) => tf.sum(tf.mul(tf.add(x, b), x)))(bias),
    exact: (x) => [sumsOver(x, [0])],
  },
  {
    name: 'gradient of a scale of all elements',
    shapes: [[64, long(13)], []],
    run: (x: tf.Tensor, scale: tf.Tensor) => tf.grad((s: tf.Tensor) => tf.sum(tf.mul(x, s)))(scale),
    exact: (x) => [sumsOver(x, [0, 1])],
  },
  {
    name: 'gradient of a tiled row',
    shapes: [
      [long(16), 4],
      [1, 4],
    ],
    run: (x: tf.Tensor, row: tf.Tensor) =>
      tf.grad((r: tf.Tensor) => tf.sum(tf.mul(tf.tile(r, [x.shape[0]!, 1]), x)))(row),
    exact: (x) => [sumsOver(x, [0])],
  },
  {
    name: "gradients of an affine map's scale and offset",
    shapes: [[long(16), 8], [8], [8]],
    run: (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) =>
      tf.grads((s, o) => tf.sum(tf.mul(channelAffine(x, s!, o!), x)))([scale, offset]),
    exact: (x) => [sumsOver(x, [0], (value) => Math.fround(value * value)), sumsOver(x, [0])],
  },
  {
    name: 'gradient of a gather',
    shapes: [
      [long(16), 2],
      [3, 2],
    ],
    run: (x: tf.Tensor, table: tf.Tensor) =>
      tf.grad((t: tf.Tensor) => {
        const rows = tf.gather(t, tf.tensor1d(numbersOf(x.shape[0]!, 3), 'int32'));
        return tf.sum(tf.mul(rows, x));
      })(table),
    exact: (x) => byNumber(x, numbersOf(x.shape[0]!, 3), 3),
  },
];

const square = (value: number): number => value * value;
const moment = (x: NdArray<Float32Array>, axes: readonly number[]): { mean: number[]; variance: number[] } => {
  const count = sizeOf(axes.map((axis) => x.shape[axis]!));
  const mean = Array.from(sumsOver(x, axes).sums, (sum) => sum / count);
  const inner = axes.includes(x.shape.length - 1) ? 1 : x.shape.at(-1)!;
  const deviation = (value: number, index: number): number => square(value - mean[index % inner]!);
  return { mean, variance: Array.from(sumsOver(x, axes, deviation).sums, (sum) => sum / count) };
};

/** Of one row: what float64 says of `x`, normalised. */
const normalised = (x: NdArray<Float32Array>, epsilon: number): Float64Array => {
  const { mean, variance } = moment(x, [...x.shape.keys()]);
  return Float64Array.from(x.data, (value) => (value - mean[0]!) / Math.sqrt(variance[0]! + epsilon));
};

/** Results of unit size, compared with each other's size. */
const ofUnitSize = (numbers: Float64Array): ExactSums => ({
  sums: numbers,
  sizes: new Float64Array(numbers.length).fill(1),
});

const statistics: LargeSum[] = [
  {
    name: 'moments',
    shapes: [[long(20)]],
    run: (x: tf.Tensor) => tf.moments(x).variance,
    exact: (x) => [values(moment(x, [0]).variance)],
    of: ['levels', 'uniform', 'mixed'],
  },
  {
    name: "a batch's means",
    shapes: [[long(16, 1), 6]],
    run: (x: tf.Tensor) => tf.mul(batchMoments(x).mean, x.shape[0]!),
    exact: (x) => [sumsOver(x, [0])],
  },
  {
    name: 'batch moments',
    shapes: [[8, 64, long(10), 8]],
    run: (x: tf.Tensor) => {
      const { mean, variance } = batchMoments(x);
      return [mean, variance];
    },
    exact: (x) => {
      const { mean, variance } = moment(x, [0, 1, 2]);
      return [values(mean), values(variance)];
    },
    of: ['levels', 'uniform'],
  },
  {
    name: "gradient of batch normalisation's bias",
    shapes: [[8, 64, long(10), 8], [8], [8]],
    run: (x: tf.Tensor, scale: tf.Tensor, bias: tf.Tensor) =>
      tf.grad((b: tf.Tensor) => tf.sum(tf.mul(batchNorm(x, batchMoments(x), scale, b), x)))(bias),
    exact: (x) => [sumsOver(x, [0, 1, 2])],
  },
  {
    name: 'layer normalisation of a long row',
    shapes: [[1, long(18)], [long(18)], [long(18)]],
    run: (x: tf.Tensor, scale: tf.Tensor) => layerNorm(x, tf.onesLike(scale), tf.zerosLike(scale), 1e-5),
    exact: (x) => [ofUnitSize(normalised(x, 1e-5))],
    of: ['levels', 'uniform', 'mixed'],
  },
  {
    name: 'group normalisation of a large image',
    shapes: [[1, 256, long(10), 2], [2], [2]],
    run: (x: tf.Tensor, scale: tf.Tensor) =>
      groupNorm(x, tf.onesLike(scale), tf.zerosLike(scale), { groups: 1, epsilon: 1e-5 }),
    exact: (x) => [ofUnitSize(normalised(x, 1e-5))],
    of: ['uniform', 'mixed'],
  },
];

const derived: LargeSum[] = [
  {
    name: 'norm',
    shapes: [[long(20)]],
    run: (x: tf.Tensor) => tf.norm(x),
    exact: (x) => [values([Math.sqrt(sumsOver(x, [0], square).sums[0]!)])],
  },
  {
    name: 'norm of order 1 of rows',
    shapes: [[4, long(18)]],
    run: (x: tf.Tensor) => tf.norm(x, 1, 1),
    exact: (x) => [sumsOver(x, [1], Math.abs)],
  },
  {
    name: 'logSumExp',
    shapes: [[2, long(18)]],
    run: (x: tf.Tensor) => tf.exp(tf.sub(tf.logSumExp(x, 1), Math.log(long(18)))),
    exact: (x) => [values(sumsOver(x, [1], Math.exp).sums.map((sum) => sum / long(18)))],
  },
  {
    name: 'softmax of long rows',
    shapes: [[2, long(18)]],
    run: (x: tf.Tensor) => tf.mul(tf.softmax(x), long(18)),
    exact: (x) => {
      const { sums } = sumsOver(x, [1], Math.exp);
      return [values(Array.from(x.data, (value, i) => (Math.exp(value) * long(18)) / sums[i < long(18) ? 0 : 1]!))];
    },
  },
  {
    name: 'product of factors near 1',
    shapes: [[long(16)]],
    run: (x: tf.Tensor) => tf.prod(tf.add(tf.mul(x, 1e-4), 1)),
    exact: ({ data }) => {
      const factor = (value: number): number => Math.fround(Math.fround(value * Math.fround(1e-4)) + 1);
      return [values([data.reduce((product, value) => product * factor(value), 1)])];
    },
  },
  {
    name: 'dot product',
    shapes: [[long(20)]],
    run: (x: tf.Tensor) => tf.dot(x, tf.onesLike(x)),
    exact: (x) => [sumsOver(x, [0])],
  },
  {
    name: 'einsum of everything',
    shapes: [[256, long(12)]],
    run: (x: tf.Tensor) => tf.einsum('ij,ij->', x, x),
    exact: (x) => [sumsOver(x, [0, 1], square)],
  },
  {
    name: 'weighted mean of many tokens by a product',
    shapes: [
      [4, 1, 1000],
      [4, 1000, 5],
    ],
    run: (w: tf.Tensor, x: tf.Tensor) => tf.matMul(tf.onesLike(w), x),
    exact: (_, x) => [sumsOver(x, [1])],
  },
  {
    name: 'average of a whole image',
    shapes: [[2, 112, 96, 3]],
    run: (x: tf.Tensor4D) => tf.avgPool(x, [112, 96], 1, 'valid'),
    exact: (x) => [sumsOver(x, [1, 2])],
    factor: 1 / (112 * 96),
  },
  {
    name: 'average of large windows',
    shapes: [[1, 80, 60, 2]],
    run: (x: tf.Tensor4D) => tf.avgPool(x, [40, 60], 40, 'valid'),
    exact: ({ data }) => [sumsOver({ data, shape: [2, 40, 60, 2] }, [1, 2])],
    factor: 1 / (40 * 60),
  },
  {
    name: 'average of a whole volume',
    shapes: [[1, 24, 20, 24, 2]],
    run: (x: tf.Tensor5D) => tf.avgPool3d(x, [24, 20, 24], 1, 'valid'),
    exact: (x) => [sumsOver(x, [1, 2, 3])],
    factor: 1 / (24 * 20 * 24),
  },
];

const manyTerms: LargeSum = {
  name: 'addN of 3000 tensors',
  shapes: [[50]],
  run: (x: tf.Tensor) => tf.addN(Array.from({ length: 3000 }, () => x)),
  exact: ({ data }) => [values(Array.from(data, (value) => 3000 * value))],
};

describe(`large sums on ${deviceUnderTest}`, () => {
  const cases = [...reductions, ...cumulativeSums, ...sumsByIndex, ...gradients, ...statistics, ...derived, manyTerms];
  it.for(cases)('$name', async ({ shapes, run, exact, factor = 1, of = fillings }) => {
    await tf.setBackend('ssl');
    const compiled = compile((inputs: tf.Tensor[]) => [run(...(inputs as never[]))].flat());
    const errors: (readonly [string, number])[] = [];
    for (const filling of of) {
      const inputs = shapes.map((shape) => filled(filling, shape));
      const results = await compiled(inputs);
      const expected = exact(...inputs);
      expect(results.map((result) => result.size)).toEqual(expected.map(({ sums }) => sums.length));
      results.forEach((result, index) =>
        errors.push([filling, worstError(result.dataSync(), expected[index]!, factor)]),
      );
      tf.dispose(results);
    }
    compiled.dispose();
    expect(errors.filter(([, error]) => !(error < tolerance))).toEqual([]);
  });

  // TF.js sums by segments in a pass for each.
  const eager = [manyTerms, ...cumulativeSums, ...sumsByIndex.filter(({ name }) => !name.startsWith('segment'))];
  it.for(eager)('$name, op by op', async ({ shapes, run, exact, factor = 1 }) => {
    await tf.setBackend('ssl');
    const x = filled('tenths', shapes[0]!);
    const result = run(tf.tensor(x.data, [...x.shape]) as never) as tf.Tensor;
    expect(worstError(result.dataSync(), exact(x)[0]!, factor)).toBeLessThan(tolerance);
  });
});
