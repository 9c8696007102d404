import { InvalidOptionError } from '@selfsup/ssl-core';
import { onnxType } from './encode-model.js';
import { toFloat64 } from './float64.js';
import { foldBinary, foldUnary, isNeutral } from './fold.js';
import type { Attribute, Graph } from './graph.js';
import { longSum } from './long-sum.js';
import { reduceRows } from './reduce-rows.js';
import { reduceWhole } from './reduce-whole.js';
import type { HostData, Value, ValueType } from './value.js';
import { broadcastShape, sameShape, sizeOf } from './value.js';

/** Where graphs run: rules may differ by device. */
export type Device = 'cpu' | 'webgpu' | 'cuda';

/** What graphs are made for: a device here, or any runtime that knows the standard (`portable`). */
export type Target = Device | 'portable';

/** Axes from the end made positive. */
export function positiveAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw new InvalidOptionError(
      'tensor op',
      'axis',
      rank === 0
        ? 'left out, as a scalar has no axes'
        : `an integer from ${-rank} to ${rank - 1} for a tensor of rank ${rank}`,
      axis,
    );
  return axis < 0 ? axis + rank : axis;
}

/** True for a factor that float32 holds with full precision: neither zero, denormal nor infinite. */
const isNormal = (factor: number): boolean => Math.abs(factor) >= 2 ** -126 && Math.abs(factor) < 2 ** 128;

/**
 * Adds ONNX ops to a graph and simplifies on the way: folds constants, keeps broadcasts unmaterialised, merges chains of
 * reshapes, transposes, casts and scalings. Lowering rules call it and nothing else.
 */
export class Builder {
  constructor(
    readonly graph: Graph,
    readonly device: Target,
  ) {}

  scalar(fill: number, type: ValueType = 'float32'): Value {
    return this.graph.scalar(fill, type);
  }

  splat(fill: number, shape: readonly number[], type: ValueType = 'float32'): Value {
    return this.graph.splat(fill, shape, type);
  }

  constant(data: HostData, shape: readonly number[], type: ValueType = 'float32'): Value {
    return this.graph.constant(data, shape, type);
  }

  int64(numbers: readonly number[]): Value {
    return this.graph.int64(numbers);
  }

  /** A node without simplification. */
  op(
    op: string,
    inputs: readonly (Value | undefined)[],
    shape: readonly number[],
    type: ValueType,
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    if (sizeOf(shape) === 0) return this.splat(0, shape, type);
    return this.graph.node(op, inputs, { shape, type }, attributes, domain);
  }

  /** Elementwise op of one operand. */
  unary(op: string, x: Value, type: ValueType = x.type, attributes: Readonly<Record<string, Attribute>> = {}): Value {
    if (x.splat !== undefined) {
      const folded = foldUnary(op, x.splat);
      if (folded !== undefined) return this.splat(folded, x.shape, type);
    }
    if (op === 'Neg') {
      if (x.producer?.op === 'Neg') return x.producer.inputs[0]!;
      const scaled = this.#scaling(x);
      if (scaled !== undefined) return this.#scale(scaled.base, -scaled.factor, x.shape);
    }
    const broadcast = this.#unexpanded(x);
    if (broadcast !== undefined) return this.expand(this.unary(op, broadcast, type, attributes), x.shape);
    return this.op(op, [x], x.shape, type, attributes);
  }

