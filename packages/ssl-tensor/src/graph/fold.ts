import type { ValueType } from './value.js';

const unaries: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Exp: Math.exp,
  Log: Math.log,
  Sqrt: Math.sqrt,
  Abs: Math.abs,
  Reciprocal: (x) => 1 / x,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Relu: (x) => Math.max(0, x),
  Not: (x) => Number(x === 0),
};

const binaries: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: Math.max,
  Min: Math.min,
  Pow: (a, b) => a ** b,
  Equal: (a, b) => Number(a === b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
};

/** Value of an elementwise op on a constant, or undefined where it is not folded. */
export function foldUnary(op: string, x: number): number | undefined {
  return unaries[op]?.(x);
}

/** Value of an elementwise op on two constants of `type`, or undefined where it is not folded. */
export function foldBinary(op: string, a: number, b: number, type: ValueType): number | undefined {
  if (type !== 'float32' && (op === 'Div' || op === 'Pow')) return undefined;
  if (type === 'int32' && op === 'Mul') return Math.imul(a, b);
  return binaries[op]?.(a, b);
}

/** True where the op with this constant on that side gives back the other operand. */
export function isNeutral(op: string, constant: number, side: 'left' | 'right'): boolean {
  if (op === 'Add') return constant === 0;
  if (op === 'Mul') return constant === 1;
  if (side === 'left') return false;
  return (op === 'Sub' && constant === 0) || ((op === 'Div' || op === 'Pow') && constant === 1);
}
