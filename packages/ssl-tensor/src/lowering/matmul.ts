import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
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

function product(b: Builder, inputs: KernelInputs, attributes: KernelAttributes): Value {
  return b.matMul(input(inputs, 'a'), input(inputs, 'b'), attributes['transposeA'] === true, attributes['transposeB'] === true);
}

/** Matrix products. */
export const matMulRules: RuleTable = {
  BatchMatMul: product,
  _FusedMatMul: (b, inputs, attributes) => {
    const y = product(b, inputs, attributes);
    const biased = inputs['bias'] === undefined ? y : b.add(y, inputs['bias']);
    return activate(b, biased, attributes, inputs['preluActivationWeights']);
  },
};
