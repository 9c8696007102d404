import { positiveAxis } from '../graph/builder.js';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';

/** Sums `rows` into a zero tensor of `shape` at first-axis `ids` (any shape that prefixes `rows`); negative ids are dropped. */
function segmentSum(b: Builder, rows: Value, ids: Value, segments: number): Value {
  const inner = rows.shape.slice(ids.shape.length);
  const count = sizeOf(ids.shape);
  const flat = b.reshape(rows, [count, ...inner]);
  const position = b.reshape(b.cast(b.reshape(ids, [count]), 'int64'), [count, 1]);
  const zero = b.splat(0, [segments, ...inner], rows.type);
  return b.op('ScatterND', [zero, position, flat], zero.shape, rows.type, { reduction: 'add' });
}

/** Kernels that pick or place elements by index. */
export const gatherRules: RuleTable = {
  GatherV2: (b, inputs, { axis, batchDims }) => {
    const [x, indices] = [input(inputs, 'x'), input(inputs, 'indices')];
    const at = positiveAxis(axis as number, x.shape.length);
    const batch = (batchDims as number | undefined) ?? 0;
    if (batch === 0) return b.gather(x, indices, at);
    // Batched: fold the batch axes of x and of the indices into one row index.
    const lead = x.shape.slice(0, batch);
    const moved = [...lead.map((_, axisIndex) => axisIndex), at, ...x.shape.map((_, axisIndex) => axisIndex).filter((axisIndex) => axisIndex >= batch && axisIndex !== at)];
    const front = b.transpose(x, moved);
    const [groups, length] = [sizeOf(lead), x.shape[at]!];
    const inner = front.shape.slice(batch + 1);
    const flat = b.reshape(front, [groups * length, ...inner]);
    const perGroup = sizeOf(indices.shape.slice(batch));
    const offsets = b.constant(Int32Array.from({ length: groups }, (_, group) => group * length), [groups, 1], 'int32');
    const rows = b.add(b.reshape(indices, [groups, perGroup]), offsets);
    const picked = b.reshape(b.gather(flat, rows, 0), [...lead, ...indices.shape.slice(batch), ...inner]);
    const middle = at - batch;
    const own = indices.shape.length - batch;
    const rank = batch + own + inner.length;
    const positions = Array.from({ length: rank }, (_, index) => index);
    const perm = [...positions.slice(0, batch), ...positions.slice(batch + own, batch + own + middle), ...positions.slice(batch, batch + own), ...positions.slice(batch + own + middle)];
    return b.transpose(picked, perm);
  },
  GatherNd: (b, inputs) => {
    const [params, indices] = [input(inputs, 'params'), input(inputs, 'indices')];
    const depth = indices.shape.at(-1)!;
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)];
    return b.op('GatherND', [params, b.cast(indices, 'int64')], shape, params.type);
  },
  ScatterNd: (b, inputs, { shape }) => {
    const [indices, updates] = [input(inputs, 'indices'), input(inputs, 'updates')];
    const zero = b.splat(0, shape as number[], updates.type);
    return b.op('ScatterND', [zero, b.cast(indices, 'int64'), updates], zero.shape, updates.type, { reduction: 'add' });
  },
  TensorScatterUpdate: (b, inputs) => {
    const [tensor, indices, updates] = [input(inputs, 'tensor'), input(inputs, 'indices'), input(inputs, 'updates')];
    return b.op('ScatterND', [tensor, b.cast(indices, 'int64'), updates], tensor.shape, tensor.type);
  },
  UnsortedSegmentSum: (b, inputs, { numSegments }) => {
    const [x, ids] = [input(inputs, 'x'), input(inputs, 'segmentIds')];
    return segmentSum(b, x, ids, numSegments as number);
  },
  OneHot: (b, inputs, { depth, onValue, offValue, dtype }) => {
    const indices = input(inputs, 'indices');
    const type = (dtype as 'float32' | 'int32' | undefined) ?? 'float32';
    const values = b.constant(type === 'int32' ? Int32Array.of(offValue as number, onValue as number) : Float32Array.of(offValue as number, onValue as number), [2], type);
    // ONNX wraps negative indices around; TF.js leaves those rows off.
    const kept = b.where(b.binary('Less', indices, b.scalar(0, 'int32'), 'bool'), b.scalar(depth as number, 'int32'), indices);
    return b.op('OneHot', [b.cast(kept, 'int64'), b.int64([depth as number]), values], [...indices.shape, depth as number], type, { axis: -1 });
  },
};
