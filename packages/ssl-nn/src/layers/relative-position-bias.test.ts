import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { MultiHeadAttention, RelativePositionBias, TransformerBlock } from '../index.js';

const key = randomKey(4);

it.each([false, true])('pairs share an entry when their offset is the same, class token %s', (classToken) => {
  const [rows, columns, heads] = [3, 2, 2];
  const layer = new RelativePositionBias(heads, { key, grid: [rows, columns], classToken });
  const count = layer.table.variable.shape[0]!;
  expect(count).toBe(15 + (classToken ? 3 : 0));
  layer.table.variable.assign(tf.reshape(tf.range(0, count * heads), [count, heads]));
  const bias = layer.forward();
  expect(bias.shape).toEqual([heads, layer.tokens, layer.tokens]);
  const first = classToken ? 1 : 0;
  const byOffset = new Map<string, number>();
  const values = bias.arraySync();
  const name = (token: number): number[] | 'class' =>
    token < first ? 'class' : [Math.floor((token - first) / columns), (token - first) % columns];
  for (let q = 0; q < layer.tokens; q++)
    for (let k = 0; k < layer.tokens; k++) {
      const [from, to] = [name(q), name(k)];
      const offset =
        from === 'class' || to === 'class'
          ? `${from === 'class'} ${to === 'class'}`
          : `${from[0]! - to[0]!}, ${from[1]! - to[1]!}`;
      const value = values[0]![q]![k]!;
      expect(values[1]![q]![k]).toBe(value + 1);
      expect(byOffset.get(offset) ?? value).toBe(value);
      byOffset.set(offset, value);
    }
  expect(byOffset.size).toBe(count);
  expect(new Set(byOffset.values()).size).toBe(count);
});

it("a file with the reference's index loads with strict: false", () => {
  const attention = new MultiHeadAttention(4, { key, heads: 2, relativePositions: { grid: [2, 1] } });
  const state = attention.stateDict();
  expect(state.get('relative_position_bias_table')!.shape).toEqual([3, 2]);
  state.set('relative_position_index', { data: Int32Array.of(1, 0, 2, 1), shape: [2, 2] });
  expect(attention.loadStateDict(state, { strict: false })).toMatchObject({
    missing: [],
    unexpected: ['relative_position_index'],
  });
});

it('each block has a table of its own, under the name of its attention', () => {
  const make = (seed: number): TransformerBlock =>
    new TransformerBlock(4, { key: randomKey(seed), heads: 2, relativePositions: { grid: [2, 2] } });
  const table = (block: TransformerBlock) =>
    block.namedParameters().get('attn.relative_position_bias_table')!.variable.dataSync();
  expect(table(make(1))).not.toEqual(table(make(2)));
  expect(table(make(1))).toEqual(table(make(1)));
});
