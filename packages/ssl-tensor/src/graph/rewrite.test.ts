import { describe, expect, it } from 'vitest';
import { Builder } from './builder.js';
import { either } from './either.js';
import { Graph, type GraphNode } from './graph.js';
import { rewrite, type RewriteRule } from './rewrite.js';
import { scheduleNodes } from './schedule.js';
import type { Value } from './value.js';

const opsOf = (...values: readonly Value[]): string[] => scheduleNodes(values).nodes.map(({ op }) => op);

/** Relu as Max with 0. */
const reluAsMax: RewriteRule = ({ op }, [x], b) =>
  op === 'Relu' ? [b.op('Max', [x, b.scalar(0)], x!.shape, x!.type)] : undefined;

describe('rewrite', () => {
  it('replaces nodes by the rule, keeps the others, their attributes and constants, and leaves the graph alone', () => {
    const graph = new Graph();
    const b = new Builder(graph, 'portable');
    const [x, unused] = [graph.input('x', [2, 3], 'float32'), graph.input('unused', [1], 'int32')];
    const weights = b.constant(Float32Array.of(1, 2, 3), [3]);
    const y = b.op('Softmax', [b.unary('Relu', b.add(x, weights))], [2, 3], 'float32', { axis: 1 });
    const made = rewrite(graph, new Map([['y', y]]), reluAsMax);
    const result = made.outputs.get('y')!;
    expect(opsOf(result)).toEqual(['Add', 'Max', 'Softmax']);
    expect(opsOf(y)).toEqual(['Add', 'Relu', 'Softmax']);
    expect(result.producer!.attributes).toEqual({ axis: 1 });
    expect(made.graph.inputs.map(({ name }) => name)).toEqual(['x', unused.name]);
    expect(made.graph.inputs[0]).not.toBe(x);
    const add = scheduleNodes([result]).nodes[0]!;
    expect(add.inputs[0]).toBe(made.graph.inputs[0]);
    expect(add.inputs[1]!.constant).toEqual(Float32Array.of(1, 2, 3));
  });

  it('gives the rule the rewritten inputs, and makes one node of what has become equal', () => {
    const graph = new Graph();
    const b = new Builder(graph, 'portable');
    const x = graph.input('x', [4], 'float32');
    const both = b.add(b.unary('Tanh', x), b.unary('Sigmoid', x));
    const seen: string[] = [];
    const { outputs } = rewrite(graph, new Map([['y', both]]), ({ op }, inputs, builder) => {
      seen.push(`${op}(${inputs.map((input) => input!.producer?.op ?? input!.name).join()})`);
      return op === 'Tanh' || op === 'Sigmoid' ? [builder.unary('Erf', inputs[0]!)] : undefined;
    });
    expect(opsOf(outputs.get('y')!)).toEqual(['Erf', 'Add']);
    expect(seen.at(-1)).toBe('Add(Erf,Erf)');
    const sum = outputs.get('y')!.producer!;
    expect(sum.inputs[0]).toBe(sum.inputs[1]);
  });

  it('replaces a node of several outputs, and an output that is an input or a constant stays one', () => {
    const graph = new Graph();
    const b = new Builder(graph, 'portable');
    const x = graph.input('x', [4], 'float32');
    const specs = [x, { shape: [4], type: 'int64' as const }];
    const [values, places] = graph.nodes('TopK', [x, b.int64([4])], specs, { axis: 0 });
    const outputs = new Map([
      ['values', values!],
      ['places', places!],
      ['same', x],
      ['three', b.splat(3, [2])],
    ]);
    const made = rewrite(graph, outputs, (node, [from], builder) =>
      node.op === 'TopK' ? [from!, builder.int64([0, 1, 2, 3])] : undefined,
    );
    expect(made.outputs.get('values')).toBe(made.graph.inputs[0]);
    expect(made.outputs.get('same')).toBe(made.graph.inputs[0]);
    expect(made.outputs.get('places')!.constant).toEqual(BigInt64Array.of(0n, 1n, 2n, 3n));
    expect(made.outputs.get('three')).toMatchObject({ splat: 3, shape: [2] });
  });

  it('goes into the bodies of nodes', () => {
    const graph = new Graph();
    const b = new Builder(graph, 'portable');
    const [x, isWanted] = [graph.input('x', [2], 'float32'), graph.input('isWanted', [], 'bool')];
    const [y] = either(
      b,
      isWanted,
      [x],
      (body, [part]) => [body.unary('Relu', part!)],
      (_, [part]) => [part!],
    );
    const made = rewrite(graph, new Map([['y', y!]]), reluAsMax);
    const bodyOf = ({ attributes }: GraphNode): readonly Value[] =>
      (attributes['then_branch'] as { readonly body: { readonly outputs: readonly Value[] } }).body.outputs;
    expect(opsOf(...bodyOf(made.outputs.get('y')!.producer!))).toEqual(['Max']);
    expect(opsOf(...bodyOf(y!.producer!))).toEqual(['Relu']);
  });

  it('goes through graphs deeper than the call stack', () => {
    const graph = new Graph();
    const b = new Builder(graph, 'portable');
    let y = graph.input('x', [1], 'float32');
    for (let i = 0; i < 20_000; i++) y = b.unary(i % 2 === 0 ? 'Relu' : 'Tanh', y);
    const { outputs } = rewrite(graph, new Map([['y', y]]), reluAsMax);
    expect(opsOf(outputs.get('y')!).filter((op) => op === 'Max')).toHaveLength(10_000);
  });
});
