import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { loadRuntime } from '@selfsup/ssl-runtime';
import { expect, it } from 'vitest';
import { readEvents } from '../profile/read-events.js';
import { Builder } from './builder.js';
import { encodeModel } from './encode-model.js';
import { Graph } from './graph.js';
import { scheduleNodes } from './schedule.js';
import type { Value } from './value.js';

const ort = loadRuntime();

interface Example {
  readonly graph: Graph;
  readonly outputs: Map<string, Value>;
}

function example(): Example {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const x = graph.input('x', [2, 3], 'float32');
  graph.input('unused', [7], 'float32');
  b.unary('Exp', b.unary('Sin', x));
  const weights = b.constant(Float32Array.of(1, 2, 3), [3]);
  const large = b.splat(0.5, [100, 3]);
  const sum = b.add(b.mul(x, weights), b.scalar(10));
  return {
    graph,
    outputs: new Map([
      ['sum', sum],
      ['rows', b.op('Concat', [sum, large], [102, 3], 'float32', { axis: 0 })],
      ['again', sum],
    ]),
  };
}

it('gives the same bytes for the same graph', () => {
  const [first, second] = [example(), example()];
  const bytes = encodeModel(first.graph, first.outputs).bytes;
  expect(encodeModel(second.graph, second.outputs).bytes).toEqual(bytes);
  expect(encodeModel(first.graph, first.outputs).bytes).toEqual(bytes);
});

it('leaves out dead code, unused inputs and the contents of large constants of equal elements', () => {
  const { graph, outputs } = example();
  const model = encodeModel(graph, outputs);
  expect(model.inputs.map(({ name }) => name)).toEqual(['x']);
  const decoded = fromBinary(ModelProtoSchema, model.bytes).graph!;
  expect(decoded.node.map(({ opType }) => opType).toSorted()).toEqual(['Add', 'Concat', 'Expand', 'Identity', 'Mul']);
  expect(decoded.node).toHaveLength(model.nodeCount);
  expect(decoded.input.map(({ name }) => name)).toEqual(['x']);
  expect(decoded.output.map(({ name }) => name)).toEqual(['sum', 'rows', 'again']);
  expect(model.bytes.length).toBeLessThan(1000);
});

it('writes nodes so that each comes before what it needs, for graphs thousands of nodes deep', () => {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const x = graph.input('x', [1], 'float32');
  let value = x;
  for (let i = 0; i < 20_000; i++) value = b.unary('Sin', value);
  const decoded = fromBinary(ModelProtoSchema, encodeModel(graph, new Map([['y', b.add(value, x)]])).bytes).graph!;
  const known = new Set(['x']);
  for (const node of decoded.node.toReversed()) {
    expect(node.input.every((name) => known.has(name))).toBe(true);
    for (const name of node.output) known.add(name);
  }
  expect(decoded.node).toHaveLength(20_001);
});

it('is run in the order of the schedule', async () => {
  // Four layers and their gradients by hand: joins, forks, and values that are quick to make.
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const weights = Array.from({ length: 4 }, (_, layer) => graph.input(`w${layer}`, [8, 8], 'float32'));
  const hidden = [graph.input('x', [4, 8], 'float32')];
  for (const weight of weights) hidden.push(b.unary('Sin', b.matMul(hidden.at(-1)!, b.unary('Tanh', weight))));
  let slope = b.unary('Exp', hidden.at(-1)!);
  const gradients: Value[] = [];
  for (let layer = 3; layer >= 0; layer--) {
    slope = b.mul(slope, b.unary('Cos', hidden[layer + 1]!));
    gradients.unshift(b.matMul(hidden[layer]!, slope, true, false));
    slope = b.matMul(slope, b.unary('Cos', weights[layer]!), false, true);
  }
  const outputs = new Map([
    ['all', b.concat([...gradients, ...gradients, slope], 0)],
    ['last', b.unary('Neg', hidden.at(-1)!)],
  ]);
  const order = scheduleNodes([...outputs.values()]).nodes.map(({ op }, index) => `${op}_${index}`);
  const folder = await mkdtemp(join(tmpdir(), 'order-'));
  try {
    const session = await ort.InferenceSession.create(encodeModel(graph, outputs).bytes, {
      graphOptimizationLevel: 'all',
      enableProfiling: true,
      profileFilePrefix: join(folder, 'run'),
    });
    await session.run(
      Object.fromEntries(
        graph.inputs.map(({ name, shape }) => [
          name,
          new ort.Tensor('float32', new Float32Array(shape[0]! * shape[1]!), shape),
        ]),
      ),
    );
    session.endProfiling();
    await session.release();
    const [run] = await readEvents(join(folder, (await readdir(folder))[0]!));
    expect(run!.nodes.map(({ name }) => name)).toEqual(order);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('is a model that the runtime runs', async () => {
  const { graph, outputs } = example();
  const session = await ort.InferenceSession.create(encodeModel(graph, outputs).bytes);
  const result = await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, 1, 1, 2, 2, 2), [2, 3]) });
  expect(Array.from(result['sum']!.data as Float32Array)).toEqual([11, 12, 13, 12, 14, 16]);
  expect(Array.from(result['again']!.data as Float32Array)).toEqual([11, 12, 13, 12, 14, 16]);
  expect(result['rows']!.dims).toEqual([102, 3]);
  await session.release();
});

it('keeps every element type', async () => {
  const graph = new Graph();
  const constants: readonly (readonly [Value, ArrayLike<number | bigint>])[] = [
    [graph.constant(Float32Array.of(1.5, -2), [2], 'float32'), [1.5, -2]],
    [graph.constant(Int32Array.of(-1, 2147483647), [2], 'int32'), [-1, 2147483647]],
    [graph.constant(Uint8Array.of(1, 0), [2], 'bool'), [1, 0]],
    [graph.constant(Uint8Array.of(7, 255), [2], 'uint8'), [7, 255]],
    [graph.constant(Uint32Array.of(4294967295, 1), [2], 'uint32'), [4294967295, 1]],
    [graph.int64([-1, 5]), [-1n, 5n]],
  ];
  const model = encodeModel(graph, new Map(constants.map(([value], index) => [`y${index}`, value])));
  const session = await ort.InferenceSession.create(model.bytes);
  const result = await session.run({});
  constants.forEach(([value, expected], index) => {
    expect(result[`y${index}`]!.type).toBe(value.type);
    expect(Array.from(result[`y${index}`]!.data as Float32Array)).toEqual(Array.from(expected as ArrayLike<number>));
  });
  await session.release();
});
