import { type BlockLengths, type BlockSums, blockSums, divisorOf, sumOfMiddle } from './block-sums.js';
import type { Builder, Target } from './builder.js';
import { toFloat64 } from './float64.js';
import { sizeOf, type Value } from './value.js';

/** How many numbers a runtime may add on its own: neighbours in memory, whole rows, and over several runs of axes. */
export interface DirectSums {
  readonly neighbours: number;
  readonly rows: number;
  readonly several: number;
}

/** How far float32 is good for on a device: to 1e-6 of the sum of absolute values, equal numbers included. */
interface Reach {
  readonly direct: DirectSums;
  readonly blocks: BlockLengths;
  /** Whether the sums of blocks are added in float64. */
  readonly float64: boolean;
}

const onProcessor: Reach = {
  direct: { neighbours: 256, rows: 200, several: 64 },
  blocks: { shortest: 4, neighbours: [32, 256], rows: [16, 200], rowLength: 16_384 },
  float64: true,
};

/** WGSL has no float64. A sum is that of a workgroup, whose lanes add 32 numbers each of 2,048. */
const inShaders: Reach = {
  direct: { neighbours: 2048, rows: 2048, several: 2048 },
  blocks: { shortest: 512, neighbours: [512, 2048], rows: [512, 2048], rowLength: 1 },
  float64: false,
};

const reachOf = (device: Target): Reach => (device === 'webgpu' ? inShaders : onProcessor);

/** Neighbouring axes as one. */
export interface Run {
  readonly size: number;
  readonly summed: boolean;
}

/** A shape as runs of axes that are summed and of such that stay. */
export function runsOf(shape: readonly number[], axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  shape.forEach((size, axis) => {
    const summed = axes.includes(axis);
    if (size === 1) return;
    const last = runs.at(-1);
    if (last?.summed === summed) runs[runs.length - 1] = { size: last.size * size, summed };
    else runs.push({ size, summed });
  });
  return runs;
}

const sizesOf = (runs: readonly Run[]): number[] => runs.map(({ size }) => size);
/** How many numbers each sum has. */
export const countOf = (runs: readonly Run[]): number => sizeOf(sizesOf(runs.filter(({ summed }) => summed)));

/** True where there are so few numbers to add that the runtime's own sum is as good. */
export const isShort = (runs: readonly Run[], { neighbours, rows, several }: DirectSums): boolean => {
  const isOne = runs.filter(({ summed }) => summed).length === 1;
  return countOf(runs) <= (!isOne ? several : runs.at(-1)!.summed ? neighbours : rows);
};

/** Index of the longest summed run. */
export const longestOf = (runs: readonly Run[]): number =>
  runs.reduce((best, { size, summed }, index) => (summed && size > (runs[best]?.size ?? 0) ? index : best), -1);

/** `[outer, run, inner]` */
export const around = (runs: readonly Run[], index: number): [number, number, number] => [
  sizeOf(sizesOf(runs.slice(0, index))),
  runs[index]!.size,
  sizeOf(sizesOf(runs.slice(index + 1))),
];

/** Sum over the runs that are summed, in one op. */
function sumOfRuns(b: Builder, x: Value, runs: readonly Run[]): Value {
  if (countOf(runs) === 1) return x;
  const axes = [...runs.keys()].filter((index) => runs[index]!.summed);
  const kept = runs.filter(({ summed }) => !summed);
  return b.op('ReduceSum', [b.reshape(x, sizesOf(runs)), b.int64(axes)], sizesOf(kept), x.type, { keepdims: 0 });
}

/** Sum in float64 of what {@link blockSums} has left of the run at `index`, and of the other runs. */
function sumOfBlocks(b: Builder, { sums, together }: BlockSums, runs: readonly Run[], index: number): Value {
  const rows = sumOfMiddle(b, toFloat64(b, sums));
  return sumOfRuns(b, rows, runs.with(index, { size: together, summed: true }));
}

/**
 * Sum or mean over axes in two stages: short blocks in float32, then their sums in float64. Undefined where there are so
 * few numbers to add that the runtime's own sum is as good.
 *
 * The runtime adds in float32, one number after the other on a few lanes: equal numbers are then all rounded to the same
 * side, 2^24 times 0.1 lose 1.7 % (docs/decisions/009).
 *
 * @returns a value with as many elements as the reduction has
 */
export function longSum(b: Builder, op: string, x: Value, axes: readonly number[]): Value | undefined {
  // How a portable file's sums are added is up to its runtime, and depends on no size.
  if (b.device === 'portable' || x.type !== 'float32' || (op !== 'ReduceSum' && op !== 'ReduceMean')) return undefined;
  const { direct, blocks, float64 } = reachOf(b.device);
  const whole = runsOf(x.shape, axes);
  if (isShort(whole, direct)) return undefined;
  const count = countOf(whole);
  const isMean = op === 'ReduceMean';
  let [sums, runs, index] = [x, whole, longestOf(whole)];
  if (float64) {
    const parts = blockSums(b, b.reshape(x, around(whole, index)), blocks);
    const total = sumOfBlocks(b, parts, whole, index);
    return b.cast(isMean ? b.div(total, toFloat64(b, b.scalar(count, 'int32'))) : total, 'float32');
  }
  while (!isShort(runs, direct)) {
    index = longestOf(runs);
    const parts = blockSums(b, b.reshape(sums, around(runs, index)), blocks);
    sums = parts.sums;
    runs = runs.with(index, { size: sums.shape[1]! * parts.together, summed: true });
  }
  const total = sumOfRuns(b, sums, runs);
  return isMean ? b.mul(total, b.scalar(1 / count)) : total;
}

/** How many of `rows` to add in float32 at a time; undefined where they do not divide. */
export const rowsOfBlock = (rows: number): number | undefined => divisorOf(rows, ...onProcessor.blocks.rows);

/**
 * Sum of rows that are sums of blocks already, on a device that has float64.
 *
 * @param sums `[parts, together * channels]`
 * @returns `[channels]`
 */
export function totalOfRows(b: Builder, sums: Value, together: number): Value {
  const [parts, width] = sums.shape as [number, number];
  const row = sumOfMiddle(b, toFloat64(b, b.reshape(sums, [1, parts, width])));
  const total = sumOfMiddle(b, b.reshape(row, [1, together, width / together]));
  return b.cast(b.reshape(total, [width / together]), 'float32');
}
