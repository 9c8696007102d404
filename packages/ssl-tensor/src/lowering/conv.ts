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

function infoOf(
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

function geometryOf(info: Conv2dInfo): Geometry {
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

const toNchw = (b: Builder, x: Value): Value => b.transpose(x, [0, 3, 1, 2]);
const toNhwc = (b: Builder, x: Value): Value => b.transpose(x, [0, 2, 3, 1]);

const attributesOf = (g: Geometry, group: number): Record<string, number | readonly number[]> => ({
  kernel_shape: g.kernel,
  strides: g.stride,
  dilations: g.dilation,
  pads: g.pads,
  group,
});

/** Input channels from which one gather of whole pixels is the fastest way to make columns. */
const gatherChannels = 8;

/** Output pixels up to which one product over all images beats the runtime's product per image. */
const smallImage = 64;

/**
 * True where the forward product uses the same columns as the filter gradient: strided ones are small enough to keep,
 * and on small images the runtime's own convolution is slow.
 */
const sharesColumns = (c: number, g: Geometry): boolean =>
  c >= gatherChannels && (g.stride[0] * g.stride[1] >= 4 || g.outSize[0] * g.outSize[1] <= smallImage);

/**
 * Pixels of `[n, h, w, c]` by index, `[n, indices, c]`; index `h * w` is a pixel of zeros, which stands for the padding.
 */
function gatherPixels(b: Builder, x: Value, indices: Int32Array): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const pixels = b.reshape(x, [n, h * w, c]);
  const source = indices.includes(h * w)
    ? b.pad(pixels, [
        [0, 0],
        [0, 1],
        [0, 0],
      ])
    : pixels;
  return b.gather(source, b.constant(indices, [indices.length], 'int32'), 1);
}

/** The pixels under the filter at every output position, `[n * oh * ow, kh * kw * c]`. */
function columns(b: Builder, x: Value, g: Geometry): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const [kh, kw] = g.kernel;
  const indices = new Int32Array(g.outSize[0] * g.outSize[1] * kh * kw);
  let next = 0;
  for (let oy = 0; oy < g.outSize[0]; oy++) {
    for (let ox = 0; ox < g.outSize[1]; ox++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const row = oy * g.stride[0] + i * g.dilation[0] - g.pads[0];
          const column = ox * g.stride[1] + j * g.dilation[1] - g.pads[1];
          const inside = row >= 0 && row < h && column >= 0 && column < w;
          indices[next++] = inside ? row * w + column : h * w;
        }
      }
    }
  }
  return b.reshape(gatherPixels(b, x, indices), [n * g.outSize[0] * g.outSize[1], kh * kw * c]);
}

/**
 * Gradient with respect to the input as products over columns of `dy`: the input pixels that the same taps reach (one
 * class per residue of the stride) share a product, and no product is wasted on zeros between strides.
 */
function inputGradientByColumns(b: Builder, dy: Value, filter: Value, g: Geometry): Value {
  const n = dy.shape[0]!;
  const [kh, kw, c, o] = filter.shape as readonly [number, number, number, number];
  const [h, w] = g.inSize;
  const [oh, ow] = g.outSize;
  const taps = b.reshape(filter, [kh * kw, c, o]);
  const classes = new Map<string, { taps: number[]; pixels: number[]; sources: number[] }>();
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const reached: number[] = [];
      const sources: number[] = [];
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const [row, column] = [y + g.pads[0] - i * g.dilation[0], x + g.pads[1] - j * g.dilation[1]];
          if (row % g.stride[0] !== 0 || column % g.stride[1] !== 0) continue;
          const [oy, ox] = [row / g.stride[0], column / g.stride[1]];
          reached.push(i * kw + j);
          sources.push(oy >= 0 && oy < oh && ox >= 0 && ox < ow ? oy * ow + ox : oh * ow);
        }
      }
      const key = reached.join(',');
      const group = classes.get(key) ?? { taps: reached, pixels: [], sources: [] };
      classes.set(key, group);
      group.pixels.push(y * w + x);
      group.sources.push(...sources);
    }
  }
  const parts: Value[] = [];
  const order = new Int32Array(h * w);
  let placed = 0;
  for (const group of classes.values()) {
    group.pixels.forEach((pixel, index) => (order[pixel] = placed + index));
    placed += group.pixels.length;
    if (group.taps.length === 0) {
      parts.push(b.splat(0, [n, group.pixels.length, c]));
      continue;
    }
    const rows = b.reshape(gatherPixels(b, dy, Int32Array.from(group.sources)), [
      n * group.pixels.length,
      group.taps.length * o,
    ]);
    const all = group.taps.length === kh * kw;
    const chosen = all
      ? taps
      : b.gather(taps, b.constant(Int32Array.from(group.taps), [group.taps.length], 'int32'), 0);
    const weights = b.reshape(b.transpose(chosen, [0, 2, 1]), [group.taps.length * o, c]);
    parts.push(b.reshape(b.matMul(rows, weights), [n, group.pixels.length, c]));
  }
  const grouped = b.concat(parts, 1);
  const inOrder = order.every((place, pixel) => place === pixel);
  return b.reshape(inOrder ? grouped : b.gather(grouped, b.constant(order, [h * w], 'int32'), 1), [n, h, w, c]);
}