  /** Elementwise op of two operands that broadcast. */
  binary(op: string, a: Value, b: Value, type: ValueType = a.type): Value {
    const shape = broadcastShape(a.shape, b.shape);
    if (shape === undefined)
      throw new InvalidOptionError(
        op,
        'operands',
        'shapes that broadcast',
        `[${a.shape.join(', ')}] and [${b.shape.join(', ')}]`,
      );
    if (a.splat !== undefined && b.splat !== undefined) {
      const folded = foldBinary(op, a.splat, b.splat, a.type);
      if (folded !== undefined) return this.splat(folded, shape, type);
    }
    if (b.splat !== undefined && isNeutral(op, b.splat, 'right')) return this.expand(a, shape);
    if (a.splat !== undefined && isNeutral(op, a.splat, 'left')) return this.expand(b, shape);
    if (a.type === 'float32') {
      if (op === 'Div' && b.splat !== undefined && isNormal(1 / b.splat)) return this.#scale(a, 1 / b.splat, shape);
      if (op === 'Mul' && b.splat !== undefined) return this.#scale(a, b.splat, shape);
      if (op === 'Mul' && a.splat !== undefined) return this.#scale(b, a.splat, shape);
      if (op === 'Sub' && a.splat === 0) return this.expand(this.unary('Neg', b), shape);
    }
    const left = this.#operand(a, b, shape);
    const right = this.#operand(b, left, shape);
    const small = broadcastShape(left.shape, right.shape)!;
    if (!sameShape(small, shape)) return this.expand(this.op(op, [left, right], small, type), shape);
    return this.#widened(op, left, right, shape, type) ?? this.#flattened(op, left, right, shape, type);
  }

