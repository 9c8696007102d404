import { expect, it } from 'vitest';
import { OnnxEngine } from '../engine/onnx-engine.js';
import { Builder } from './builder.js';
import { either } from './either.js';
import { encodeModel } from './encode-model.js';
import { Graph } from './graph.js';

it('computes one of two chains, of what it is given and of constants, and hands operands through', async () => {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const x = graph.input('x', [3], 'float32');
  const y = b.unary('Exp', x);
  const isPositive = b.binary('Greater', b.reduce('ReduceSum', x, [0], false), b.scalar(0), 'bool');
  const [first, second] = either(
    b,
    isPositive,
    [x, y],
    (body, [one, other]) => [body.add(one!, body.constant(Float32Array.of(1, 2, 3), [3])), other!],
    (body, [one]) => [body.mul(one!, body.scalar(2)), body.splat(7, [3])],
  ) as [typeof x, typeof x];
  // One operand is a result of the graph too, under another name.
  const { bytes, inputs } = encodeModel(
    graph,
    new Map([
      ['first', first],
      ['second', second],
      ['exp', y],
    ]),
  );
  const engine = new OnnxEngine({ threads: 1 });
  const session = await engine.load(bytes, inputs);
  const run = async (values: number[]): Promise<number[][]> => {
    const results = ['first', 'second', 'exp'].map((name) => [name, engine.allocate('float32', [3])] as const);
    await session.run({ x: engine.upload('float32', Float32Array.from(values), [3]) }, Object.fromEntries(results));
    return results.map(([, tensor]) => Array.from(engine.mapped(tensor) as Float32Array));
  };
  const exp = (values: number[]): number[] => values.map((value) => expect.closeTo(Math.exp(value), 5) as number);
  expect(await run([1, 0, 2])).toEqual([[2, 2, 5], exp([1, 0, 2]), exp([1, 0, 2])]);
  expect(await run([1, 0, -2])).toEqual([[2, 0, -4], [7, 7, 7], exp([1, 0, -2])]);
  await session.release();
});

it('of equal conditions, operands and chains is one node, of others is another', () => {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const x = graph.input('x', [2], 'float32');
  const condition = graph.input('c', [], 'bool');
  const of = (factor: number) =>
    either(
      b,
      condition,
      [x],
      (body, [one]) => [body.mul(one!, body.scalar(factor))],
      (_, [one]) => [one!],
    )[0];
  expect(of(2)).toBe(of(2));
  expect(of(3)).not.toBe(of(2));
});
