import { backend_util } from '@tensorflow/tfjs-core';
import { conv3d, conv3dFilterGradient, conv3dInputGradient } from './conv3d.js';
import { avgPool3d, avgPool3dGradient, maxPool3d, maxPool3dGradient } from './pool3d.js';
import { input, type KernelAttributes, type RuleTable } from './rule.js';
import type { Windows } from './windows.js';

type Info = backend_util.Conv3DInfo;
type Shape = [number, number, number, number, number];

const windowsOf = (info: Info): Windows => ({
  kernel: [info.filterDepth, info.filterHeight, info.filterWidth],
  stride: [info.strideDepth, info.strideHeight, info.strideWidth],
  dilation: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
  before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  inSize: [info.inDepth, info.inHeight, info.inWidth],
  outSize: [info.outDepth, info.outHeight, info.outWidth],
});

const convWindows = (
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, dilations, pad }: KernelAttributes,
): Windows =>
  windowsOf(
    backend_util.computeConv3DInfo(
      [...xShape] as Shape,
      [...filterShape] as Shape,
      strides as number,
      (dilations as number | undefined) ?? 1,
      pad as never,
    ),
  );

/** Windows of a pooling kernel's call on `[n, d, h, w, c]`. */
export const poolWindows3d = (
  shape: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: KernelAttributes,
): Windows =>
  windowsOf(
    backend_util.computePool3DInfo(
      [...shape] as Shape,
      filterSize as number,
      strides as number,
      1,
      pad as never,
      dimRoundingMode as never,
    ),
  );

/** Convolutions and pooling over depth, height and width, `[n, d, h, w, c]`, and their gradients. */
export const volumeRules = {
  Conv3D: (b, inputs, attributes) => {
    const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
    return conv3d(b, x, filter, convWindows(x.shape, filter.shape, attributes));
  },
  Conv3DBackpropInputV2: (b, inputs, attributes) => {
    const [dy, filter] = [input(inputs, 'dy'), input(inputs, 'filter')];
    return conv3dInputGradient(
      b,
      dy,
      filter,
      convWindows(attributes['inputShape'] as number[], filter.shape, attributes),
    );
  },
  Conv3DBackpropFilterV2: (b, inputs, attributes) => {
    const [x, dy] = [input(inputs, 'x'), input(inputs, 'dy')];
    return conv3dFilterGradient(b, x, dy, convWindows(x.shape, attributes['filterShape'] as number[], attributes));
  },
  MaxPool3D: (b, inputs, attributes) => {
    const x = b.cast(input(inputs, 'x'), 'float32');
    return maxPool3d(b, x, poolWindows3d(x.shape, attributes));
  },
  MaxPool3DGrad: (b, inputs, attributes) => {
    const x = input(inputs, 'input');
    return maxPool3dGradient(b, input(inputs, 'dy'), x, poolWindows3d(x.shape, attributes));
  },
  AvgPool3D: (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    return avgPool3d(b, x, poolWindows3d(x.shape, attributes));
  },
  AvgPool3DGrad: (b, inputs, attributes) =>
    avgPool3dGradient(b, input(inputs, 'dy'), poolWindows3d(input(inputs, 'input').shape, attributes)),
} satisfies RuleTable;
