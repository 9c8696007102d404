import { positiveAxis } from '../graph/builder.js';
import type { Builder } from '../graph/builder.js';
import type { Value, ValueType } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';
import { scatterAdd } from './scatter-add.js';

/** Indices at which the runtime refuses negative ones, as TF.js does, in place of counting them from the end. */
export function beyondIfNegative(b: Builder, indices: Value, length: number): Value {
  const beyond = b.scalar(length, indices.type);
  return b.where(b.binary('Less', indices, b.scalar(0, indices.type), 'bool'), beyond, indices);
}

/** A scatter at indices into the first axes, as one of rows into a matrix of `count` rows. */
function flatScatter(
  b: Builder,
  indices: Value,
  updates: Value,
  shape: readonly number[],
): { readonly positions: Value; readonly rows: Value; readonly count: number } {
  const depth = indices.shape.at(-1)!;
  const n = sizeOf(indices.shape.slice(0, -1));
  const strides = Int32Array.from({ length: depth }, (_, axis) => sizeOf(shape.slice(axis + 1, depth)));
  const places = b.reshape(indices, [n, depth]);
  const scaled = b.mul(places, b.constant(strides, [depth], 'int32'));
  // A place beyond its own axis would be one in another row.
  const sizes = b.constant(Int32Array.from(shape.slice(0, depth)), [depth], 'int32');
  const clipped = b.binary('Max', b.scalar(0, 'int32'), b.binary('Min', places, b.sub(sizes, b.scalar(1, 'int32'))));
  const kept = b.cast(b.binary('Equal', places, clipped, 'bool'), 'int32');
  const isWithin = b.cast(b.reduce('ReduceMin', kept, [1], false), 'bool');
  const count = sizeOf(shape.slice(0, depth));
  return {
    positions: b.where(isWithin, b.reduce('ReduceSum', scaled, [1], false), b.scalar(count, 'int32')),
    rows: b.reshape(updates, [n, sizeOf(shape.slice(depth))]),
    count,
  };
}

/** `tensor` with `updates` in place of what was at `indices`; the last of several at one place stays. */
function overwrite(b: Builder, tensor: Value, indices: Value, updates: Value): Value {
  const { positions, rows, count } = flatScatter(b, indices, updates, tensor.shape);
  const [n, width] = rows.shape as readonly [number, number];
  if (n === 0 || width === 0) return tensor;
  const places = b.expand(b.reshape(b.cast(positions, 'int64'), [n, 1]), [n, width]);
  const flat = b.reshape(tensor, [count, width]);
  return b.reshape(b.op('ScatterElements', [flat, places, rows], flat.shape, tensor.type, { axis: 0 }), tensor.shape);
}

/** Kernels that pick or place elements by index. */
export const gatherRules = {
  GatherV2: (b, inputs, { axis, batchDims }) => {
    const x = input(inputs, 'x');
    const at = positiveAxis(axis as number, x.shape.length);
    const indices = input(inputs, 'indices');
    const axes = (batchDims as number | undefined) ?? 0;
    const batch = axes < 0 ? axes + indices.shape.length : axes;
    if (batch === 0) return b.gather(x, beyondIfNegative(b, indices, x.shape[at]!), at);
    // Batched: fold the batch axes of x and of the indices into one row index.
    const lead = x.shape.slice(0, batch);
    const moved = [
      ...lead.map((_, axisIndex) => axisIndex),
      at,
      ...x.shape.map((_, axisIndex) => axisIndex).filter((axisIndex) => axisIndex >= batch && axisIndex !== at),
    ];
    const front = b.transpose(x, moved);
    const [groups, length] = [sizeOf(lead), x.shape[at]!];
    const inner = front.shape.slice(batch + 1);
    const flat = b.reshape(front, [groups * length, ...inner]);
    const perGroup = sizeOf(indices.shape.slice(batch));
    const offsets = b.constant(
      Int32Array.from({ length: groups }, (_, group) => group * length),
      [groups, 1],
      'int32',
    );
    // An index beyond its group would be another group's row.
    const own = beyondIfNegative(b, b.reshape(indices, [groups, perGroup]), length);
    const isWithin = b.binary('Less', own, b.scalar(length, own.type), 'bool');
    const rows = b.where(isWithin, b.add(own, offsets), b.scalar(groups * length, own.type));
    const picked = b.reshape(b.gather(flat, rows, 0), [...lead, ...indices.shape.slice(batch), ...inner]);
    const middle = at - batch;
    const places = indices.shape.length - batch;
    const rank = batch + places + inner.length;
    const positions = Array.from({ length: rank }, (_, index) => index);
    const perm = [
      ...positions.slice(0, batch),
      ...positions.slice(batch + places, batch + places + middle),
      ...positions.slice(batch, batch + places),
      ...positions.slice(batch + places + middle),
    ];
    return b.transpose(picked, perm);
  },
  GatherNd: (b, inputs) => {
    const [params, indices] = [input(inputs, 'params'), input(inputs, 'indices')];
    const depth = indices.shape.at(-1)!;
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)];
    const sizes = b.constant(Int32Array.from(params.shape.slice(0, depth)), [depth], 'int32');
    const places = b.where(b.binary('Less', indices, b.scalar(0, 'int32'), 'bool'), sizes, indices);
    return b.op('GatherND', [params, b.cast(places, 'int64')], shape, params.type);
  },
  ScatterNd: (b, inputs, { shape }) => {
    const [indices, updates] = [input(inputs, 'indices'), input(inputs, 'updates')];
    const full = shape as number[];
    const { positions, rows, count } = flatScatter(b, indices, updates, full);
    return b.reshape(scatterAdd(b, positions, rows, count), full);
  },
  TensorScatterUpdate: (b, inputs) =>
    overwrite(b, input(inputs, 'tensor'), input(inputs, 'indices'), input(inputs, 'updates')),
  SparseToDense: (b, inputs, { outputShape }) => {
    const [indices, values] = [input(inputs, 'sparseIndices'), input(inputs, 'sparseValues')];
    const shape = outputShape as number[];
    const n = indices.shape[0] ?? 1;
    const blank = b.expand(input(inputs, 'defaultValue'), shape);
    return overwrite(b, blank, b.reshape(indices, [n, shape.length]), b.expand(values, [n]));
  },
  OneHot: (b, inputs, { depth, onValue, offValue, dtype }) => {
    const indices = input(inputs, 'indices');
    const values = b.constant(Float32Array.of(offValue as number, onValue as number), [2]);
    const flat = b.reshape(indices, [sizeOf(indices.shape)]);
    // ONNX wraps negative indices around; TF.js leaves those rows off.
    const kept = b.where(
      b.binary('Less', flat, b.scalar(0, 'int32'), 'bool'),
      b.scalar(depth as number, 'int32'),
      flat,
    );
    // The runtime has it for floats, and for indices of one axis at least.
    const hot = b.op(
      'OneHot',
      [b.cast(kept, 'int64'), b.int64([depth as number]), values],
      [...flat.shape, depth as number],
      'float32',
      { axis: -1 },
    );
    return b.cast(b.reshape(hot, [...indices.shape, depth as number]), (dtype as ValueType | undefined) ?? 'int32');
  },
} satisfies RuleTable;
