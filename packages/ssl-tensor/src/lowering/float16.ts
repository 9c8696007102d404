import type { Builder } from '../graph/builder.js';
import { onnxType } from '../graph/encode-model.js';
import type { Value } from '../graph/value.js';
import { halfValue } from './half-value.js';
import { lastTwo } from './matmul.js';
import { input, type RuleTable } from './rule.js';

/** As float16, in the graph only: no tensor of TF.js has this type. */
const toHalf = (b: Builder, x: Value): Value => b.op('Cast', [x], x.shape, 'float16', { to: onnxType('float16') });

const rounded = (b: Builder, x: Value): Value =>
  x.splat === undefined ? b.cast(toHalf(b, x), 'float32') : b.splat(halfValue(x.splat), x.shape);

/** Rounding to float16, and products of float16 matrices; both take and give float32. */
export const float16Rules = {
  SslRoundToFloat16: (b, inputs) => rounded(b, input(inputs, 'x')),
  SslMatMulFloat16: (b, inputs, { transposeA, transposeB }) => {
    const [x, y] = [input(inputs, 'a'), input(inputs, 'b')];
    const [flipA, flipB] = [transposeA === true, transposeB === true];
    // The runtime's CPU has no product of float16: it would put casts around its float32 one, and then take casts that
    // meet away, so that nothing is rounded.
    if (b.device === 'cpu') return rounded(b, b.matMul(rounded(b, x), rounded(b, y), flipA, flipB));
    const [left, right] = [lastTwo(b, x, flipA), lastTwo(b, y, flipB)];
    const shape = [...left.shape.slice(0, -1), right.shape.at(-1)!];
    if (left.shape.at(-1) === 0) return b.splat(0, shape);
    return b.cast(b.op('MatMul', [toHalf(b, left), toHalf(b, right)], shape, 'float16'), 'float32');
  },
} satisfies RuleTable;
