import type { Builder } from '../graph/builder.js';
import { broadcastShape, type Value } from '../graph/value.js';
import { preciseCosine, preciseExpm1, preciseLog1p, preciseSine } from './precise-math.js';
import { input, type Rule, type RuleTable } from './rule.js';
import { toInt32 } from './to-int32.js';
import { wholePower } from './whole-power.js';

/** The largest finite float32. */
export const largestFloat = 3.4028234663852886e38;

/** Terms that float32 adds well one after the other. */
const fewTerms = 32;

const unary =
  (op: string): Rule =>
  (b, inputs) =>
    b.unary(op, input(inputs, 'x'));

const binary =
  (op: string): Rule =>
  (b, inputs) =>
    b.binary(op, input(inputs, 'a'), input(inputs, 'b'));

const comparison =
  (op: string): Rule =>
  (b, inputs) => {
    // ONNX compares bools for equality only.
    const [left, right] = [input(inputs, 'a'), input(inputs, 'b')];
    if (left.type !== 'bool' || op === 'Equal') return b.binary(op, left, right, 'bool');
    return b.binary(op, b.cast(left, 'int32'), b.cast(right, 'int32'), 'bool');
  };

const float =
  (rule: (b: Builder, x: Value) => Value): Rule =>
  (b, inputs) =>
    rule(b, b.cast(input(inputs, 'x'), 'float32'));

/** Where a divisor is -1, 0 or 1. The runtime stops the process at 0, and at -1 below the least integer. */
const isTrivial = (b: Builder, divisor: Value): Value => {
  const [low, high] = [b.scalar(-1, 'int32'), b.scalar(1, 'int32')];
  return b.binary('Equal', divisor, b.binary('Max', b.binary('Min', divisor, high), low), 'bool');
};

/** Remainder with the sign of the divisor; 0 for the divisor 0, as TF.js has it. */
const wholeMod = (b: Builder, left: Value, right: Value): Value =>
  b.binary('Mod', left, b.where(isTrivial(b, right), b.scalar(1, 'int32'), right));

/** Quotient rounded down; 0 for the divisor 0, as TF.js has it. */
const wholeFloorDiv = (b: Builder, left: Value, right: Value): Value => {
  const trivial = isTrivial(b, right);
  const divisor = b.where(trivial, b.scalar(1, 'int32'), right);
  // Cut towards zero, which cannot overflow; taking the remainder off first could.
  const cut = b.div(left, divisor);
  const rest = b.sub(left, b.mul(cut, divisor));
  const zero = b.scalar(0, 'int32');
  const isOpposed = b.binary(
    'And',
    b.unary('Not', b.binary('Equal', rest, zero, 'bool'), 'bool'),
    b.binary('Xor', b.binary('Less', rest, zero, 'bool'), b.binary('Less', divisor, zero, 'bool'), 'bool'),
    'bool',
  );
  return b.where(trivial, b.mul(left, right), b.sub(cut, b.cast(isOpposed, 'int32')));
};

/** Of many terms the sums of halves: one after the other, equal ones would all be rounded to the same side. */
function sumOfTerms(b: Builder, terms: readonly Value[]): Value {
  if (terms.length <= fewTerms) return terms.reduce((sum, term) => b.add(sum, term));
  const half = Math.ceil(terms.length / 2);
  return b.add(sumOfTerms(b, terms.slice(0, half)), sumOfTerms(b, terms.slice(half)));
}

/** A test for values that only floats have: `otherwise` for whole numbers. */
const floatTest =
  (otherwise: boolean, rule: (b: Builder, x: Value) => Value): Rule =>
  (b, inputs) => {
    const x = input(inputs, 'x');
    return x.type === 'float32' ? rule(b, x) : b.splat(Number(otherwise), x.shape, 'bool');
  };

const isFinite = (b: Builder, x: Value): Value =>
  b.binary('LessOrEqual', b.unary('Abs', x), b.scalar(largestFloat), 'bool');

/** True where the device's own functions are coarse, see precise-math.ts. */
const isCoarse = (b: Builder): boolean => b.device === 'webgpu';

const sine = (b: Builder, x: Value): Value => (isCoarse(b) ? preciseSine(b, x) : b.unary('Sin', x));
const cosine = (b: Builder, x: Value): Value => (isCoarse(b) ? preciseCosine(b, x) : b.unary('Cos', x));

/** Logarithm of 1 + x: log(u) * (x / (u - 1)) with u = 1 + x corrects the rounding of u (Goldberg 1991, theorem 4). */
const log1p = (b: Builder, x: Value): Value => {
  if (isCoarse(b)) return preciseLog1p(b, x);
  const u = b.add(x, b.scalar(1));
  const exact = b.binary('Equal', u, b.scalar(1), 'bool');
  const infinite = b.binary('Greater', u, b.scalar(largestFloat), 'bool');
  const correction = b.div(x, b.where(exact, b.scalar(1), b.sub(u, b.scalar(1))));
  return b.where(exact, x, b.where(infinite, u, b.mul(b.unary('Log', u), correction)));
};

