import type { Builder } from '../graph/builder.js';
import { sizeOf, type Value } from '../graph/value.js';
import { input, type RuleTable } from './rule.js';

/** Rotation of 32-bit words to the left, on uint32. */
const rotate = (b: Builder, x: Value, bits: number): Value => {
  const shift = (count: number, direction: string): Value =>
    b.op('BitShift', [x, b.splat(count, x.shape, 'uint32')], x.shape, 'uint32', { direction });
  return b.op('BitwiseOr', [shift(bits, 'LEFT'), shift(32 - bits, 'RIGHT')], x.shape, 'uint32');
};

/** 32-bit addition that wraps: the runtime adds int32, not uint32. */
const addWords = (b: Builder, x: Value, y: Value): Value =>
  b.cast(b.add(b.cast(x, 'int32'), b.cast(y, 'int32')), 'uint32');

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/**
 * Threefry-2x32 in the graph: the same words as the host's threefry2x32.
 *
 * @param key int32 `[2]`
 * @param high uint32 `[pairs]`, first counter word
 * @param low uint32 `[pairs]`, second counter word
 * @returns uint32 `[2, pairs]`
 */
function threefry(b: Builder, key: Value, high: Value, low: Value): Value {
  const pairs = low.shape[0]!;
  const word = (index: number): Value => b.cast(b.slice(key, [index], [index + 1]), 'uint32');
  const xor = (x: Value, y: Value): Value => b.op('BitwiseXor', [x, y], [Math.max(x.shape[0]!, y.shape[0]!)], 'uint32');
  const keys = [word(0), word(1), xor(xor(word(0), word(1)), b.splat(0x1bd11bda, [1], 'uint32'))];
  let x0 = addWords(b, high, keys[0]!);
  let x1 = addWords(b, low, keys[1]!);
  for (let block = 0; block < 5; block++) {
    for (let round = 0; round < 4; round++) {
      x0 = addWords(b, x0, x1);
      x1 = xor(rotate(b, x1, rotations[(block & 1) * 4 + round]!), x0);
    }
    x0 = addWords(b, x0, keys[(block + 1) % 3]!);
    x1 = addWords(b, x1, addWords(b, keys[(block + 2) % 3]!, b.splat(block + 1, [1], 'uint32')));
  }
  return b.concat([b.reshape(x0, [1, pairs]), b.reshape(x1, [1, pairs])], 0);
}

/** The first `count` words of the counters 0, 1, ..., as randomUniform has them on the host. */
function countedWords(b: Builder, key: Value, count: number): Value {
  const pairs = Math.ceil(count / 2);
  const counters = b.constant(
    Uint32Array.from({ length: pairs }, (_, index) => index),
    [pairs],
    'uint32',
  );
  const words = threefry(b, key, b.splat(0, [pairs], 'uint32'), counters);
  return b.slice(b.reshape(words, [2 * pairs]), [0], [count]);
}

/** Up to this length of a row the runtime adds the squares well enough in float32. */
const longestNorm = 4096;

/** The runtime's layer normalisation: `[y, mean, rstd]`, and `scale` and `bias` applied. */
function runtimeLayerNorm(b: Builder, x: Value, scale: Value, bias: Value, epsilon: number): readonly Value[] {
  const rows = [...x.shape.slice(0, -1), 1];
  const specs = [x.shape, rows, rows].map((shape) => ({ shape, type: 'float32' as const }));
  return b.graph.nodes('LayerNormalization', [x, scale, bias], specs, { axis: -1, epsilon: { float: epsilon } });
}

/** Its mean is exact on rows of any length; on long ones the deviation is not, and is measured again on the result. */
function layerNorm(b: Builder, x: Value, scale: Value, bias: Value, epsilon: number): readonly Value[] {
  const dim = x.shape.at(-1)!;
  if (dim <= longestNorm) return runtimeLayerNorm(b, x, scale, bias, epsilon);
  const [y, mean, rstd] = runtimeLayerNorm(b, x, b.splat(1, [dim]), b.splat(0, [dim]), epsilon) as Value[];
  const squares = b.reduce('ReduceMean', b.mul(y!, y!), [x.shape.length - 1], true);
  const addend = b.mul(b.mul(rstd!, rstd!), b.scalar(epsilon));
  const factor = b.unary('Reciprocal', b.unary('Sqrt', b.add(squares, addend)));
  return [b.add(b.mul(b.mul(y!, factor), scale), bias), mean!, b.mul(rstd!, factor)];
}

/** Kernels of our own, recorded inside compile() in place of chains of TF.js ops. */
export const ownKernelRules = {
  SslGelu: (b, inputs, { approximate }) => {
    const x = input(inputs, 'x');
    return b.op('Gelu', [x], x.shape, 'float32', { approximate: approximate as string });
  },
  SslLayerNorm: (b, inputs, { epsilon }) =>
    layerNorm(b, input(inputs, 'x'), input(inputs, 'scale'), input(inputs, 'bias'), epsilon as number),
  SslRandomUniform: (b, inputs, { shape }) => {
    const words = countedWords(b, input(inputs, 'key'), sizeOf(shape as number[]));
    const high = b.op('BitShift', [words, b.splat(8, words.shape, 'uint32')], words.shape, 'uint32', {
      direction: 'RIGHT',
    });
    return b.reshape(b.mul(b.cast(high, 'float32'), b.scalar(2 ** -24)), shape as number[]);
  },
  SslRandomBits: (b, inputs, { shape }) =>
    b.reshape(b.cast(countedWords(b, input(inputs, 'key'), sizeOf(shape as number[])), 'int32'), shape as number[]),
  SslFoldIn: (b, inputs, { data }) => {
    const words = threefry(
      b,
      input(inputs, 'key'),
      b.splat(Math.floor((data as number) / 4294967296), [1], 'uint32'),
      b.splat((data as number) >>> 0, [1], 'uint32'),
    );
    return b.cast(b.reshape(words, [2]), 'int32');
  },
  SslGatherElements: (b, inputs) => {
    const [x, indices] = [input(inputs, 'x'), input(inputs, 'indices')];
    const column = b.reshape(indices, [indices.shape[0]!, 1]);
    return b.reshape(b.op('GatherElements', [x, column], column.shape, x.type, { axis: 1 }), indices.shape);
  },
  SslSubtractAt: (b, inputs) => {
    const [x, indices, amounts] = [input(inputs, 'x'), input(inputs, 'indices'), input(inputs, 'amounts')];
    const rows = indices.shape[0]!;
    const place = b.concat(
      [
        b.constant(
          Int32Array.from({ length: rows }, (_, row) => row),
          [rows, 1],
          'int32',
        ),
        b.reshape(indices, [rows, 1]),
      ],
      1,
    );
    return b.op('ScatterND', [x, b.cast(place, 'int64'), b.expand(b.unary('Neg', amounts), [rows])], x.shape, x.type, {
      reduction: 'add',
    });
  },
} satisfies RuleTable;
