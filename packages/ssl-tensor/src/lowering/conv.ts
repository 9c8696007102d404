import { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { activate } from './matmul.js';
import { input, type KernelAttributes, type Rule, type RuleTable } from './rule.js';

type Conv2dInfo = backend_util.Conv2DInfo;
type Pair = readonly [number, number];

/** Geometry of a convolution along height and width. */
interface Geometry {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  /** Padding before height, before width, after height, after width. */
  readonly pads: readonly [number, number, number, number];
  readonly inSize: Pair;
  readonly outSize: Pair;
}

function infoOf(xShape: readonly number[], filterShape: readonly number[], attributes: KernelAttributes, depthwise: boolean): Conv2dInfo {
  return backend_util.computeConv2DInfo(
    [...xShape] as [number, number, number, number],
    [...filterShape] as [number, number, number, number],
    attributes['strides'] as number | [number, number],
    (attributes['dilations'] as number | [number, number] | undefined) ?? 1,
    attributes['pad'] as never,
    attributes['dimRoundingMode'] as never,
    depthwise,
    backend_util.convertConv2DDataFormat(((attributes['dataFormat'] as string | undefined) ?? 'NHWC') as 'NHWC' | 'NCHW'),
  );
}

function geometryOf(info: Conv2dInfo): Geometry {
  const { padInfo: pad } = info;
  return {
    kernel: [info.filterHeight, info.filterWidth],
    stride: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    pads: [pad.top, pad.left, pad.bottom, pad.right],
    inSize: [info.inHeight, info.inWidth],
    outSize: [info.outHeight, info.outWidth],
  };
}

const toNchw = (b: Builder, x: Value): Value => b.transpose(x, [0, 3, 1, 2]);
const toNhwc = (b: Builder, x: Value): Value => b.transpose(x, [0, 2, 3, 1]);

const attributesOf = (g: Geometry, group: number): Record<string, number | readonly number[]> => ({
  kernel_shape: g.kernel,
  strides: g.stride,
  dilations: g.dilation,
  pads: g.pads,
  group,
});

/** Pads negative where the filter never reaches the edge; ONNX wants a slice there. */
function padImage(b: Builder, x: Value, g: Geometry): Value {
  return b.pad(x, [[0, 0], [g.pads[0], g.pads[2]], [g.pads[1], g.pads[3]], [0, 0]]);
}

/** `[n, h, w, c]` and `[kh, kw, c, o]` to `[n, oh, ow, o]`. */
export function conv2d(b: Builder, x: Value, filter: Value, g: Geometry): Value {
  const [n, , , c] = x.shape as readonly [number, number, number, number];
  const [kh, kw, , o] = filter.shape as readonly [number, number, number, number];
  if (kh * kw === 1 && g.pads.every((pad) => pad === 0)) {
    const strided = stridedTap(b, x, [0, 0], g);
    const rows = b.reshape(strided, [n * g.outSize[0] * g.outSize[1], c]);
    return b.reshape(b.matMul(rows, b.reshape(filter, [c, o])), [n, ...g.outSize, o]);
  }
  const y = b.op('Conv', [toNchw(b, x), b.transpose(filter, [3, 2, 0, 1])], [n, o, ...g.outSize], 'float32', attributesOf(g, 1));
  return toNhwc(b, y);
}

/** Pixels of the padded input that filter tap `(i, j)` sees: `[n, oh, ow, c]`. */
function stridedTap(b: Builder, padded: Value, tap: Pair, g: Geometry): Value {
  const [n, , , c] = padded.shape as readonly [number, number, number, number];
  const begin = [0, tap[0] * g.dilation[0], tap[1] * g.dilation[1], 0];
  const end = [n, begin[1]! + (g.outSize[0] - 1) * g.stride[0] + 1, begin[2]! + (g.outSize[1] - 1) * g.stride[1] + 1, c];
  return b.slice(padded, begin, end, [1, g.stride[0], g.stride[1], 1]);
}

/** Gradient of a convolution with respect to its filter: `[kh, kw, c, o]`. */
export function conv2dFilterGradient(b: Builder, x: Value, dy: Value, g: Geometry): Value {
  const [n, , , c] = x.shape as readonly [number, number, number, number];
  const o = dy.shape[3]!;
  const [kh, kw] = g.kernel;
  const rows = n * g.outSize[0] * g.outSize[1];
  const padded = padImage(b, x, g);
  const gradient = b.reshape(dy, [rows, o]);
  const taps: Value[] = [];
  for (let i = 0; i < kh; i++) for (let j = 0; j < kw; j++) taps.push(stridedTap(b, padded, [i, j], g));
  // One product per tap saves the copy into columns where the product itself is large enough.
  if (taps.length === 1 || g.outSize[0] <= 8) {
    const parts = taps.map((tap) => b.reshape(b.matMul(b.reshape(tap, [rows, c]), gradient, true, false), [1, c, o]));
    return b.reshape(b.concat(parts, 0), [kh, kw, c, o]);
  }
  const columns = b.reshape(b.concat(taps, 3), [rows, kh * kw * c]);
  return b.reshape(b.matMul(columns, gradient, true, false), [kh, kw, c, o]);
}

/** Gradient of a convolution with respect to its input: `[n, h, w, c]`. */
export function conv2dInputGradient(b: Builder, dy: Value, filter: Value, g: Geometry): Value {
  const n = dy.shape[0]!;
  const [kh, kw, c, o] = filter.shape as readonly [number, number, number, number];
  if (kh * kw === 1 && g.stride[0] === 1 && g.stride[1] === 1 && g.pads.every((pad) => pad === 0)) {
    const rows = b.reshape(dy, [n * g.outSize[0] * g.outSize[1], o]);
    return b.reshape(b.matMul(rows, b.reshape(filter, [c, o]), false, true), [n, ...g.inSize, c]);
  }
  const reach = [(kh - 1) * g.dilation[0] + 1, (kw - 1) * g.dilation[1] + 1] as const;
  const uncovered = ([0, 1] as const).map((axis) => g.inSize[axis] - ((g.outSize[axis] - 1) * g.stride[axis] + reach[axis] - g.pads[axis]! - g.pads[axis + 2]!));
  const unitStride = g.stride[0] === 1 && g.stride[1] === 1;
  if (unitStride && uncovered.every((rest) => rest === 0)) {
    const ends = b.int64([-1, -1]);
    const flipped = kh * kw === 1 ? filter : b.op('Slice', [filter, ends, b.int64([-kh - 1, -kw - 1]), b.int64([0, 1]), ends], filter.shape, 'float32');
    const pads = [reach[0] - 1 - g.pads[0], reach[1] - 1 - g.pads[1], reach[0] - 1 - g.pads[2], reach[1] - 1 - g.pads[3]];
    if (pads.every((pad) => pad >= 0)) {
      const attributes = { kernel_shape: g.kernel, strides: [1, 1], dilations: g.dilation, pads, group: 1 };
      return toNhwc(b, b.op('Conv', [toNchw(b, dy), b.transpose(flipped, [2, 3, 0, 1])], [n, c, ...g.inSize], 'float32', attributes));
    }
  }
  return toNhwc(b, transposedConv(b, toNchw(b, dy), b.transpose(filter, [3, 2, 0, 1]), c, g, 1));
}

/** ConvTranspose on `[n, o, oh, ow]` and `[o, c / group, kh, kw]`; pixels that no tap reached get zeros. */
function transposedConv(b: Builder, dy: Value, weights: Value, channels: number, g: Geometry, group: number): Value {
  const n = dy.shape[0]!;
  const full = ([0, 1] as const).map((axis) => (g.outSize[axis] - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1);
  const attributes = { kernel_shape: g.kernel, strides: g.stride, dilations: g.dilation, pads: [0, 0, 0, 0], group };
  const whole = b.op('ConvTranspose', [dy, weights], [n, channels, ...full], 'float32', attributes);
  const missing = ([0, 1] as const).map((axis) => Math.max(0, g.pads[axis]! + g.inSize[axis] - full[axis]!));
  const extended = b.pad(whole, [[0, 0], [0, 0], [0, missing[0]!], [0, missing[1]!]]);
  return b.slice(extended, [0, 0, g.pads[0], g.pads[1]], [n, channels, g.pads[0] + g.inSize[0], g.pads[1] + g.inSize[1]]);
}

const channelsLast = (attributes: KernelAttributes): boolean => attributes['dataFormat'] !== 'NCHW';
const enter = (b: Builder, x: Value, attributes: KernelAttributes): Value => (channelsLast(attributes) ? x : toNhwc(b, x));
const leave = (b: Builder, x: Value, attributes: KernelAttributes): Value => (channelsLast(attributes) ? x : toNchw(b, x));
const last = { dataFormat: 'NHWC' } as const;

const forward: Rule = (b, inputs, attributes) => {
  const x = enter(b, input(inputs, 'x'), attributes);
  const filter = input(inputs, 'filter');
  return leave(b, conv2d(b, x, filter, geometryOf(infoOf(x.shape, filter.shape, { ...attributes, ...last }, false))), attributes);
};

/** `[kh, kw, c, m]` as ONNX's grouped filter `[c * m, 1, kh, kw]`. */
const depthwiseFilter = (b: Builder, filter: Value): Value => {
  const [kh, kw, c, m] = filter.shape as readonly [number, number, number, number];
  return b.reshape(b.transpose(filter, [2, 3, 0, 1]), [c * m, 1, kh, kw]);
};

const depthwise: Rule = (b, inputs, attributes) => {
  const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
  const g = geometryOf(infoOf(x.shape, filter.shape, attributes, true));
  const [, , c, m] = filter.shape as readonly [number, number, number, number];
  return toNhwc(b, b.op('Conv', [toNchw(b, x), depthwiseFilter(b, filter)], [x.shape[0]!, c * m, ...g.outSize], 'float32', attributesOf(g, c)));
};

/** Two-dimensional convolutions and their gradients. */
export const convRules: RuleTable = {
  Conv2D: forward,
  FusedConv2D: (b, inputs, attributes) => {
    const y = forward(b, inputs, attributes) as Value;
    const biased = inputs['bias'] === undefined ? y : b.add(y, inputs['bias']);
    return activate(b, biased, attributes, inputs['preluActivationWeights']);
  },
  Conv2DBackpropInput: (b, inputs, attributes) => {
    const dy = enter(b, input(inputs, 'dy'), attributes);
    const filter = input(inputs, 'filter');
    const shape = attributes['inputShape'] as number[];
    const xShape = channelsLast(attributes) ? shape : [shape[0]!, shape[2]!, shape[3]!, shape[1]!];
    return leave(b, conv2dInputGradient(b, dy, filter, geometryOf(infoOf(xShape, filter.shape, { ...attributes, ...last }, false))), attributes);
  },
  Conv2DBackpropFilter: (b, inputs, attributes) => {
    const [x, dy] = [enter(b, input(inputs, 'x'), attributes), enter(b, input(inputs, 'dy'), attributes)];
    const g = geometryOf(infoOf(x.shape, attributes['filterShape'] as number[], { ...attributes, ...last }, false));
    return conv2dFilterGradient(b, x, dy, g);
  },
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: (b, inputs, attributes) => {
    const y = depthwise(b, inputs, attributes) as Value;
    const biased = inputs['bias'] === undefined ? y : b.add(y, inputs['bias']);
    return activate(b, biased, attributes, inputs['preluActivationWeights']);
  },
  DepthwiseConv2dNativeBackpropInput: (b, inputs, attributes) => {
    const [dy, filter] = [input(inputs, 'dy'), input(inputs, 'filter')];
    const g = geometryOf(infoOf(attributes['inputShape'] as number[], filter.shape, attributes, true));
    const channels = filter.shape[2]!;
    return toNhwc(b, transposedConv(b, toNchw(b, dy), depthwiseFilter(b, filter), channels, g, channels));
  },
  DepthwiseConv2dNativeBackpropFilter: (b, inputs, attributes) => {
    const [x, dy] = [input(inputs, 'x'), input(inputs, 'dy')];
    const shape = attributes['filterShape'] as [number, number, number, number];
    const g = geometryOf(infoOf(x.shape, shape, attributes, true));
    const [n, , , c] = x.shape as readonly [number, number, number, number];
    const multiplier = shape[3];
    const padded = padImage(b, x, g);
    const gradient = b.reshape(dy, [n, ...g.outSize, c, multiplier]);
    const taps: Value[] = [];
    for (let i = 0; i < shape[0]; i++) {
      for (let j = 0; j < shape[1]; j++) {
        const tap = b.reshape(stridedTap(b, padded, [i, j], g), [n, ...g.outSize, c, 1]);
        taps.push(b.reduce('ReduceSum', b.mul(tap, gradient), [0, 1, 2], false));
      }
    }
    return b.reshape(b.concat(taps, 0), shape);
  },
};
