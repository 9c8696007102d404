import { describe, expect, it } from 'vitest';
import { Builder } from '../graph/builder.js';
import { Graph } from '../graph/graph.js';
import { scheduleNodes } from '../graph/schedule.js';
import type { Value } from '../graph/value.js';
import { type HostCall, neededCalls, partition, type Segment } from './partition.js';

/** A graph with host calls under construction. */
class Recorder {
  readonly graph = new Graph();
  readonly b = new Builder(this.graph, 'cpu');
  readonly calls: HostCall[] = [];
  readonly x = this.graph.input('x', [4, 2], 'float32');

  call(inputs: readonly Value[], shape: readonly number[] = [4, 2]): Value {
    const [result] = this.graph.nodes('HostCall', inputs, [{ shape, type: 'float32' }], { number: this.calls.length });
    const fn = (): never[] => [];
    this.calls.push({
      name: 'call',
      outputs: [{ shape, dtype: 'float32' }],
      fn,
      inputs,
      results: [result!],
      channel: {},
    });
    return result!;
  }

  cut(...outputs: Value[]): readonly Segment[] {
    return partition(this.graph, this.calls, new Map(outputs.map((value, index) => [`r${index}`, value])));
  }
}

const ops = ({ outputs }: Segment): string[] =>
  scheduleNodes([...outputs.values()])
    .nodes.map(({ op }) => op)
    .toSorted();
const inputsOf = ({ outputs }: Segment): string[] =>
  [...scheduleNodes([...outputs.values()]).inputs].map(({ name }) => name).toSorted();

describe('partition', () => {
  it('of a graph without host calls is the graph itself', () => {
    const { graph, b, x } = new Recorder();
    const outputs = new Map([['r0', b.unary('Exp', x)]]);
    expect(partition(graph, [], outputs)).toEqual([{ graph, outputs, call: undefined, expired: [] }]);
  });

  it('computes each node once: for the host as soon as it can be, results at the end unless more would wait', () => {
    const recorder = new Recorder();
    const { b, x } = recorder;
    const early = b.unary('Exp', x);
    const both = b.unary('Sin', early);
    const loss = b.reduce('ReduceSum', b.unary('Cos', both), [0, 1], false);
    const gradient = b.mul(recorder.call([both]), early);
    const second = recorder.call([gradient]);
    const independent = b.unary('Tanh', x);
    recorder.call([independent]);
    const late = b.mul(b.unary('Abs', x), second);
    const segments = recorder.cut(late, loss);
    expect(segments.map(ops)).toEqual([['Cos', 'Exp', 'ReduceSum', 'Sin', 'Tanh'], ['Mul'], [], ['Abs', 'Mul']]);
    const results = recorder.calls.map((call) => call.results[0]!.name);
    expect(segments.map(inputsOf)).toEqual([
      ['x'],
      [early.name, results[0]!].toSorted(),
      [],
      ['x', loss.name, results[1]!].toSorted(),
    ]);
    expect(segments[0]!.outputs.size).toBe(4);
    expect([...segments[1]!.outputs.keys()]).toEqual([gradient.name]);
    expect([...segments[3]!.outputs.keys()]).toEqual(['r0', 'r1']);
    expect(segments.map(({ call }) => call)).toEqual([...recorder.calls, undefined]);
  });

  it('drops what nobody needs any more', () => {
    const recorder = new Recorder();
    const { b, x } = recorder;
    const [early, late] = [b.unary('Exp', x), b.unary('Sin', x)];
    const first = recorder.call([early]);
    const product = b.mul(first, late);
    const second = recorder.call([product]);
    const third = recorder.call([late]);
    const segments = recorder.cut(b.add(second, third));
    expect(segments.map(({ expired }) => expired.toSorted())).toEqual([
      [early.name],
      [first.name, product.name].toSorted(),
      [late.name],
      [second.name, third.name].toSorted(),
    ]);
  });

  it('makes reshapes and broadcasts again instead of passing their results on', () => {
    const recorder = new Recorder();
    const { b, x } = recorder;
    const row = b.reduce('ReduceSum', x, [0], false);
    const wide = b.op('Expand', [b.reshape(row, [1, 2]), b.int64([100, 2])], [100, 2], 'float32');
    const host = recorder.call([b.matMul(wide, x, false, true)], [100, 2]);
    const segments = recorder.cut(b.op('Max', [host, wide], [100, 2], 'float32'));
    expect(inputsOf(segments[1]!)).toEqual([host.name, row.name].toSorted());
    expect(ops(segments[1]!)).toEqual(['Expand', 'Max', 'Reshape']);
  });

  it('leaves the graph as it was', () => {
    const recorder = new Recorder();
    const { b, x } = recorder;
    const result = b.unary('Sin', recorder.call([b.unary('Exp', x)]));
    const before = scheduleNodes([result]).nodes.map(({ op }) => op);
    recorder.cut(result);
    expect(scheduleNodes([result]).nodes.map(({ op }) => op)).toEqual(before);
    expect(recorder.graph.inputs).toEqual([x]);
  });
});

it('neededCalls are those that values depend on, through other calls too', () => {
  const recorder = new Recorder();
  const { b, x } = recorder;
  const first = recorder.call([x]);
  recorder.call([x]);
  const third = recorder.call([b.unary('Exp', first)]);
  expect(neededCalls(recorder.calls, [b.unary('Sin', third)])).toEqual([recorder.calls[0], recorder.calls[2]]);
  expect(neededCalls(recorder.calls, [first])).toEqual([recorder.calls[0]]);
  expect(neededCalls(recorder.calls, [x])).toEqual([]);
});