  /** An op with a scalar runs on the flat array: the runtime takes each element of `[..., 1]` for a row of its own. */
  #flattened(op: string, a: Value, b: Value, shape: readonly number[], type: ValueType): Value {
    const size = sizeOf(shape);
    const isFull = (value: Value): boolean => sizeOf(value.shape) === size;
    if (this.device !== 'cpu' || shape.length < 2 || shape.at(-1) !== 1 || size < 1024 || (isFull(a) && isFull(b)))
      return this.op(op, [a, b], shape, type);
    if (!(isFull(a) && sizeOf(b.shape) === 1) && !(isFull(b) && sizeOf(a.shape) === 1))
      return this.op(op, [a, b], shape, type);
    const flat = (value: Value): Value => this.reshape(value, isFull(value) ? [size] : []);
    return this.reshape(this.op(op, [flat(a), flat(b)], [size], type), shape);
  }

  /**
   * An op between `[..., channels]` and a vector of few channels, with several rows side by side in one: the runtime
   * broadcasts along whole rows and is slow on short ones.
   */
  #widened(op: string, a: Value, b: Value, shape: readonly number[], type: ValueType): Value | undefined {
    const channels = shape.at(-1);
    const size = sizeOf(shape);
    if (this.device !== 'cpu' || channels === undefined || channels > 128 || channels < 2 || size < 65_536)
      return undefined;
    const isVector = (value: Value): boolean =>
      value.splat === undefined && value.shape.at(-1) === channels && sizeOf(value.shape) === channels;
    const full =
      isVector(b) && sameShape(a.shape, shape) ? a : isVector(a) && sameShape(b.shape, shape) ? b : undefined;
    if (full === undefined) return undefined;
    let repeats = 1;
    while (channels * repeats < 512 && (size / channels) % (repeats * 2) === 0) repeats *= 2;
    if (repeats === 1) return undefined;
    const wide = [size / (channels * repeats), channels * repeats];
    const rows = this.reshape(full, wide);
    const vector = this.reshape(full === a ? b : a, [channels]);
    const repeated = this.op(
      'Concat',
      Array.from({ length: repeats }, () => vector),
      [channels * repeats],
      vector.type,
      { axis: 0 },
    );
    return this.reshape(this.op(op, full === a ? [rows, repeated] : [repeated, rows], wide, type), shape);
  }

  add(a: Value, b: Value): Value {
    return this.binary('Add', a, b);
  }

  sub(a: Value, b: Value): Value {
    return this.binary('Sub', a, b);
  }

  mul(a: Value, b: Value): Value {
    return this.binary('Mul', a, b);
  }

  div(a: Value, b: Value): Value {
    return this.binary('Div', a, b);
  }

  /** `condition ? a : b`, all broadcast. */
  where(condition: Value, a: Value, b: Value): Value {
    const shape = broadcastShape(broadcastShape(a.shape, b.shape) ?? [], condition.shape) ?? a.shape;
    if (condition.splat !== undefined) return this.expand(condition.splat !== 0 ? a : b, shape);
    const strip = (value: Value): Value =>
      value.splat !== undefined ? this.scalar(value.splat, value.type) : (this.#unexpanded(value) ?? value);
    const [c, x, y] = [strip(condition), strip(a), strip(b)] as const;
    const small = broadcastShape(broadcastShape(x.shape, y.shape)!, c.shape)!;
    if (x.type !== 'bool') return this.expand(this.op('Where', [c, x, y], small, a.type), shape);
    const picked = this.op('Where', [c, this.cast(x, 'uint8'), this.cast(y, 'uint8')], small, 'uint8');
    return this.expand(this.cast(picked, 'bool'), shape);
  }

  cast(x: Value, type: ValueType): Value {
    if (x.type === type) return x;
    if (x.splat !== undefined) {
      const fill = type === 'bool' ? Number(x.splat !== 0) : type === 'float32' ? x.splat : Math.trunc(x.splat);
      return this.splat(fill, x.shape, type);
    }
    const broadcast = this.#unexpanded(x);
    if (broadcast !== undefined) return this.expand(this.cast(broadcast, type), x.shape);
    const widening =
      x.producer?.op === 'Cast' && (x.producer.inputs[0]!.type === 'uint8' || x.producer.inputs[0]!.type === 'bool');
    const source = widening ? x.producer!.inputs[0]! : x;
    if (source.type === type) return source;
    return this.op('Cast', [source], x.shape, type, { to: onnxType(type) });
  }

  /** Broadcast to a shape; elementwise consumers see through it. */
  expand(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    if (x.splat !== undefined) return this.splat(x.splat, shape, x.type);
    const source = this.#unexpanded(x) ?? x;
    if (sizeOf(source.shape) === sizeOf(shape)) return this.reshape(source, shape);
    return this.op('Expand', [source, this.int64(shape)], shape, x.type);
  }

  reshape(x: Value, shape: readonly number[]): Value {
    if (sameShape(x.shape, shape)) return x;
    if (x.splat !== undefined) return this.splat(x.splat, shape, x.type);
    if (x.constant !== undefined) return this.constant(x.constant, shape, x.type);
    if (x.producer?.op === 'Reshape') return this.reshape(x.producer.inputs[0]!, shape);
    const broadcast = this.#unexpanded(x);
    if (broadcast !== undefined && sizeOf(broadcast.shape) === 1)
      return this.expand(
        this.reshape(
          broadcast,
          shape.map(() => 1),
        ),
        shape,
      );
    return this.op('Reshape', [x, this.int64(shape)], shape, x.type);
  }

  transpose(x: Value, perm: readonly number[]): Value {
    if (perm.every((from, to) => from === to)) return x;
    const shape = perm.map((axis) => x.shape[axis]!);
    if (x.splat !== undefined) return this.splat(x.splat, shape, x.type);
    const moved = perm.filter((axis) => x.shape[axis] !== 1);
    if (moved.every((axis, index) => index === 0 || axis > moved[index - 1]!)) return this.reshape(x, shape);
    if (x.producer?.op === 'Transpose') {
      const inner = x.producer.attributes['perm'] as readonly number[];
      return this.transpose(
        x.producer.inputs[0]!,
        perm.map((axis) => inner[axis]!),
      );
    }
    const broadcast = this.#unexpanded(x);
    if (broadcast !== undefined) {
      const padded = this.reshape(broadcast, [
        ...x.shape.map(() => 1).slice(broadcast.shape.length),
        ...broadcast.shape,
      ]);
      return this.expand(this.transpose(padded, perm), shape);
    }
    return this.op('Transpose', [x], shape, x.type, { perm });
  }

  /** ReduceSum, ReduceMean, ReduceMax, ReduceMin or ReduceProd over axes. */
  reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
    const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
    if (count === 1) return this.reshape(x, shape);
    if (x.splat !== undefined && op !== 'ReduceProd')
      return this.splat(op === 'ReduceSum' ? x.splat * count : x.splat, shape, x.type);
    const broadcast = this.#unexpanded(x);
    if (broadcast !== undefined && op !== 'ReduceProd') {
      const source = this.reshape(broadcast, [
        ...x.shape.map(() => 1).slice(broadcast.shape.length),
        ...broadcast.shape,
      ]);
      const repeated = axes.filter((axis) => source.shape[axis] === 1);
      const factor = repeated.reduce((product, axis) => product * x.shape[axis]!, 1);
      if (repeated.length > 0) {
        const rest = this.reduce(
          op,
          source,
          axes.filter((axis) => !repeated.includes(axis)),
          true,
        );
        const result = op === 'ReduceSum' ? this.mul(rest, this.scalar(factor, x.type)) : rest;
        return this.reshape(this.expand(result, kept), shape);
      }
    }
    const whole = reduceWhole(this, op, x, axes, shape);
    if (whole !== undefined) return whole;
    const long = longSum(this, op, x, axes);
    if (long !== undefined) return this.reshape(long, shape);
    // In float32, what rounding adds to equal factors grows with their number.
    if (op === 'ReduceProd' && x.type === 'float32' && count > 8)
      return this.cast(this.reduce(op, toFloat64(this, x), axes, keepDims), 'float32');
    const leading = axes.every((axis) => axis < axes.length);
    if (this.device === 'cpu' && leading && axes.length < x.shape.length) {
      const total = reduceRows(this, op, this.reshape(x, [count, sizeOf(shape)]));
      if (total !== undefined) return this.reshape(total, shape);
    }
    return this.op(op, [x, this.int64(axes)], shape, x.type, {
      keepdims: keepDims ? 1 : 0,
    });
  }

  /** Part of `x` from `begin` (inclusive) to `end` (exclusive) by positive `step` on each axis. */
  slice(
    x: Value,
    begin: readonly number[],
    end: readonly number[],
    step: readonly number[] = begin.map(() => 1),
  ): Value {
    const shape = begin.map((from, axis) => Math.max(0, Math.ceil((end[axis]! - from) / step[axis]!)));
    if (sameShape(shape, x.shape)) return x;
    if (x.splat !== undefined) return this.splat(x.splat, shape, x.type);
    const axes = begin.map((_, axis) => axis).filter((axis) => shape[axis] !== x.shape[axis]);
    const pick = (values: readonly number[]): Value => this.int64(axes.map((axis) => values[axis]!));
    return this.op('Slice', [x, pick(begin), pick(end), this.int64(axes), pick(step)], shape, x.type);
  }

  concat(parts: readonly Value[], axis: number): Value {
    const kept = parts.filter((part) => sizeOf(part.shape) > 0);
    if (kept.length === 1) return kept[0]!;
    const { shape, type } = parts[0]!;
    const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
    return this.op('Concat', kept, shape.with(axis, total), type, { axis });
  }

  /** Constant padding; `pads[axis]` is `[before, after]`. */
  pad(x: Value, pads: readonly (readonly [number, number])[], fill = 0): Value {
    if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
    const shape = x.shape.map((size, axis) => size + pads[axis]![0] + pads[axis]![1]);
    if (x.splat === fill) return this.splat(fill, shape, x.type);
    const both = this.int64([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
    return this.op('Pad', [x, both, this.scalar(fill, x.type)], shape, x.type, { mode: 'constant' });
  }

  /**
   * Matrix product over the last two axes, batch axes broadcast. Transposes of an operand's last two axes are folded into
   * the product.
   */
  matMul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
    const rank = Math.max(a.shape.length, b.shape.length);
    const [left, flipA] = this.#untranspose(a, transposeA);
    const [right, flipB] = this.#untranspose(b, transposeB);
    const m = flipA ? left.shape.at(-1)! : left.shape.at(-2)!;
    const n = flipB ? right.shape.at(-2)! : right.shape.at(-1)!;
    const batch = broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2))!;
    const shape = [...batch, m, n];
    const k = flipA ? left.shape.at(-2)! : left.shape.at(-1)!;
    if (sizeOf(shape) === 0 || k === 0) return this.splat(0, shape);
    if (rank > 2 && sizeOf(batch) === 1) {
      const flat = (value: Value): Value => this.reshape(value, value.shape.slice(-2));
      return this.reshape(this.matMul(flat(left), flat(right), flipA, flipB), shape);
    }
    if (!flipA && !flipB) return this.op('MatMul', [left, right], shape, 'float32');
    if (rank === 2)
      return this.op('Gemm', [left, right], shape, 'float32', { transA: flipA ? 1 : 0, transB: flipB ? 1 : 0 });
    return this.op(
      'FusedMatMul',
      [left, right],
      shape,
      'float32',
      { transA: flipA ? 1 : 0, transB: flipB ? 1 : 0 },
      'com.microsoft',
    );
  }

  /** Rows of `x` along `axis` at `indices`. */
  gather(x: Value, indices: Value, axis: number): Value {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return this.op('Gather', [x, indices], shape, x.type, { axis });
  }

  /** Operand of an Expand, with leading axes of one restored, or undefined for anything else. */
  #unexpanded(x: Value): Value | undefined {
    return x.producer?.op === 'Expand' ? x.producer.inputs[0]! : undefined;
  }

  #operand(value: Value, other: Value, shape: readonly number[]): Value {
    if (value.splat !== undefined) {
      return sameShape(broadcastShape([], other.shape)!, shape) || this.#unexpanded(other) !== undefined
        ? this.scalar(value.splat, value.type)
        : value;
    }
    return this.#unexpanded(value) ?? value;
  }

  #untranspose(value: Value, flip: boolean): [Value, boolean] {
    const perm =
      value.producer?.op === 'Transpose' ? (value.producer.attributes['perm'] as readonly number[]) : undefined;
    const rank = value.shape.length;
    const swapsLast =
      perm !== undefined &&
      perm[rank - 1] === rank - 2 &&
      perm[rank - 2] === rank - 1 &&
      perm.slice(0, -2).every((from, to) => from === to);
    return swapsLast ? [value.producer!.inputs[0]!, !flip] : [value, flip];
  }

  /** `x` as a factor times a base, where it was made by a scaling. */
  #scaling(x: Value): { base: Value; factor: number } | undefined {
    if (x.type !== 'float32' || x.producer?.op !== 'Mul') return undefined;
    const [base, factor] = x.producer.inputs;
    return factor?.splat !== undefined && factor.shape.length === 0 ? { base: base!, factor: factor.splat } : undefined;
  }

  #scale(x: Value, factor: number, shape: readonly number[]): Value {
    if (factor === 1) return this.expand(x, shape);
    if (x.splat !== undefined) return this.splat(Math.fround(x.splat * factor), shape);
    const inner = this.#unexpanded(x);
    if (inner !== undefined) return this.expand(this.#scale(inner, factor, inner.shape), shape);
    const chain = this.#scaling(x);
    if (chain !== undefined && isNormal(chain.factor * factor))
      return this.#scale(chain.base, chain.factor * factor, shape);
    if (x.producer?.op === 'Neg') return this.#scale(x.producer.inputs[0]!, -factor, shape);
    return this.expand(
      factor === -1
        ? this.op('Neg', [x], x.shape, x.type)
        : this.#flattened('Mul', x, this.scalar(factor), x.shape, x.type),
      shape,
    );
  }
}
