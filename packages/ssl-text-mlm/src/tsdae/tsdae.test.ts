import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import type { Tensors } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import { eagerly } from '../../../../test/conformance/entry.js';
import {
  differentiated,
  goldenConfig,
  goldenModel,
  goldenRows,
  sines,
  trainingContext,
} from '../../../../test/golden/text/sentence.js';
import '../../../../test/support/to-be-all-close.js';
import { BertModel } from '../bert/bert-model.js';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import { TokenDataset } from '../data/token-dataset.js';
import { Tsdae } from './tsdae.js';
import { TsdaeDecoder } from './tsdae-decoder.js';
import { type TsdaeBatch, TsdaeLoader } from './tsdae-loader.js';

const key = randomKey(4);
interface Golden {
  readonly shape: [number, number];
  readonly noisy: Record<'inputIds' | 'attentionMask', number[]>;
  readonly whole: Record<'inputIds' | 'attentionMask', number[]>;
  readonly cases: Readonly<
    Record<string, { readonly loss: number; readonly gradients: Readonly<Record<string, number[]>> }>
  >;
}
const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/text/tsdae.json', import.meta.url), 'utf8'),
) as Golden;
const rows = (part: Record<'inputIds' | 'attentionMask', number[]>) => ({
  inputIds: { data: Int32Array.from(part.inputIds), shape: golden.shape },
  attentionMask: { data: Int32Array.from(part.attentionMask), shape: golden.shape },
});
const batch = eagerly({ ...rows(golden.noisy), whole: rows(golden.whole) }) as Tensors<TsdaeBatch>;

function tsdae(tied: boolean): Tsdae {
  const model = goldenModel();
  const method = new Tsdae({ encoder: new BertTextEncoder(model.bert, { pooling: 'cls' }), key, tied });
  const state = new Map(model.stateDict());
  for (const at of [0, 1]) {
    const name = `bert.encoder.layer.${at}.crossattention`;
    state.set(`${name}.self.value.weight`, sines([32, 32], 3 + at));
    state.set(`${name}.self.value.bias`, sines([32], 4 + at));
    state.set(`${name}.self.query.weight`, sines([32, 32], 1));
    state.set(`${name}.output.dense.weight`, sines([32, 32], 5 + at));
    state.set(`${name}.output.dense.bias`, sines([32], 6 + at));
    for (const part of ['weight', 'bias'])
      state.set(`${name}.output.LayerNorm.${part}`, {
        data: new Float32Array(32).fill(part === 'weight' ? 1 : 0),
        shape: [32],
      });
  }
  // As transformers' BertLMHeadModel is saved; what attention to one vector does not need is reported.
  const { ignored } = method.modules.decoder.loadStateDict(state);
  expect([...ignored.keys()]).toEqual([0, 1].map((at) => `bert.encoder.layer.${at}.crossattention.self.query.weight`));
  return method;
}

describe("Tsdae against transformers' decoder", () => {
  it.each(['tied', 'untied'])('has its loss and gradients, %s', (name) => {
    const method = tsdae(name === 'tied');
    const wanted = golden.cases[name]!;
    const found = differentiated(method.modules as never, () => method.loss(batch, trainingContext()));
    expect(found.loss).toBeAllClose(wanted.loss, { rtol: 1e-5 });
    expect(Object.keys(wanted.gradients)).toHaveLength(8);
    for (const [path, values] of Object.entries(wanted.gradients)) {
      const size = Math.max(...values.map(Math.abs));
      expect(size).toBeGreaterThan(1e-5);
      expect(found.gradients.get(path)!.data).toBeAllClose(values, { rtol: 1e-4, atol: 1e-4 * size });
    }
  });

  it('ties embeddings and layers, or has a set of its own', () => {
    const counts = [true, false].map((tied) => tsdae(tied).trainable().size);
    // Two layers of 16 tensors and 5 of the embeddings come once more.
    expect(counts[1]! - counts[0]!).toBe(2 * 16 + 5);
  });
});