/** Columns of an image of few channels, `[kh * kw * c, n * oh * ow]`: whole rows are copied per tap. */
function tapMajorColumns(b: Builder, x: Value, g: Geometry): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const planes = b.pad(b.transpose(x, [3, 0, 1, 2]), [
    [0, 0],
    [0, 0],
    [g.pads[0], g.pads[2]],
    [g.pads[1], g.pads[3]],
  ]);
  const taps: Value[] = [];
  for (let i = 0; i < g.kernel[0]; i++) {
    for (let j = 0; j < g.kernel[1]; j++) {
      const [top, left] = [i * g.dilation[0], j * g.dilation[1]];
      const end = [
        c,
        n,
        Math.min(h + g.pads[0] + g.pads[2], top + (g.outSize[0] - 1) * g.stride[0] + 1),
        Math.min(w + g.pads[1] + g.pads[3], left + (g.outSize[1] - 1) * g.stride[1] + 1),
      ];
      taps.push(b.slice(planes, [0, 0, top, left], end, [1, 1, g.stride[0], g.stride[1]]));
    }
  }
  return b.reshape(b.concat(taps, 0), [g.kernel[0] * g.kernel[1] * c, n * g.outSize[0] * g.outSize[1]]);
}

/** `[n, h, w, c]` and `[kh, kw, c, o]` to `[n, oh, ow, o]`. */
export function conv2d(b: Builder, x: Value, filter: Value, g: Geometry): Value {
  const [n, , , c] = x.shape as readonly [number, number, number, number];
  const [kh, kw, , o] = filter.shape as readonly [number, number, number, number];
  const pointwise = kh * kw === 1 && g.pads.every((pad) => pad === 0) && g.stride[0] === 1 && g.stride[1] === 1;
  if (b.device === 'cpu' && (pointwise || sharesColumns(c, g))) {
    const rows = pointwise ? b.reshape(x, [n * g.outSize[0] * g.outSize[1], c]) : columns(b, x, g);
    return b.reshape(b.matMul(rows, b.reshape(filter, [kh * kw * c, o])), [n, ...g.outSize, o]);
  }
  const y = b.op(
    'Conv',
    [toNchw(b, x), b.transpose(filter, [3, 2, 0, 1])],
    [n, o, ...g.outSize],
    'float32',
    attributesOf(g, 1),
  );
  return toNhwc(b, y);
}

