import type { Chain } from '../graph/blockwise.js';
import type { Builder } from '../graph/builder.js';
import { either } from '../graph/either.js';
import { sizeOf, type Value } from '../graph/value.js';

/**
 * The order of NaN, which the runtime's kernels lose or put anywhere: NaN is the largest number for `topk` (as in PyTorch
 * and NumPy's reversed sort), `argMax` and `argMin` give the place of the first one, and maxima and minima of it are NaN.
 * Equal numbers, which zeros of both signs are, keep their order.
 */

/** Below, looking for NaN costs more than minding it. */
const fewElements = 4096;

/** Where `x` has the same elements, or each of them at least once. */
function source(x: Value): Value {
  const { producer } = x;
  return producer !== undefined && ['Reshape', 'Transpose', 'Expand'].includes(producer.op)
    ? source(producer.inputs[0]!)
    : x;
}

/** Whether NaN is anywhere in `x`, a bool scalar: magnitudes cannot cancel, so that their sum is NaN then only. */
function holdsNaN(b: Builder, x: Value): Value {
  const whole = source(x);
  const flat = b.reshape(whole, [sizeOf(whole.shape)]);
  return b.unary('IsNaN', b.op('ReduceL1', [flat, b.int64([0])], [], 'float32', { keepdims: 0 }), 'bool');
}

/**
 * What `exact` computes of the operands where `x`, the first of them, holds NaN, and what `usual` computes where it does
 * not. One pass over `x` finds out on the CPU, where it is as fast as memory; elsewhere `exact` is computed, which must be
 * right in both cases.
 */
export function mindingNaN(
  b: Builder,
  operands: readonly [Value, ...Value[]],
  exact: Chain,
  usual: Chain,
): readonly Value[] {
  const [x] = operands;
  // WGSL lets an adapter take NaN for absent: there is nothing to find. A portable file leaves NaN to its runtime.
  if (x.type !== 'float32' || b.device === 'webgpu' || b.device === 'portable') return usual(b, operands);
  const isDirect = b.device !== 'cpu' || b.graph.prefix !== '' || sizeOf(x.shape) < fewElements;
  return isDirect ? exact(b, operands) : either(b, holdsNaN(b, x), operands, exact, usual);
}

/** 1 where `x` is NaN, 0 elsewhere. */
export function maskOfNaN(b: Builder, x: Value): Value {
  return b.cast(b.unary('IsNaN', x, 'bool'), 'float32');
}

/** True where a mask or a maximum of it is 1. */
export function isMarked(b: Builder, mask: Value): Value {
  return b.binary('Greater', mask, b.scalar(0), 'bool');
}

/** `maximum`, the result of some kind of maximum or minimum over `x`, with NaN where `marked`, the maximum of the mask, is 1. */
export function withNaN(b: Builder, x: Value, maximum: Value, marked: (b: Builder, mask: Value) => Value): Value {
  const repair: Chain = (body, [from, result]) => [
    body.where(isMarked(body, marked(body, maskOfNaN(body, from!))), body.scalar(NaN), result!),
  ];
  return mindingNaN(b, [x, maximum], repair, (_, [, result]) => [result!])[0]!;
}

/** As {@link withNaN} for places: those of NaN, as `placesOf` finds those of the mask's maxima, in place of others. */
export function withPlacesOfNaN(
  b: Builder,
  x: Value,
  places: Value,
  placesOf: (b: Builder, mask: Value) => { readonly maximum: Value; readonly places: Value },
): Value {
  const repair: Chain = (body, [from, result]) => {
    const ofNaN = placesOf(body, maskOfNaN(body, from!));
    return [body.where(isMarked(body, ofNaN.maximum), ofNaN.places, result!)];
  };
  return mindingNaN(b, [x, places], repair, (_, [, result]) => [result!])[0]!;
}
