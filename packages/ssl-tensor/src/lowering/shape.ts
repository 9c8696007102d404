import { slice_util, util, type DataType } from '@tensorflow/tfjs-core';
import { positiveAxis, type Builder } from '../graph/builder.js';
import type { Value, ValueType } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';
import { toInt32 } from './to-int32.js';

const asTensor = (x: Value): never => ({ shape: [...x.shape], rank: x.shape.length }) as never;

/** A shape as an int32 vector, with ones before it up to `rank`. */
const withRank = (b: Builder, shape: Value, rank: number): Value => b.pad(shape, [[rank - shape.shape[0]!, 0]], 1);

/** A strided slice as one Gather per axis: ONNX Runtime 1.30's WebGPU provider takes wrong elements at steps below -1. */
const pickedByStrides = (
  b: Builder,
  x: Value,
  { begin, strides, finalShapeSparse: sizes }: { begin: number[]; strides: number[]; finalShapeSparse: number[] },
): Value =>
  sizes.reduce((value, size, axis) => {
    const places = Array.from({ length: size }, (_, index) => begin[axis]! + index * strides[axis]!);
    return b.op('Gather', [value, b.int64(places)], value.shape.with(axis, size), x.type, { axis });
  }, x);

/** Kernels that move, cut or join elements. */
export const shapeRules = {
  Identity: (_, inputs) => input(inputs, 'x'),
  Cast: (b, inputs, { dtype }) => {
    const x = input(inputs, 'x');
    return dtype === 'int32' ? toInt32(b, x) : b.cast(x, dtype as ValueType & DataType);
  },
  Reshape: (b, inputs, { shape }) => {
    const x = input(inputs, 'x');
    return b.reshape(x, util.inferFromImplicitShape(shape as number[], sizeOf(x.shape)));
  },
  ExpandDims: (b, inputs, { dim }) => {
    const x = input(inputs, 'input');
    const shape = [...x.shape];
    shape.splice(positiveAxis(dim as number, x.shape.length + 1), 0, 1);
    return b.reshape(x, shape);
  },
  Transpose: (b, inputs, { perm }) => b.transpose(input(inputs, 'x'), perm as number[]),
  Slice: (b, inputs, { begin, size }) => {
    const x = input(inputs, 'x');
    const [from, sizes] = slice_util.parseSliceParams(asTensor(x), begin as number[], size as number[]);
    return b.slice(
      x,
      from!,
      from!.map((start, axis) => start + sizes![axis]!),
    );
  },
  StridedSlice: (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const a = attributes as Record<string, number> & { begin: number[]; end: number[]; strides: number[] };
    const info = slice_util.sliceInfo(
      [...x.shape],
      a.begin,
      a.end,
      a.strides,
      a['beginMask']!,
      a['endMask']!,
      a['ellipsisMask']!,
      a['newAxisMask']!,
      a['shrinkAxisMask']!,
    );
    if (info.finalShapeSparse.some((dimension) => dimension === 0)) return b.splat(0, info.finalShape, x.type);
    const axes = info.begin.map((_, axis) => axis);
    if (b.device === 'webgpu' && info.strides.some((stride) => stride < -1))
      return b.reshape(pickedByStrides(b, x, info), info.finalShape);
    const cut = b.op(
      'Slice',
      [
        x,
        b.int64(info.begin),
        b.int64(info.end.map((end, axis) => (end < 0 && info.strides[axis]! < 0 ? -x.shape[axis]! - 1 : end))),
        b.int64(axes),
        b.int64(info.strides),
      ],
      slice_util.computeOutShape(info.begin, info.end, info.strides),
      x.type,
    );
    return b.reshape(cut, info.finalShape);
  },
  Concat: (b, inputs, { axis }) => {
    const parts = Object.values(inputs);
    return b.concat(parts, positiveAxis(axis as number, parts[0]!.shape.length));
  },
  Pack: (b, inputs, { axis }) => {
    const parts = Object.values(inputs);
    const at = positiveAxis(axis as number, parts[0]!.shape.length + 1);
    return b.concat(
      parts.map((part) => b.reshape(part, [...part.shape.slice(0, at), 1, ...part.shape.slice(at)])),
      at,
    );
  },
  Unpack: (b, inputs, { axis }) => {
    const x = input(inputs, 'value');
    const at = positiveAxis(axis as number, x.shape.length);
    return Array.from({ length: x.shape[at]! }, (_, index) => {
      const begin = x.shape.map((__, dim) => (dim === at ? index : 0));
      const end = x.shape.map((size, dim) => (dim === at ? index + 1 : size));
      return b.reshape(
        b.slice(x, begin, end),
        x.shape.filter((__, dim) => dim !== at),
      );
    });
  },
  SplitV: (b, inputs, { numOrSizeSplits, axis }) => {
    const x = input(inputs, 'x');
    const at = positiveAxis(axis as number, x.shape.length);
    const total = x.shape[at]!;
    let sizes = Array.isArray(numOrSizeSplits)
      ? [...(numOrSizeSplits as number[])]
      : new Array<number>(numOrSizeSplits as number).fill(total / (numOrSizeSplits as number));
    const known = sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
    sizes = sizes.map((size) => (size < 0 ? total - known : size));
    let offset = 0;
    return sizes.map((size) => {
      const from = offset;
      offset += size;
      return b.slice(
        x,
        x.shape.map((_, dim) => (dim === at ? from : 0)),
        x.shape.map((full, dim) => (dim === at ? from + size : full)),
      );
    });
  },
  Tile: (b, inputs, { reps }) => {
    const x = input(inputs, 'x');
    const counts = reps as number[];
    const shape = x.shape.map((size, axis) => size * counts[axis]!);
    if (x.shape.every((size, axis) => size === 1 || counts[axis] === 1)) return b.expand(x, shape);
    return b.op('Tile', [x, b.int64(counts)], shape, x.type);
  },
  BroadcastArgs: (b, inputs) => {
    const [s0, s1] = [input(inputs, 's0'), input(inputs, 's1')];
    const rank = Math.max(s0.shape[0]!, s1.shape[0]!);
    const [left, right] = [withRank(b, s0, rank), withRank(b, s1, rank)];
    return b.where(b.binary('Equal', left, b.scalar(1, 'int32'), 'bool'), right, left);
  },
  PadV2: (b, inputs, { paddings, constantValue }) =>
    b.pad(input(inputs, 'x'), paddings as [number, number][], constantValue as number),
  MirrorPad: (b, inputs, { paddings, mode }) => {
    const x = input(inputs, 'x');
    const pads = paddings as [number, number][];
    const shape = x.shape.map((size, axis) => size + pads[axis]![0] + pads[axis]![1]);
    if (mode === 'reflect') {
      const both = b.int64([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
      return b.op('Pad', [x, both], shape, x.type, { mode: 'reflect' });
    }
    // Symmetric repeats the edge, which ONNX's modes do not: one gather per padded axis.
    return pads.reduce((padded, [before, after], axis) => {
      if (before === 0 && after === 0) return padded;
      const size = x.shape[axis]!;
      const indices = Array.from({ length: size + before + after }, (_, position) => {
        const index = position - before;
        return index < 0 ? -1 - index : index >= size ? 2 * size - 1 - index : index;
      });
      return b.gather(padded, b.constant(Int32Array.from(indices), [indices.length], 'int32'), axis);
    }, x);
  },
  Reverse: (b, inputs, { dims }) => {
    const x = input(inputs, 'x');
    const axes = util.parseAxisParam(dims as number | number[], [...x.shape]);
    if (axes.length === 0) return x;
    const each = (value: number): Value => b.int64(axes.map(() => value));
    return b.op('Slice', [x, each(-1), each(-Number.MAX_SAFE_INTEGER), b.int64(axes), each(-1)], x.shape, x.type);
  },
} satisfies RuleTable;