/** Gradient of a convolution with respect to its filter: `[kh, kw, c, o]`. */
export function conv2dFilterGradient(b: Builder, x: Value, dy: Value, g: Geometry): Value {
  const c = x.shape[3]!;
  const o = dy.shape[3]!;
  const [kh, kw] = g.kernel;
  const gradient = b.reshape(dy, [dy.shape[0]! * g.outSize[0] * g.outSize[1], o]);
  const pointwise = kh * kw === 1 && g.pads.every((pad) => pad === 0) && g.stride[0] === 1 && g.stride[1] === 1;
  if (pointwise) return b.reshape(b.matMul(b.reshape(x, [gradient.shape[0]!, c]), gradient, true, false), [1, 1, c, o]);
  const product =
    c >= gatherChannels
      ? b.matMul(columns(b, x, g), gradient, true, false)
      : b.matMul(tapMajorColumns(b, x, g), gradient);
  return b.reshape(product, [kh, kw, c, o]);
}

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

/** Gradient of a convolution with respect to its input: `[n, h, w, c]`. */
export function conv2dInputGradient(b: Builder, dy: Value, filter: Value, g: Geometry): Value {
  const n = dy.shape[0]!;
  const [kh, kw, c, o] = filter.shape as readonly [number, number, number, number];
  if (kh * kw === 1 && g.stride[0] === 1 && g.stride[1] === 1 && g.pads.every((pad) => pad === 0)) {
    const rows = b.reshape(dy, [n * g.outSize[0] * g.outSize[1], o]);
    return b.reshape(b.matMul(rows, b.reshape(filter, [c, o]), false, true), [n, ...g.inSize, c]);
  }
  if (b.device === 'cpu' && o >= gatherChannels && g.outSize[0] * g.outSize[1] <= smallImage)
    return inputGradientByColumns(b, dy, filter, g);
  const reach = [(kh - 1) * g.dilation[0] + 1, (kw - 1) * g.dilation[1] + 1] as const;
  const uncovered = ([0, 1] as const).map(
    (axis) =>
      g.inSize[axis] - ((g.outSize[axis] - 1) * g.stride[axis] + reach[axis] - g.pads[axis]! - g.pads[axis + 2]!),
  );
  const unitStride = g.stride[0] === 1 && g.stride[1] === 1;
  if (unitStride && uncovered.every((rest) => rest === 0)) {
    const ends = b.int64([-1, -1]);
    const flipped =
      kh * kw === 1
        ? filter
        : b.op('Slice', [filter, ends, b.int64([-kh - 1, -kw - 1]), b.int64([0, 1]), ends], filter.shape, 'float32');
    const pads = [
      reach[0] - 1 - g.pads[0],
      reach[1] - 1 - g.pads[1],
      reach[0] - 1 - g.pads[2],
      reach[1] - 1 - g.pads[3],
    ];
    if (pads.every((pad) => pad >= 0)) {
      const attributes = { kernel_shape: g.kernel, strides: [1, 1], dilations: g.dilation, pads, group: 1 };
      return toNhwc(
        b,
        b.op('Conv', [toNchw(b, dy), b.transpose(flipped, [2, 3, 0, 1])], [n, c, ...g.inSize], 'float32', attributes),
      );
    }
  }
  return toNhwc(b, transposedConv(b, toNchw(b, dy), b.transpose(filter, [3, 2, 0, 1]), c, g, 1));
}

/** ConvTranspose on `[n, o, oh, ow]` and `[o, c / group, kh, kw]`; pixels that no tap reached get zeros. */
function transposedConv(b: Builder, dy: Value, weights: Value, channels: number, g: Geometry, group: number): Value {
  const n = dy.shape[0]!;
  const full = ([0, 1] as const).map(
    (axis) => (g.outSize[axis] - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1,
  );
  const attributes = { kernel_shape: g.kernel, strides: g.stride, dilations: g.dilation, pads: [0, 0, 0, 0], group };
  const whole = b.op('ConvTranspose', [dy, weights], [n, channels, ...full], 'float32', attributes);
  const missing = ([0, 1] as const).map((axis) => Math.max(0, g.pads[axis]! + g.inSize[axis] - full[axis]!));
  const extended = b.pad(whole, [
    [0, 0],
    [0, 0],
    [0, missing[0]!],
    [0, missing[1]!],
  ]);
  return b.slice(
    extended,
    [0, 0, g.pads[0], g.pads[1]],
    [n, channels, g.pads[0] + g.inSize[0], g.pads[1] + g.inSize[1]],
  );
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
