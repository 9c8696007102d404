import * as tf from '@tensorflow/tfjs-core';
import { fewTerms } from '../backend/eager-sums.js';
import { positiveAxis } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import { poolWindows } from '../lowering/pool.js';
import { poolWindows3d } from '../lowering/volume.js';
import { averages, averagesGradient } from './averages-of-windows.js';
import { einsumAsSum, vectorProduct } from './products-as-sums.js';
import { sumByNumber } from './sums-by-number.js';
import { sumInStages } from './sum-in-stages.js';

type Inputs = Readonly<Record<string, tf.Tensor>>;
type Attributes = Readonly<Record<string, unknown>>;

/** Factors that float32 multiplies well: their errors add up, whatever their signs. */
const fewFactors = 8;
/** Terms of a cumulative sum, or of a sum by place, that TensorFlow adds to 1e-6. */
const fewSteps = 64;

const isFloat = (x: tf.Tensor | undefined): boolean => x?.dtype === 'float32';
const axesOf = (x: tf.Tensor, { axis }: Attributes): number[] => tf.util.parseAxisParam(axis as number[], x.shape);
/** How long the one axis is that the kernel goes along. */
const lengthOf = (x: tf.Tensor, { axis }: Attributes): number => x.shape[positiveAxis(axis as number, x.shape.length)]!;

/** Kernels that add or multiply so many floats that TensorFlow's own are off by more than 1e-6: those that run on the host. */
export const hostSums: Readonly<Record<string, (attributes: Attributes, inputs: Inputs) => boolean>> = {
  AddN: (_, inputs) => Object.values(inputs).length > fewTerms && isFloat(inputs[0]),
  Bincount: (_, { x, weights }) => isFloat(weights) && x!.size > fewSteps,
  Cumprod: (attributes, { x }) => isFloat(x) && lengthOf(x!, attributes) > fewFactors,
  Cumsum: (attributes, { x }) => isFloat(x) && lengthOf(x!, attributes) > fewSteps,
  Prod: (attributes, { x }) => isFloat(x) && sizeOf(axesOf(x!, attributes).map((axis) => x!.shape[axis]!)) > fewFactors,
  ScatterNd: (_, { indices, updates }) => isFloat(updates) && indices!.size > fewSteps,
};

/** Likewise, those whose result TensorFlow makes a part of: undefined where its own kernel is as good. */
export const longSums: Readonly<Record<string, (attributes: Attributes, inputs: Inputs) => tf.Tensor | undefined>> = {
  AvgPool: (attributes, { x }) => averages(x!, poolWindows(x!.shape, attributes), attributes['pad']),
  AvgPool3D: (attributes, { x }) => averages(x!, poolWindows3d(x!.shape, attributes), attributes['pad']),
  AvgPool3DGrad: (attributes, { dy, input }) =>
    averagesGradient(dy!, poolWindows3d(input!.shape, attributes), attributes['pad']),
  AvgPoolGrad: (attributes, { dy, input }) =>
    averagesGradient(dy!, poolWindows(input!.shape, attributes), attributes['pad']),
  BatchMatMul: ({ transposeA, transposeB }, { a, b }) =>
    isFloat(a) && isFloat(b) ? vectorProduct(a!, b!, transposeA === true, transposeB === true) : undefined,
  Einsum: ({ equation }, operands) => {
    const tensors = Object.values(operands);
    return tensors.every(isFloat) ? einsumAsSum(tensors, equation as string) : undefined;
  },
  Mean: (attributes, { x }) => sumInStages(x!, axesOf(x!, attributes), attributes['keepDims'] === true, true),
  Sum: (attributes, { x }) =>
    isFloat(x) ? sumInStages(x!, axesOf(x!, attributes), attributes['keepDims'] === true, false) : undefined,
  UnsortedSegmentSum: ({ numSegments }, { x, segmentIds }) =>
    isFloat(x) ? sumByNumber(x!, segmentIds!, numSegments as number) : undefined,
};
