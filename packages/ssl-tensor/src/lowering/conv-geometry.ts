import { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { KernelAttributes } from './rule.js';

type Conv2dInfo = backend_util.Conv2DInfo;
export type Pair = readonly [number, number];

/** Geometry of a convolution along height and width. */
export interface Geometry {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Padding before height, before width, after height, after width. */
  readonly pads: readonly [number, number, number, number];
  readonly inSize: Pair;
  readonly outSize: Pair;
}

export function infoOf(
  xShape: readonly number[],
  filterShape: readonly number[],
  attributes: KernelAttributes,
  depthwise: boolean,
): Conv2dInfo {
  return backend_util.computeConv2DInfo(
    [...xShape] as [number, number, number, number],
    [...filterShape] as [number, number, number, number],
    attributes['strides'] as number | [number, number],
    (attributes['dilations'] as number | [number, number] | undefined) ?? 1,
    attributes['pad'] as never,
    attributes['dimRoundingMode'] as never,
    depthwise,
    backend_util.convertConv2DDataFormat(
      ((attributes['dataFormat'] as string | undefined) ?? 'NHWC') as 'NHWC' | 'NCHW',
    ),
  );
}

export function geometryOf(info: Conv2dInfo): Geometry {
  const { padInfo: pad } = info;
  // Rounding up makes windows that end outside.
  const bottom =
    (info.outHeight - 1) * info.strideHeight +
    (info.filterHeight - 1) * info.dilationHeight +
    1 -
    info.inHeight -
    pad.top;
  const right =
    (info.outWidth - 1) * info.strideWidth + (info.filterWidth - 1) * info.dilationWidth + 1 - info.inWidth - pad.left;
  return {
    kernel: [info.filterHeight, info.filterWidth],
    stride: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    pads: [pad.top, pad.left, Math.max(pad.bottom, bottom), Math.max(pad.right, right)],
    inSize: [info.inHeight, info.inWidth],
    outSize: [info.outHeight, info.outWidth],
  };
}

export const toNchw = (b: Builder, x: Value): Value => b.transpose(x, [0, 3, 1, 2]);
export const toNhwc = (b: Builder, x: Value): Value => b.transpose(x, [0, 2, 3, 1]);

export const attributesOf = (g: Geometry, group: number): Record<string, number | readonly number[]> => ({
  kernel_shape: g.kernel,
  strides: g.stride,
  dilations: g.dilation,
  pads: g.pads,
  group,
});
