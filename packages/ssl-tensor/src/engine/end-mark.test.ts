import { expect, it } from 'vitest';
import { encodeModel } from '../graph/encode-model.js';
import { Graph } from '../graph/graph.js';
import { OnnxEngine } from './onnx-engine.js';

const size = 4_000_000;

it('a run writes its outputs into the arrays it is given, and makes no others', async () => {
  const graph = new Graph();
  const x = graph.input('x', [size], 'float32');
  const y = graph.node('Add', [x, x], x);
  const { bytes, inputs } = encodeModel(graph, new Map([['y', y]]));
  const engine = new OnnxEngine();
  const session = await engine.load(bytes, inputs);
  const input = engine.upload('float32', new Float32Array(size).fill(3), [size]);
  const into = new Float32Array(size);
  const output = engine.upload('float32', into, [size]);
  await session.run({ x: input }, { y: output });
  into.fill(0);
  // The most of several runs: the collector may come within one.
  let made = 0;
  for (let run = 0; run < 5; run++) {
    const before = process.memoryUsage().arrayBuffers;
    await session.run({ x: input }, { y: output });
    made = Math.max(made, process.memoryUsage().arrayBuffers - before);
  }
  await session.release();
  expect(into[0]).toBe(6);
  expect(into.at(-1)).toBe(6);
  expect(made).toBeLessThan(into.byteLength / 2);
});

it('a run that fails says so', async () => {
  const graph = new Graph();
  const x = graph.input('x', [3], 'float32');
  const index = graph.input('i', [1], 'int32');
  const y = graph.node('Gather', [x, index], { shape: [1], type: 'float32' });
  const { bytes, inputs } = encodeModel(graph, new Map([['y', y]]));
  const engine = new OnnxEngine();
  const session = await engine.load(bytes, inputs);
  const feeds = {
    x: engine.upload('float32', Float32Array.of(1, 2, 3), [3]),
    i: engine.upload('int32', Int32Array.of(7), [1]),
  };
  const output = engine.allocate('float32', [1]);
  await expect(session.run(feeds, { y: output })).rejects.toThrow('out of data bounds');
  feeds.i = engine.upload('int32', Int32Array.of(2), [1]);
  await session.run(feeds, { y: output });
  expect(engine.mapped(output)).toEqual(Float32Array.of(3));
  await session.release();
});
