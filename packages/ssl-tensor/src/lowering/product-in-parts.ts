import { divisorOf } from '../graph/block-sums.js';
import type { Builder } from '../graph/builder.js';
import { toFloat64 } from '../graph/float64.js';
import { broadcastShape, sizeOf, type Value } from '../graph/value.js';

/** An operand with its inner axis: the last one, or the one before. */
export interface Operand {
  readonly value: Value;
  /** Its other axis. */
  readonly width: number;
  readonly innerLast: boolean;
}

/** Both operands cut along the inner axis of `k` into `parts` of `part`, zeros after the last. */
interface Cut {
  readonly k: number;
  readonly parts: number;
  readonly part: number;
}

function cutOf(k: number, most: number): Cut {
  const part = divisorOf(k, most / 8, most);
  if (part !== undefined) return { k, part, parts: k / part };
  const parts = Math.ceil(k / most);
  return { k, parts, part: Math.ceil(k / parts) };
}

/** `[..., parts, part, width]`, or `[..., width, parts, part]` where the inner axis is the last. */
function inParts(b: Builder, { value, width, innerLast }: Operand, { k, parts, part }: Cut): Value {
  const batch = value.shape.slice(0, -2);
  const whole = b.reshape(value, [...batch, ...(innerLast ? [width, k] : [k, width])]);
  const missing = [0, parts * part - k] as const;
  const filled = b.pad(whole, [
    ...batch.map(() => [0, 0] as const),
    ...(innerLast ? [[0, 0] as const, missing] : [missing, [0, 0] as const]),
  ]);
  return b.reshape(filled, [...batch, ...(innerLast ? [width, parts, part] : [parts, part, width])]);
}

/** `[..., width, parts, part]` to `[..., parts, width, part]`. */
function partsFirst(b: Builder, value: Value): Value {
  const rank = value.shape.length;
  return b.transpose(value, [...Array.from({ length: rank - 3 }, (_, axis) => axis), rank - 2, rank - 3, rank - 1]);
}

/** Products of the parts, `[..., parts, m, n]`. */
function productsOfParts(b: Builder, left: Operand, right: Operand, cut: Cut): Value {
  const [x, y] = [inParts(b, left, cut), inParts(b, right, cut)];
  if (b.device === 'webgpu' || x.shape.length > 3 || y.shape.length > 3) {
    const moved = (value: Value, { innerLast }: Operand): Value => (innerLast ? partsFirst(b, value) : value);
    return b.matMul(moved(x, left), moved(y, right), !left.innerLast, right.innerLast);
  }
  // The runtime takes the parts of rows where they lie.
  const attributes = {
    transA: Number(!left.innerLast),
    transB: Number(right.innerLast),
    transBatchA: Number(left.innerLast),
    transBatchB: Number(right.innerLast),
  };
  return b.op('FusedMatMul', [x, y], [cut.parts, left.width, right.width], 'float32', attributes, 'com.microsoft');
}

/** Parts that float32 adds as well. */
const fewParts = 4;

/** Sum over one axis, in float64 where there is much to add and the device has it. */
export function sumOfParts(b: Builder, products: Value, axis: number): Value {
  if (b.device === 'webgpu' || products.shape[axis]! <= fewParts) return b.reduce('ReduceSum', products, [axis], false);
  const shape = products.shape.toSpliced(axis, 1);
  const precise = toFloat64(b, products);
  return b.cast(b.op('ReduceSum', [precise, b.int64([axis])], shape, precise.type, { keepdims: 0 }), 'float32');
}

/**
 * The product of two operands, batch axes broadcast, cut along the inner axis into parts of at most `most`, whose results
 * are added in float64. An inner length without a fitting divisor is filled up with zeros, which costs a copy.
 *
 * @returns `[...batch, m, n]`
 */
export function productInParts(b: Builder, left: Operand, right: Operand, most: number): Value {
  const batches = [left, right].map(({ value }) => value.shape.slice(0, -2)) as [number[], number[]];
  const batch = broadcastShape(...batches)!;
  const cut = cutOf(sizeOf(left.value.shape.slice(-2)) / left.width, most);
  if (sizeOf(batch) > 1) return sumOfParts(b, productsOfParts(b, left, right, cut), batch.length);
  const matrix = (operand: Operand): Operand => ({
    ...operand,
    value: b.reshape(operand.value, operand.value.shape.slice(-2)),
  });
  const sum = sumOfParts(b, productsOfParts(b, matrix(left), matrix(right), cut), 0);
  return b.reshape(sum, [...batch, left.width, right.width]);
}
