import { positiveAxis } from '../graph/builder.js';
import type { Builder } from '../graph/builder.js';
import type { Value, ValueType } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';

/** Sums `rows` into a zero tensor of `segments` rows at `ids` (any shape that prefixes `rows`); ids outside are dropped, as TF.js does. */
function segmentSum(b: Builder, rows: Value, ids: Value, segments: number): Value {
  const inner = rows.shape.slice(ids.shape.length);
  const count = sizeOf(ids.shape);
  const flat = b.reshape(rows, [count, ...inner]);
  const column = b.reshape(ids, [count]);
  const zero32 = b.scalar(0, 'int32');
  const valid = b.binary(
    'And',
    b.binary('GreaterOrEqual', column, zero32, 'bool'),
    b.binary('Less', column, b.scalar(segments, 'int32'), 'bool'),
    'bool',
  );
  const kept = b.where(b.reshape(valid, [count, ...inner.map(() => 1)]), flat, b.scalar(0, rows.type));
  const position = b.reshape(b.cast(b.where(valid, column, zero32), 'int64'), [count, 1]);
  const zero = b.splat(0, [segments, ...inner], rows.type);
  return b.op('ScatterND', [zero, position, kept], zero.shape, rows.type, { reduction: 'add' });
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
    const rows = b.add(b.reshape(indices, [groups, perGroup]), offsets);
    const picked = b.reshape(b.gather(flat, rows, 0), [...lead, ...indices.shape.slice(batch), ...inner]);
    const middle = at - batch;
    const own = indices.shape.length - batch;
    const rank = batch + own + inner.length;
    const positions = Array.from({ length: rank }, (_, index) => index);
    const perm = [
      ...positions.slice(0, batch),
      ...positions.slice(batch + own, batch + own + middle),
      ...positions.slice(batch, batch + own),
      ...positions.slice(batch + own + middle),
    ];
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
};