describe('Tsdae', () => {
  it('sees the whole text through the vector alone, and no token that is still to come', () => {
    const decoder = new TsdaeDecoder(goldenConfig, { key, vectorDim: 5 });
    const read = (ids: number[], vector: number): number[][] =>
      decoder
        .forward({ inputIds: tf.tensor2d([ids], [1, 4], 'int32') }, tf.fill([1, 5], vector) as tf.Tensor2D)
        .arraySync();
    const far = (a: number[][], b: number[][], row: number): number =>
      Math.max(...a[row]!.map((value, i) => Math.abs(value - b[row]![i]!)));
    const [first, later, other] = [read([2, 7, 8, 9], 3), read([2, 7, 8, 30], 3), read([2, 7, 8, 9], -3)];
    for (const row of [0, 1, 2]) expect(far(first, later, row)).toBe(0);
    expect(far(first, later, 3)).toBeGreaterThan(1e-3);
    for (const row of [0, 1, 2, 3]) expect(far(first, other, row)).toBeGreaterThan(1e-4);
  });

  it('names what is wrong, with a way out that works', () => {
    const bert = new BertModel(goldenConfig, { key });
    const encoder = new BertTextEncoder(bert);
    expect(() => new Tsdae({ encoder: bert as never, key })).toThrow(InvalidOptionError);
    expect(() => new Tsdae({ encoder, key, decoder: goldenConfig })).toThrow('left out where tied is true');
    expect(() => new Tsdae({ encoder, key, tied: false, decoder: goldenConfig })).not.toThrow();
    const smaller = { ...goldenConfig, numHiddenLayers: 1 };
    expect(() => new TsdaeDecoder(smaller, { key, tied: bert })).toThrow('same configuration');
    const method = new Tsdae({ encoder, key });
    expect(() => method.loss(eagerly(goldenRows(0)) as never, trainingContext())).toThrow('TsdaeLoader gives them');
  });
});

describe('TsdaeLoader', () => {
  const length = 42;
  const sequences = Array.from({ length: 64 }, (_, row) => [
    1,
    ...Array.from({ length: length - 2 }, (_unused, i) => 100 + row * 50 + i),
    2,
  ]);
  const dataset = TokenDataset.fromSequences([...sequences, [1, 99, 2]]);
  const loader = new TsdaeLoader({ dataset, padId: 0, batchSize: 13, key });
  const all = async (epoch: number, from = 0): Promise<TsdaeBatch[]> => {
    const batches: TsdaeBatch[] = [];
    for await (const one of loader.epoch(epoch, from)) batches.push(one);
    return batches;
  };

  it('deletes tokens in their order at the ratio, and keeps both ends and one between', async () => {
    let kept = 0;
    let total = 0;
    const batches = await all(0);
    expect(batches).toHaveLength(5);
    for (const { inputIds, attentionMask, whole } of batches) {
      for (let row = 0; row < 13; row++) {
        const of = (array: typeof inputIds): number[] => [...array.data.subarray(row * length, (row + 1) * length)];
        const full = of(whole.inputIds).filter((id) => id !== 0);
        const noisy = of(inputIds).filter((id) => id !== 0);
        expect(of(attentionMask)).toEqual(of(inputIds).map((id) => (id === 0 ? 0 : 1)));
        expect([noisy[0], noisy.at(-1)]).toEqual([1, 2]);
        expect(noisy.slice(1, -1)).toEqual(full.filter((id) => noisy.includes(id) && id > 2));
        expect(noisy.length).toBeGreaterThan(2);
        if (full.length < length) continue;
        kept += noisy.length - 2;
        total += length - 2;
      }
    }
    // 4 standard deviations of 2,560 draws.
    expect(Math.abs(kept / total - 0.4)).toBeLessThan(4 * Math.sqrt(0.24 / total));
    expect(dataset.get(3).ids).toEqual(Int32Array.from(sequences[3]!));
  });

  it('draws anew each epoch, by position', async () => {
    expect(await all(1)).not.toEqual(await all(0));
    expect(await all(1, 2)).toEqual((await all(1)).slice(2));
  });

  it('names what is wrong', () => {
    const empty = TokenDataset.fromSequences([
      [1, 5, 2],
      [1, 2],
    ]);
    expect(() => new TsdaeLoader({ dataset: empty, padId: 0, batchSize: 1, key })).toThrow('sequence 1 has 2 tokens');
    expect(() => new TsdaeLoader({ dataset: empty.subset([0]), padId: 0, batchSize: 1, key })).not.toThrow();
    expect(() => new TsdaeLoader({ dataset, padId: 0, batchSize: 1, key, deletionRatio: 1 })).toThrow('deletionRatio');
  });
});
