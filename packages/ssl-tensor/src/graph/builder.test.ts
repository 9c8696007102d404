import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { Builder, positiveAxis } from './builder.js';
import { Graph } from './graph.js';
import { scheduleNodes } from './schedule.js';
import type { Value } from './value.js';

/** A builder with a float input of each shape. */
function setUp(...shapes: readonly (readonly number[])[]): { b: Builder; inputs: Value[] } {
  const graph = new Graph();
  return {
    b: new Builder(graph, 'cpu'),
    inputs: shapes.map((shape, index) => graph.input(`a${index}`, shape, 'float32')),
  };
}

/** Ops that a value needs, in the order they run. */
const ops = (...values: Value[]): string[] => scheduleNodes(values).nodes.map(({ op }) => op);

describe('an op with a scalar', () => {
  it('runs flat where the last axis is 1', () => {
    const { b, inputs } = setUp([64, 8, 8, 1], [1]);
    const [x, y] = inputs as [Value, Value];
    for (const value of [b.add(x, y), b.sub(y, x), b.mul(x, b.scalar(2))]) {
      const flat = value.producer!.inputs[0]!;
      expect([value.producer!.op, value.shape]).toEqual(['Reshape', [64, 8, 8, 1]]);
      expect(flat.producer!.inputs.map((input) => input!.shape)).toEqual(expect.arrayContaining([[], [4096]]));
    }
    expect(ops(b.add(x, x))).toEqual(['Add']);
  });
});

describe('common subexpressions', () => {
  it('are one node', () => {
    const { b, inputs } = setUp([2, 3], [3]);
    const [x, y] = inputs as [Value, Value];
    expect(b.add(x, y)).toBe(b.add(x, y));
    expect(b.transpose(x, [1, 0])).toBe(b.transpose(x, [1, 0]));
    expect(ops(b.mul(b.unary('Exp', x), b.unary('Exp', x)))).toEqual(['Exp', 'Mul']);
  });

  it('do not confuse attributes, order or types', () => {
    const { b, inputs } = setUp([2, 2], [2, 2]);
    const [x, y] = inputs as [Value, Value];
    expect(b.sub(x, y)).not.toBe(b.sub(y, x));
    expect(b.reduce('ReduceSum', x, [0], false)).not.toBe(b.reduce('ReduceSum', x, [1], false));
    expect(b.unary('LeakyRelu', x, 'float32', { alpha: { float: 0.1 } })).not.toBe(
      b.unary('LeakyRelu', x, 'float32', { alpha: { float: 0.2 } }),
    );
    expect(b.scalar(0)).not.toBe(b.scalar(-0));
    expect(b.scalar(1)).not.toBe(b.scalar(1, 'int32'));
  });
});

describe('constants', () => {
  it('fold, and neutral ones vanish', () => {
    const { b, inputs } = setUp([2, 3]);
    const x = inputs[0]!;
    expect(b.add(b.scalar(2), b.scalar(3)).splat).toBe(5);
    expect(b.unary('Exp', b.splat(0, [4])).splat).toBe(1);
    expect([
      b.add(x, b.scalar(0)),
      b.mul(x, b.scalar(1)),
      b.mul(b.scalar(1), x),
      b.div(x, b.scalar(1)),
      b.sub(x, b.scalar(0)),
    ]).toEqual([x, x, x, x, x]);
    expect(b.reduce('ReduceSum', b.splat(2, [3, 4]), [1], false)).toMatchObject({ splat: 8, shape: [3] });
    expect(b.reduce('ReduceMean', b.splat(2, [3, 4]), [0, 1], true)).toMatchObject({ splat: 2, shape: [1, 1] });
  });

  it('do not vanish on the side that matters', () => {
    const { b, inputs } = setUp([3]);
    const x = inputs[0]!;
    expect(ops(b.div(b.scalar(1), x))).toEqual(['Div']);
    expect(ops(b.sub(b.scalar(0), x))).toEqual(['Neg']);
    expect(ops(b.binary('Pow', b.scalar(1), x))).toEqual(['Pow']);
  });

  it('of equal elements are numbers until they are needed', () => {
    const { b } = setUp();
    expect(b.constant(new Float32Array(1000).fill(3), [10, 100])).toMatchObject({ splat: 3, shape: [10, 100] });
    expect(b.transpose(b.reshape(b.splat(3, [2, 6]), [3, 4]), [1, 0])).toMatchObject({ splat: 3, shape: [4, 3] });
  });

  it('factors merge, also across a negation, unless the product leaves the range of float32', () => {
    const { b, inputs } = setUp([3]);
    const x = inputs[0]!;
    const scaled = b.mul(b.unary('Neg', b.div(b.mul(x, b.scalar(6)), b.scalar(2))), b.scalar(5));
    expect(ops(scaled)).toEqual(['Mul']);
    expect(scaled.producer!.inputs[1]!.splat).toBeCloseTo(-15);
    expect(ops(b.mul(b.mul(x, b.scalar(1e-30)), b.scalar(1e-30)))).toEqual(['Mul', 'Mul']);
    expect(ops(b.div(x, b.scalar(3e38)))).toEqual(['Div']);
    expect(ops(b.div(x, b.scalar(0)))).toEqual(['Div']);
  });
});