const square = (b: Builder, x: Value): Value => b.mul(x, x);
const step = (b: Builder, x: Value, alpha: number): Value => {
  // clamp(x * 3e38, 0, 1) is the step in one pass; comparing and casting takes two.
  if (alpha === 0 && x.type === 'float32')
    return b.unary('HardSigmoid', x, 'float32', { alpha: { float: 3e38 }, beta: { float: 0 } });
  const positive = b.binary('Greater', x, b.scalar(0, x.type), 'bool');
  if (alpha === 0) return b.cast(positive, x.type);
  const slope = b.scalar(alpha, x.type);
  // NaN is no slope.
  const rest = x.type === 'float32' ? b.where(b.unary('IsNaN', x, 'bool'), x, slope) : slope;
  return b.where(positive, b.scalar(1, x.type), rest);
};

/** Elementwise kernels: arithmetic, comparisons, activations. */
export const elementwiseRules = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: (b, inputs) => {
    const [left, right] = [input(inputs, 'a'), input(inputs, 'b')];
    return left.type === 'bool' ? b.binary('And', left, right) : b.mul(left, right);
  },
  RealDiv: (b, inputs) => b.div(b.cast(input(inputs, 'a'), 'float32'), b.cast(input(inputs, 'b'), 'float32')),
  FloorDiv: (b, inputs) => {
    const [left, right] = [input(inputs, 'a'), input(inputs, 'b')];
    if (left.type !== 'float32') return wholeFloorDiv(b, left, right);
    // TF.js gives int32 for floats as well, and 0 where the quotient is none.
    return toInt32(b, b.unary('Floor', b.div(left, right)));
  },
  Mod: (b, inputs) => {
    const [left, right] = [input(inputs, 'a'), input(inputs, 'b')];
    if (left.type !== 'float32') return wholeMod(b, left, right);
    // The runtime's remainder has the sign of the dividend, TF.js's that of the divisor.
    const rest = b.op('Mod', [left, right], broadcastShape(left.shape, right.shape)!, 'float32', { fmod: 1 });
    const zero = b.scalar(0);
    const opposed = b.binary('Less', b.mul(b.unary('Sign', left), b.unary('Sign', right)), zero, 'bool');
    return b.where(opposed, b.op('Mod', [b.add(rest, right), right], rest.shape, 'float32', { fmod: 1 }), rest);
  },
  Pow: (b, inputs) => {
    const [base, exponent] = [input(inputs, 'a'), input(inputs, 'b')];
    if (exponent.splat === 2) return square(b, b.binary('Add', base, b.splat(0, exponent.shape, base.type)));
    return base.type === 'int32' && exponent.type === 'int32'
      ? wholePower(b, base, exponent)
      : b.binary('Pow', base, exponent);
  },
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  SquaredDifference: (b, inputs) => square(b, b.sub(input(inputs, 'a'), input(inputs, 'b'))),
  AddN: (b, inputs) => sumOfTerms(b, Object.values(inputs)),
  Atan2: (b, inputs) => {
    const [y, x] = [input(inputs, 'a'), input(inputs, 'b')];
    const zero = b.scalar(0);
    // A negative zero would turn the quotient's sign.
    const base = b.unary('Atan', b.div(y, b.where(b.binary('Equal', x, zero, 'bool'), zero, x)));
    const shift = b.where(b.binary('Less', y, zero, 'bool'), b.scalar(-Math.PI), b.scalar(Math.PI));
    const left = b.binary('Less', x, zero, 'bool');
    const turned = b.where(left, b.add(base, shift), base);
    // y = x = 0 would be NaN; TF.js gives 0.
    const origin = b.binary('And', b.binary('Equal', y, zero, 'bool'), b.binary('Equal', x, zero, 'bool'), 'bool');
    return b.where(origin, zero, turned);
  },
  Equal: comparison('Equal'),
  NotEqual: (b, inputs) => b.unary('Not', b.binary('Equal', input(inputs, 'a'), input(inputs, 'b'), 'bool')),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: binary('And'),
  LogicalOr: binary('Or'),
  LogicalNot: unary('Not'),
  BitwiseAnd: binary('BitwiseAnd'),
  Select: (b, inputs) => {
    const [condition, t, e] = [input(inputs, 'condition'), input(inputs, 't'), input(inputs, 'e')];
    // TF.js lets a rank-1 condition choose rows.
    const rows = condition.shape.length === 1 && t.shape.length > 1;
    return b.where(
      rows ? b.reshape(condition, [...condition.shape, ...t.shape.slice(1).map(() => 1)]) : condition,
      t,
      e,
    );
  },
  Neg: unary('Neg'),
  Abs: unary('Abs'),
  Sign: unary('Sign'),
  Ceil: unary('Ceil'),
  Floor: unary('Floor'),
  Round: (b, inputs) =>
    input(inputs, 'x').type === 'float32' ? b.unary('Round', input(inputs, 'x')) : input(inputs, 'x'),
  Exp: float((b, x) => b.unary('Exp', x)),
  Expm1: float((b, x) => {
    if (isCoarse(b)) return preciseExpm1(b, x);
    // exp(x) - 1 loses digits near 0: there 2 tanh(x/2) / (1 - tanh(x/2)) keeps them.
    const t = b.unary('Tanh', b.mul(x, b.scalar(0.5)));
    const near = b.div(b.mul(t, b.scalar(2)), b.sub(b.scalar(1), t));
    const small = b.binary('Less', b.unary('Abs', x), b.scalar(0.5), 'bool');
    return b.where(small, near, b.sub(b.unary('Exp', x), b.scalar(1)));
  }),
  Log: float((b, x) => b.unary('Log', x)),
  Log1p: float(log1p),
  Sqrt: float((b, x) => b.unary('Sqrt', x)),
  Rsqrt: float((b, x) => b.unary('Reciprocal', b.unary('Sqrt', x))),
  Reciprocal: float((b, x) => b.unary('Reciprocal', x)),
  Square: (b, inputs) => square(b, input(inputs, 'x')),
  Sin: float(sine),
  Cos: float(cosine),
  Tan: float((b, x) => (isCoarse(b) ? b.div(sine(b, x), cosine(b, x)) : b.unary('Tan', x))),
  Asin: float((b, x) => b.unary('Asin', x)),
  Acos: float((b, x) => (isCoarse(b) ? b.sub(b.scalar(Math.PI / 2), b.unary('Asin', x)) : b.unary('Acos', x))),
  Atan: float((b, x) => b.unary('Atan', x)),
  Sinh: float((b, x) => b.unary('Sinh', x)),
  Cosh: float((b, x) => b.unary('Cosh', x)),
  Tanh: float((b, x) => b.unary('Tanh', x)),
  Asinh: float((b, x) => b.unary('Asinh', x)),
  Acosh: float((b, x) => b.unary('Acosh', x)),
  Atanh: float((b, x) => b.unary('Atanh', x)),
  Erf: float((b, x) => b.unary('Erf', x)),
  Sigmoid: float((b, x) => b.unary('Sigmoid', x)),
  Softplus: float((b, x) => {
    // max(x, 0) + log(1 + exp(-|x|)): exp never overflows.
    const tail = log1p(b, b.unary('Exp', b.unary('Neg', b.unary('Abs', x))));
    return b.add(b.unary('Relu', x), tail);
  }),
  Relu: unary('Relu'),
  Relu6: (b, inputs) => b.binary('Min', b.unary('Relu', input(inputs, 'x')), b.scalar(6, input(inputs, 'x').type)),
  Elu: float((b, x) => b.unary('Elu', x, 'float32', { alpha: { float: 1 } })),
  EluGrad: (b, inputs) => {
    const [dy, y] = [input(inputs, 'dy'), input(inputs, 'y')];
    return b.where(b.binary('GreaterOrEqual', y, b.scalar(0), 'bool'), dy, b.mul(dy, b.add(y, b.scalar(1))));
  },
  Selu: float((b, x) => b.unary('Selu', x)),
  LeakyRelu: (b, inputs, { alpha }) =>
    b.unary('LeakyRelu', b.cast(input(inputs, 'x'), 'float32'), 'float32', { alpha: { float: alpha as number } }),
  Prelu: (b, inputs) => {
    const [x, alpha] = [input(inputs, 'x'), input(inputs, 'alpha')];
    return b.where(b.binary('Less', x, b.scalar(0), 'bool'), b.mul(x, alpha), x);
  },
  Step: (b, inputs, { alpha }) => step(b, input(inputs, 'x'), (alpha as number | undefined) ?? 0),
  ClipByValue: (b, inputs, { clipValueMin, clipValueMax }) => {
    const x = input(inputs, 'x');
    // An integer is clipped by what it can be.
    const bound = (value: unknown): Value =>
      b.scalar(
        x.type === 'int32' ? Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), value as number)) : (value as number),
        x.type,
      );
    return b.binary('Min', b.binary('Max', x, bound(clipValueMin)), bound(clipValueMax));
  },
  IsNan: floatTest(false, (b, x) => b.unary('IsNaN', x, 'bool')),
  IsInf: floatTest(false, (b, x) => b.unary('IsInf', x, 'bool')),
  IsFinite: floatTest(true, isFinite),
} satisfies RuleTable;
