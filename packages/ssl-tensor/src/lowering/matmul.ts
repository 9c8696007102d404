import type { Builder } from '../graph/builder.js';
import { broadcastShape, type Value } from '../graph/value.js';
import { longProduct } from './long-product.js';
import { input, type KernelAttributes, type KernelInputs, type RuleTable } from './rule.js';

/** Applies the activation that a fused TF.js kernel names. */
export function activate(b: Builder, x: Value, attributes: KernelAttributes, weights: Value | undefined): Value {
  switch (attributes['activation']) {
    case 'relu':
      return b.unary('Relu', x);
    case 'relu6':
      return b.binary('Min', b.unary('Relu', x), b.scalar(6));
    case 'elu':
      return b.unary('Elu', x, 'float32', { alpha: { float: 1 } });
    case 'sigmoid':
      return b.unary('Sigmoid', x);
    case 'leakyrelu':
      return b.unary('LeakyRelu', x, 'float32', { alpha: { float: attributes['leakyreluAlpha'] as number } });
    case 'prelu':
      return b.where(b.binary('Less', x, b.scalar(0), 'bool'), b.mul(x, weights!), x);
    default:
      return x;
  }
}

/** The last two axes exchanged where `flip` says so. */
export function lastTwo(b: Builder, x: Value, flip: boolean): Value {
  const rank = x.shape.length;
  return flip
    ? b.transpose(
        x,
        [...x.shape.keys()].map((axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)),
      )
    : x;
}

/** Matrix product over the last two axes of floats or integers, batch axes broadcast. */
export function matrixProduct(b: Builder, left: Value, right: Value, flipA: boolean, flipB: boolean): Value {
  if (left.type === 'float32') return longProduct(b, left, right, flipA, flipB) ?? b.matMul(left, right, flipA, flipB);
  // The runtime's faster products are for floats only.
  const [x, y] = [lastTwo(b, left, flipA), lastTwo(b, right, flipB)];
  const batch = broadcastShape(x.shape.slice(0, -2), y.shape.slice(0, -2))!;
  const shape = [...batch, x.shape.at(-2)!, y.shape.at(-1)!];
  return x.shape.at(-1) === 0 ? b.splat(0, shape, left.type) : b.op('MatMul', [x, y], shape, left.type);
}

function product(b: Builder, inputs: KernelInputs, attributes: KernelAttributes): Value {
  const [flipA, flipB] = [attributes['transposeA'] === true, attributes['transposeB'] === true];
  return matrixProduct(b, input(inputs, 'a'), input(inputs, 'b'), flipA, flipB);
}

/** Matrix products. */
export const matMulRules = {
  BatchMatMul: product,
  _FusedMatMul: (b, inputs, attributes) => {
    const y = product(b, inputs, attributes);
    const biased = inputs['bias'] === undefined ? y : b.add(y, inputs['bias']);
    return activate(b, biased, attributes, inputs['preluActivationWeights']);
  },
} satisfies RuleTable;