describe('reshapes and transposes', () => {
  it('chains of reshapes are one, and one that gives the shape back is none', () => {
    const { b, inputs } = setUp([2, 6]);
    const x = inputs[0]!;
    expect(ops(b.reshape(b.reshape(b.reshape(x, [12]), [3, 4]), [4, 3]))).toEqual(['Reshape']);
    expect(b.reshape(b.reshape(x, [3, 4]), [2, 6])).toBe(x);
  });

  it('chains of transposes are one, and inverse ones are none', () => {
    const { b, inputs } = setUp([2, 3, 4]);
    const x = inputs[0]!;
    const twice = b.transpose(b.transpose(x, [2, 0, 1]), [1, 0, 2]);
    expect(ops(twice)).toEqual(['Transpose']);
    expect(twice).toMatchObject({ shape: [2, 4, 3], producer: { attributes: { perm: [0, 2, 1] } } });
    expect(b.transpose(b.transpose(x, [2, 0, 1]), [1, 2, 0])).toBe(x);
  });

  it('a transpose that only moves axes of one is a reshape', () => {
    const { b, inputs } = setUp([2, 1, 3]);
    expect(ops(b.transpose(inputs[0]!, [1, 0, 2]))).toEqual(['Reshape']);
  });

  it('transposes of the last two axes go into the product', () => {
    const { b, inputs } = setUp([4, 3], [4, 5], [2, 4, 3], [2, 4, 5]);
    const [x, y, u, v] = inputs as [Value, Value, Value, Value];
    expect(ops(b.matMul(b.transpose(x, [1, 0]), y))).toEqual(['Gemm']);
    expect(b.matMul(b.transpose(x, [1, 0]), x, true, true)).toMatchObject({ shape: [4, 4] });
    const batched = b.matMul(b.transpose(u, [0, 2, 1]), v);
    expect(batched).toMatchObject({
      shape: [2, 3, 5],
      producer: { op: 'FusedMatMul', attributes: { transA: 1, transB: 0 } },
    });
    expect(ops(b.matMul(b.transpose(b.transpose(x, [1, 0]), [1, 0]), y, true, false))).toEqual(['Gemm']);
  });
});

describe('broadcasts', () => {
  it('stay unmaterialised through elementwise ops and sums', () => {
    const { b, inputs } = setUp([3, 1], [3, 4]);
    const [x, y] = inputs as [Value, Value];
    const wide = b.expand(x, [3, 4]);
    expect(ops(b.add(b.unary('Exp', wide), y))).toEqual(['Exp', 'Add']);
    expect(ops(b.reduce('ReduceSum', wide, [1], false))).toEqual(expect.not.arrayContaining(['Expand', 'ReduceSum']));
    expect(b.reduce('ReduceSum', wide, [1], false).shape).toEqual([3]);
  });

  it('that do not fit are refused', () => {
    const { b, inputs } = setUp([2], [3]);
    expect(() => b.add(inputs[0]!, inputs[1]!)).toThrow(InvalidOptionError);
  });
});

describe('casts', () => {
  it('to the same type vanish, and widening ones merge', () => {
    const { b, inputs } = setUp([2]);
    const x = inputs[0]!;
    expect(b.cast(x, 'float32')).toBe(x);
    expect(ops(b.cast(b.cast(b.cast(x, 'bool'), 'int32'), 'float32'))).toEqual(['Cast', 'Cast']);
    expect(ops(b.cast(b.cast(x, 'int32'), 'float32'))).toEqual(['Cast', 'Cast']);
  });
});

describe('parts and joins', () => {
  it('of everything or nothing need no op', () => {
    const { b, inputs } = setUp([2, 3]);
    const x = inputs[0]!;
    expect(b.slice(x, [0, 0], [2, 3])).toBe(x);
    expect(
      b.pad(x, [
        [0, 0],
        [0, 0],
      ]),
    ).toBe(x);
    expect(b.concat([x, b.splat(0, [0, 3])], 0)).toBe(x);
    expect(b.slice(x, [1, 0], [1, 3])).toMatchObject({ shape: [0, 3], splat: 0 });
    expect(b.slice(x, [0, 0], [2, 3], [1, 2]).shape).toEqual([2, 2]);
  });
});

it('positiveAxis counts from the end', () => {
  expect([positiveAxis(0, 3), positiveAxis(-1, 3), positiveAxis(-3, 3)]).toEqual([0, 2, 0]);
});

describe('a sum', () => {
  const sumOps = (shape: readonly number[], axes: readonly number[]): string[] => {
    const { b, inputs } = setUp(shape);
    return ops(b.reduce('ReduceSum', inputs[0]!, axes, false)).filter((op) => op !== 'Reshape');
  };
  const inStages = ['ReduceSum', 'Cast', 'ReduceSum', 'Cast'];

  it('of few numbers is one op', () => {
    expect(sumOps([4096, 256], [1])).toEqual(['ReduceSum']);
    expect(sumOps([8, 197, 64], [1])).toEqual(['ReduceSum']);
    expect(sumOps([200, 8], [0])).toEqual(['MatMul']);
  });

  it('of many runs in stages, without a copy', () => {
    expect(sumOps([1024, 1024], [0, 1])).toEqual(inStages);
    expect(sumOps([64, 768], [1])).toEqual(inStages);
    expect(sumOps([8, 1000, 64], [1])).toEqual(inStages);
    expect(sumOps([512, 768], [0])).not.toContain('Pad');
    expect(sumOps([4, 30_522], [1])).not.toContain('Pad');
  });

  it('of a prime number of them is filled up', () => {
    expect(sumOps([65_537], [0])).toEqual(['Pad', ...inStages]);
    expect(sumOps([3, 1021, 5], [1])).toEqual(['Pad', ...inStages]);
  });
});
