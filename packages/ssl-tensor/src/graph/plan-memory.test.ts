import { describe, expect, it } from 'vitest';
import { Builder } from './builder.js';
import { Graph } from './graph.js';
import { planMemory } from './plan-memory.js';
import type { Value } from './value.js';

const start = (shape: readonly number[]): { readonly b: Builder; readonly x: Value } => {
  const graph = new Graph();
  return { b: new Builder(graph, 'cpu'), x: graph.input('x', shape, 'float32') };
};

describe('planMemory', () => {
  it('lets a chain of elementwise ops use one buffer, and outputs none', () => {
    const { b, x } = start([1000]);
    let value = x;
    for (let i = 0; i < 5; i++) value = b.unary('Tanh', b.unary('Exp', value));
    expect(planMemory([value])).toEqual({ workspace: 4000, constants: 0 });
  });

  it('keeps what is needed later', () => {
    const { b, x } = start([1000]);
    const kept = b.unary('Sin', x);
    const other = b.unary('Cos', x);
    // Both, and the sines of both, which write over nothing: Sin is not done in place.
    const sum = b.add(b.unary('Sin', kept), b.unary('Sin', other));
    expect(planMemory([b.mul(b.mul(sum, kept), other)]).workspace).toBe(4 * 4000);
  });

  it('holds a free buffer for the next value of its shape, not for other shapes', () => {
    const { b, x } = start([10, 100]);
    const same = b.unary('Sin', b.unary('Sin', b.unary('Sin', b.unary('Sin', x))));
    expect(planMemory([same]).workspace).toBe(2 * 4000);
    const sums = b.reduce('ReduceSum', b.unary('Sin', x), [0], false);
    expect(planMemory([b.unary('Sin', b.unary('Sin', sums))]).workspace).toBe(4000 + 400);
  });

  it('counts elements by their type, and constants apart', () => {
    const { b, x } = start([1000]);
    const mask = b.binary(
      'Less',
      x,
      b.constant(
        Float32Array.from({ length: 1000 }, (_, i) => i),
        [1000],
      ),
      'bool',
    );
    expect(planMemory([b.cast(mask, 'float32')])).toEqual({ workspace: 1000, constants: 4000 });
  });

  it('takes no memory for another shape of an input', () => {
    const { b, x } = start([10, 100]);
    expect(planMemory([b.unary('Exp', b.reshape(x, [1000]))]).workspace).toBe(0);
  });
});
