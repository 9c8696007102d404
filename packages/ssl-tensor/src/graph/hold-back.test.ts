import { loadRuntime } from '@selfsup/ssl-runtime';
import { expect, it } from 'vitest';
import { Builder } from './builder.js';
import { encodeModel } from './encode-model.js';
import { Graph } from './graph.js';
import { holdBack } from './hold-back.js';
import { scheduleNodes } from './schedule.js';

const ort = loadRuntime();

it('gives back floats, integers and truths bit for bit, whatever the signals hold', async () => {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const [x, n, t] = [
    graph.input('x', [6], 'float32'),
    graph.input('n', [3], 'int32'),
    graph.input('t', [2], 'bool'),
  ] as const;
  const signals = [graph.input('dy', [2, 2], 'float32'), graph.input('dn', [], 'int32')];
  const outputs = new Map([x, n, t].map((value, index) => [`y${index}`, holdBack(b, value, signals)]));
  const session = await ort.InferenceSession.create(encodeModel(graph, outputs).bytes);
  const floats = Float32Array.of(NaN, Infinity, -Infinity, -0, 3.4e38, 1.2e-38);
  const integers = Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0);
  for (const signal of [NaN, Infinity, -Infinity, 0, -0, 1]) {
    const results = await session.run({
      x: new ort.Tensor('float32', floats, [6]),
      n: new ort.Tensor('int32', integers, [3]),
      t: new ort.Tensor('bool', Uint8Array.of(1, 0), [2]),
      dy: new ort.Tensor('float32', new Float32Array(4).fill(signal), [2, 2]),
      dn: new ort.Tensor('int32', Int32Array.of(0), []),
    });
    expect(results['y0']!.data).toEqual(floats);
    expect(results['y1']!.data).toEqual(integers);
    expect(Array.from(results['y2']!.data as Uint8Array)).toEqual([1, 0]);
  }
  await session.release();
});

it('does not read a broadcast signal in full, and needs a signal with an element', () => {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const x = graph.input('x', [3], 'float32');
  const dy = b.expand(graph.input('dy', [], 'float32'), [1000, 1000]);
  const { nodes } = scheduleNodes([holdBack(b, x, [dy])]);
  expect(nodes.map(({ op }) => op)).not.toContain('Expand');
  expect(holdBack(b, x, [graph.input('none', [0, 4], 'float32')])).toBe(x);
});

it('makes another value of it for each signal, and of what is computed of it', () => {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const [x, first, second] = ['x', 'first', 'second'].map((name) => graph.input(name, [3], 'float32'));
  const values = [x!, holdBack(b, x!, [first!]), holdBack(b, x!, [second!]), holdBack(b, x!, [first!])];
  const sines = values.map((value) => b.unary('Sin', value));
  expect(new Set(sines).size).toBe(3);
  expect(sines[3]).toBe(sines[1]);
});
