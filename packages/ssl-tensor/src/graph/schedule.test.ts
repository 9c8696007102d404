import { expect, it } from 'vitest';
import { Builder } from './builder.js';
import { Graph, type GraphNode } from './graph.js';
import { scheduleNodes } from './schedule.js';
import { sizeOf, type Value } from './value.js';

/** A chain of layers and the gradients of their weights, which are joined. */
function training(layers: number): { readonly graph: Graph; readonly joined: Value; readonly gradients: Value[] } {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  const weights = Array.from({ length: layers }, (_, layer) => graph.input(`w${layer}`, [8, 8], 'float32'));
  const hidden = [graph.input('x', [64, 8], 'float32')];
  for (const weight of weights) hidden.push(b.unary('Tanh', b.matMul(hidden.at(-1)!, weight)));
  let slope = b.unary('Exp', hidden.at(-1)!);
  const gradients: Value[] = [];
  for (let layer = layers - 1; layer >= 0; layer--) {
    gradients.unshift(b.matMul(hidden[layer]!, slope, true, false));
    slope = b.mul(b.matMul(slope, weights[layer]!, false, true), hidden[layer]!);
  }
  return { graph, joined: b.concat(gradients, 0), gradients };
}

/** Most elements alive at once, when values go after their last use. */
function peak(nodes: readonly GraphNode[]): number {
  const last = new Map<Value, number>();
  nodes.forEach((node, index) => node.inputs.forEach((input) => input !== undefined && last.set(input, index)));
  let live = 0;
  let most = 0;
  nodes.forEach((node, index) => {
    live += node.outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    most = Math.max(most, live);
    for (const input of new Set(node.inputs))
      if (input?.producer !== undefined && last.get(input) === index) live -= sizeOf(input.shape);
  });
  return most;
}

it('comes after what it needs, once each, without what nothing needs', () => {
  const { graph, joined } = training(12);
  new Builder(graph, 'cpu').unary('Sin', joined);
  const { nodes, inputs, constants } = scheduleNodes([joined]);
  const place = new Map(nodes.map((node, index) => [node, index]));
  expect(place.size).toBe(nodes.length);
  expect(nodes.some(({ op }) => op === 'Sin')).toBe(false);
  const needs = nodes.flatMap((node) =>
    node.inputs.flatMap((input) => (input?.producer === undefined ? [] : [[input.producer, node] as const])),
  );
  for (const [needed, node] of needs) expect(place.get(needed)!).toBeLessThan(place.get(node)!);
  expect([...inputs].map(({ name }) => name).toSorted()).toEqual(graph.inputs.map(({ name }) => name).toSorted());
  expect(constants).toEqual([]);
});

it('makes the gradients of weights from the last layer to the first, as soon as it can', () => {
  const { joined, gradients } = training(12);
  const { nodes } = scheduleNodes([joined]);
  const places = gradients.map(({ producer }) => nodes.indexOf(producer!));
  expect(places).toEqual(places.toSorted((a, b) => b - a));
  // What each layer keeps, one slope and the gradients; not a slope for each layer besides.
  expect(peak(nodes)).toBeLessThan(64 * 8 * (12 + 4) + 12 * 2 * 64);
});

it('puts off what is quickly made until it is needed', () => {
  const graph = new Graph();
  const b = new Builder(graph, 'cpu');
  let x = graph.input('x', [8, 8], 'float32');
  const transformed: Value[] = [];
  for (let layer = 0; layer < 6; layer++) {
    transformed.push(b.unary('Sin', graph.input(`w${layer}`, [8, 8], 'float32')));
    // Weights on either side.
    x = layer % 2 === 0 ? b.matMul(x, transformed[layer]!) : b.matMul(transformed[layer]!, x);
  }
  const { nodes } = scheduleNodes([x]);
  expect(nodes.map(({ op }) => op)).toEqual(Array.from({ length: 6 }, () => ['Sin', 'MatMul']).flat());
});
