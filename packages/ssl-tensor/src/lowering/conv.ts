import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { conv2d, conv2dFilterGradient, conv2dInputGradient, transposedConv } from './conv2d.js';
import { attributesOf, type Geometry, geometryOf, infoOf, type Pair, toNchw, toNhwc } from './conv-geometry.js';
import { activate } from './matmul.js';
import { input, type KernelAttributes, type Rule, type RuleTable } from './rule.js';

/** Pixels of the padded input that filter tap `(i, j)` sees: `[n, oh, ow, c]`. */
function stridedTap(b: Builder, padded: Value, tap: Pair, g: Geometry): Value {
  const [n, , , c] = padded.shape as readonly [number, number, number, number];
  const begin = [0, tap[0] * g.dilation[0], tap[1] * g.dilation[1], 0];
  const end = [
    n,
    begin[1]! + (g.outSize[0] - 1) * g.stride[0] + 1,
    begin[2]! + (g.outSize[1] - 1) * g.stride[1] + 1,
    c,
  ];
  return b.slice(padded, begin, end, [1, g.stride[0], g.stride[1], 1]);
}

const channelsLast = (attributes: KernelAttributes): boolean => attributes['dataFormat'] !== 'NCHW';
const enter = (b: Builder, x: Value, attributes: KernelAttributes): Value =>
  channelsLast(attributes) ? x : toNhwc(b, x);
const leave = (b: Builder, x: Value, attributes: KernelAttributes): Value =>
  channelsLast(attributes) ? x : toNchw(b, x);
const last = { dataFormat: 'NHWC' } as const;

const forward: Rule = (b, inputs, attributes) => {
  const x = enter(b, input(inputs, 'x'), attributes);
  const filter = input(inputs, 'filter');
  return leave(
    b,
    conv2d(b, x, filter, geometryOf(infoOf(x.shape, filter.shape, { ...attributes, ...last }, false))),
    attributes,
  );
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
  return toNhwc(
    b,
    b.op(
      'Conv',
      [toNchw(b, x), depthwiseFilter(b, filter)],
      [x.shape[0]!, c * m, ...g.outSize],
      'float32',
      attributesOf(g, c),
    ),
  );
};

/** Terms that one chain of float32 sums takes. */
const longestChain = 256;

/**
 * The gradient of a depthwise filter as a convolution of each image's channels with their own gradients, some rows at a
 * time so that no chain of sums is long; their sums are added at the end. A pass over the image for each chunk in place of
 * one for each tap.
 */
function depthwiseFilterGradient(b: Builder, padded: Value, dy: Value, g: Geometry): Value {
  const [n, , , c] = padded.shape as readonly [number, number, number, number];
  const [kh, kw] = g.kernel;
  const [images, gradients] = [toNchw(b, padded), toNchw(b, dy)];
  const [height, width] = g.outSize;
  const reach = (places: number, axis: 0 | 1): number =>
    (places - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1;
  const rows = Math.max(1, Math.floor(longestChain / width));
  const parts: Value[] = [];
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    const from = top * g.stride[0];
    const [tall, wide] = [reach(count, 0), reach(width, 1)];
    const seen = b.slice(images, [0, 0, from, 0], [n, c, from + tall, wide]);
    const own = b.slice(gradients, [0, 0, top, 0], [n, c, top + count, width]);
    const attributes = {
      kernel_shape: [count, width],
      strides: g.dilation,
      dilations: g.stride,
      pads: [0, 0, 0, 0],
      group: n * c,
    };
    const operands = [b.reshape(seen, [1, n * c, tall, wide]), b.reshape(own, [n * c, 1, count, width])];
    const part = b.op('Conv', operands, [1, n * c, kh, kw], 'float32', attributes);
    parts.push(b.reshape(part, [n, c, kh * kw]));
  }
  const sum = b.reduce('ReduceSum', b.concat(parts, 0), [0], false);
  return b.reshape(b.transpose(sum, [1, 0]), [kh, kw, c, 1]);
}

/** Two-dimensional convolutions and their gradients. */
export const convRules = {
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
    return leave(
      b,
      conv2dInputGradient(b, dy, filter, geometryOf(infoOf(xShape, filter.shape, { ...attributes, ...last }, false))),
      attributes,
    );
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
    const padded = b.pad(x, [
      [0, 0],
      [g.pads[0], g.pads[2]],
      [g.pads[1], g.pads[3]],
      [0, 0],
    ]);
    if (b.device === 'cpu' && multiplier === 1 && shape[0] * shape[1] > 9)
      return depthwiseFilterGradient(b, padded, dy, g);
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
} satisfies RuleTable;
