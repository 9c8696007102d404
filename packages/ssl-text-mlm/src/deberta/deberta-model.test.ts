import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { twinOf } from '@selfsup/ssl-nn';
import { compile } from '@selfsup/ssl-tensor';
import { CheckpointError, InvalidOptionError, randomKey, ShapeError, type NdArray } from '@selfsup/ssl-tensor/host';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import { TextForSequenceClassification } from '../heads/text-for-sequence-classification.js';
import { debertaConfig } from './deberta-config.js';
import { DebertaForMaskedLM } from './deberta-for-masked-lm.js';
import { DebertaModel } from './deberta-model.js';
import { readTextConfig, textConfigToJson } from '../models/text-families.js';
import { debertaV2Config, type DebertaV2Config } from './deberta-v2-config.js';
import { DebertaV2ForMaskedLM } from './deberta-v2-for-masked-lm.js';
import { DebertaV2Model } from './deberta-v2-model.js';
import { disentangledAttention, shiftRows } from './disentangled-attention.js';
import { relativeRow, relativeRows } from './relative-positions.js';

const sizes = {
  vocabSize: 40,
  hiddenSize: 16,
  numHiddenLayers: 2,
  numAttentionHeads: 2,
  intermediateSize: 24,
  maxPositionEmbeddings: 12,
  initializerRange: 0.3,
};
const key = randomKey(1);
const close = { rtol: 1e-4, atol: 1e-5 };
const v3 = debertaV2Config({ ...sizes, positionBuckets: 4 });
const conv = debertaV2Config({ ...sizes, positionBuckets: 4, convKernelSize: 3, numHiddenLayers: 1 });
const ids = (rows: number[][]): tf.Tensor => tf.tensor2d(rows, undefined, 'int32');

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('positions', () => {
  it('rows are shifted as an index of each query and key would', () => {
    for (const tokens of [1, 2, 5]) {
      const x = tf.reshape(tf.range(0, 12 * tokens * tokens), [2, 3, tokens, 2 * tokens]) as tf.Tensor4D;
      const values = x.arraySync();
      const expected = values.map((heads) =>
        heads.map((rows) => rows.map((row, i) => Array.from({ length: tokens }, (_, j) => row[tokens - 1 - i + j]!))),
      );
      expect(shiftRows(x).arraySync()).toEqual(expected);
    }
  });

  it('columns hold the rows of their offsets', () => {
    for (const reach of [{ span: 3 }, { span: 4, buckets: { size: 4, maxPosition: 20 } }, { span: 64 }])
      for (const tokens of [1, 2, 9]) {
        const { first, count, descending, ascending } = relativeRows(tokens, reach);
        for (let column = 0; column < 2 * tokens - 1; column++) {
          expect(first + descending[column]!).toBe(relativeRow(tokens - 1 - column, reach));
          expect(first + ascending[column]!).toBe(relativeRow(column - tokens + 1, reach));
        }
        expect(Math.max(...descending, ...ascending)).toBe(count - 1);
        expect(Math.min(...descending, ...ascending)).toBe(0);
      }
  });

  it('attention equals score by score', () => {
    tf.tidy(() => {
      const [heads, batch, tokens, dim] = [2, 2, 4, 3];
      const draw = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
      const [queries, keys, values] = [1, 2, 3].map((seed) => draw([heads, batch, tokens, dim], seed)) as tf.Tensor4D[];
      const positions = {
        keys: draw([heads, 2 * tokens, dim], 4) as tf.Tensor3D,
        queries: draw([heads, 2 * tokens, dim], 5) as tf.Tensor3D,
      };
      const [q, k, v] = [queries!, keys!, values!].map((x) => x.arraySync());
      const [pk, pq] = [positions.keys.arraySync(), positions.queries.arraySync()];
      const dot = (a: number[], b: number[]): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
      const expected = q!.map((rows, h) =>
        rows.map((row, b) =>
          row.map((query, i) => {
            const scores = k![h]![b]!.map(
              (own, j) =>
                0.7 *
                (dot(query, own) + dot(query, pk[h]![tokens - 1 - i + j]!) + dot(own, pq[h]![tokens - 1 + i - j]!)),
            );
            const exponents = scores.map(Math.exp);
            const sum = exponents.reduce((a, value) => a + value, 0);
            return v![h]![b]![0]!.map((_, d) => exponents.reduce((a, e, j) => a + (e / sum) * v![h]![b]![j]![d]!, 0));
          }),
        ),
      );
      const actual = disentangledAttention({ queries: queries!, keys: keys!, values: values! }, positions, 0.7);
      expect(actual).toBeAllClose(tf.tensor(expected), close);
    });
  });
});

describe.each([
  ['v1', () => new DebertaModel(debertaConfig(sizes), { key })],
  ['v3', () => new DebertaV2Model(v3, { key })],
  ['with a convolution', () => new DebertaV2Model(conv, { key })],
] as const)('encoder %s', (_, make) => {
  it('does not see padding, nor where a text stands in the batch', () => {
    const model = make();
    tf.tidy(() => {
      const plain = model.forward({ inputIds: ids([[2, 9, 10, 3]]) });
      const inputIds = ids([
        [5, 6, 7, 8, 9, 10],
        [2, 9, 10, 3, 7, 8],
      ]);
      const attentionMask = ids([
        [1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 0, 0],
      ]);
      expect(tf.slice(model.forward({ inputIds, attentionMask }), [1, 0, 0], [1, 4, 16])).toBeAllClose(plain, close);
    });
    model.dispose();
  });

  it('computes chosen rows, blocks and layers of parameters', () => {
    const model = make();
    tf.tidy(() => {
      const inputs = {
        inputIds: ids([
          [2, 9, 10, 3],
          [4, 5, 6, 7],
        ]),
      };
      const all = tf.reshape(model.forward(inputs), [8, 16]) as tf.Tensor2D;
      const rows = tf.tensor1d([5, 0, 5], 'int32');
      expect(model.forwardFlat(inputs, undefined, rows)).toBeAllClose(tf.gather(all, rows), close);
      expect(model.encode(inputs, undefined, { blocks: [0, 1] }).blocks).toHaveLength(2);
    });
    expect(() => model.encode({ inputIds: ids([[1]]) }, undefined, { blocks: [9] })).toThrow(InvalidOptionError);
    const layers = [...model.namedParameters().keys()].map((name) => [name, model.layerOf(name)] as const);
    for (const [name, layer] of layers) {
      const own = /layer\.(\d+)/.exec(name)?.[1];
      expect(layer).toBe(own === undefined ? Number(name.includes('.conv.')) : Number(own) + 1);
    }
    expect(() => model.layerOf('encoder.layer.0')).toThrow(InvalidOptionError);
    expect(model.layerCount).toBe(model.depth + 2);
    model.dispose();
  });

  it('refuses texts that are too long, and has a twin and a text encoder', () => {
    const model = make();
    tf.tidy(() => {
      expect(() => model.forward({ inputIds: tf.zeros([1, 13], 'int32') })).toThrow(ShapeError);
      const inputs = { inputIds: ids([[2, 9, 10, 3]]) };
      const expected = model.forward(inputs);
      expect(twinOf(model).forward(inputs)).toBeAllClose(expected, close);
      expect(new BertTextEncoder(model).forward(inputs)).toBeAllClose(tf.mean(expected, 1), close);
    });
    model.dispose();
  });

  it('reads vectors in place of ids', () => {
    const model = make();
    tf.tidy(() => {
      const inputIds = ids([[2, 9, 10, 3]]);
      const inputsEmbeds = model.wordEmbeddings.forward(inputIds);
      expect(model.forward({ inputIds: tf.zerosLike(inputIds), inputsEmbeds })).toBeAllClose(
        model.forward({ inputIds }),
        close,
      );
      expect(() => model.forward({ inputIds, inputsEmbeds: tf.zeros([1, 4, 15]) })).toThrow(ShapeError);
    });
    model.dispose();
  });

  it('knows the order of words by relative positions alone', () => {
    const model = make();
    tf.tidy(() => {
      const [one, two] = [
        [2, 9, 10, 3],
        [2, 10, 9, 3],
      ].map((row) => model.forward({ inputIds: ids([row]) }));
      const first = (x: tf.Tensor3D): tf.Tensor => tf.slice(x, [0, 0, 0], [1, 1, 16]);
      expect(tf.max(tf.abs(tf.sub(first(one!), first(two!)))).dataSync()[0]).toBeGreaterThan(1e-3);
    });
    model.dispose();
  });
});

describe('dropout', () => {
  const config = debertaV2Config({ ...conv, numHiddenLayers: 2, hiddenDropout: 0.2, attentionDropout: 0.2 });

  it('draws by the key, alike eagerly and compiled, and not at evaluation', async () => {
    const encoder = new DebertaV2Model({ ...config, poolerDropout: 0.2, classifierDropout: 0.1 }, { key });
    const model = new TextForSequenceClassification(encoder, { key, numLabels: 3 });
    const forward = (inputIds: tf.Tensor, drawn: tf.Tensor): tf.Tensor =>
      model.forward({ inputIds }, { training: true, key: drawn as tf.Tensor1D });
    const compiled = compile(forward);
    const rows: NdArray = { data: Int32Array.of(2, 9, 10, 3, 4, 5, 6, 7), shape: [2, 4] };
    const drawn = (seed: number): NdArray => ({ data: Int32Array.of(1, seed), shape: [2] });
    const results: tf.Tensor[] = [];
    for (const seed of [1, 1, 2]) results.push(await compiled(rows, drawn(seed)));
    tf.tidy(() => {
      const inputIds = tf.tensor(rows.data as Int32Array, [2, 4], 'int32');
      const eager = forward(inputIds, tf.tensor1d([1, 1], 'int32'));
      expect(results[0]).toBeAllClose(eager, close);
      expect(results[1]).toBeAllClose(eager, close);
      expect(tf.max(tf.abs(tf.sub(results[2]!, eager))).dataSync()[0]).toBeGreaterThan(1e-4);
      expect(model.forward({ inputIds })).toBeAllClose(model.forward({ inputIds }), close);
      expect(() => model.forward({ inputIds }, { training: true })).toThrow('ctx.key');
    });
    tf.dispose(results);
    compiled.dispose();
    model.dispose();
  });
});

describe('heads', () => {
  it('of the other kind in a file are refused with an advice that works', () => {
    const file = new DebertaV2ForMaskedLM(v3, { key }).stateDict();
    const legacy = { ...v3, legacy: true };
    const model = new DebertaV2ForMaskedLM(legacy, { key });
    expect(() => model.loadStateDict(file)).toThrow(
      'build it with { ...config, legacy: false }, or write "legacy": false into config.json',
    );
    expect(() => model.loadStateDict(file)).toThrow(CheckpointError);
    expect(new DebertaV2ForMaskedLM({ ...legacy, legacy: false }, { key }).loadStateDict(file).missing).toEqual([]);
    expect(() => new DebertaV2ForMaskedLM(v3, { key }).loadStateDict(model.stateDict())).toThrow('legacy: true }');
    // The other advice works too.
    const json = { ...textConfigToJson(model.encoder, 'ForMaskedLM'), legacy: false };
    const read = readTextConfig(json).config as DebertaV2Config;
    expect(new DebertaV2ForMaskedLM(read, { key }).loadStateDict(file).missing).toEqual([]);
  });

  it('that a model does not have are reported', () => {
    const state = new DebertaForMaskedLM(debertaConfig(sizes), { key }).stateDict();
    state.set('mask_predictions.dense.weight', { data: new Float32Array(1), shape: [1] });
    expect([...new DebertaForMaskedLM(debertaConfig(sizes), { key }).loadStateDict(state).ignored.keys()]).toEqual([
      'mask_predictions.dense.weight',
    ]);
  });

  it('whose tied tensors differ are refused', () => {
    const config = { ...v3, legacy: true };
    const state = new DebertaV2ForMaskedLM(config, { key }).stateDict();
    const shape = [40, 16];
    state.set('cls.predictions.decoder.weight', { data: new Float32Array(40 * 16).fill(1), shape });
    expect(() => new DebertaV2ForMaskedLM(config, { key }).loadStateDict(state)).toThrow('have different values');
    state.set('cls.predictions.decoder.weight', state.get('deberta.embeddings.word_embeddings.weight')!);
    expect(new DebertaV2ForMaskedLM(config, { key }).loadStateDict(state).unexpected).toEqual([]);
  });

  it('classifiers take the encoder of a pretrained model', () => {
    const pretrained = new DebertaV2ForMaskedLM(v3, { key: randomKey(7) }).stateDict();
    const model = new TextForSequenceClassification(new DebertaV2Model(v3, { key }), { key, numLabels: 2 });
    const before = model.stateDict();
    const { ignored } = model.loadEncoder(pretrained);
    for (const [name, array] of model.stateDict()) expect(array).toEqual(pretrained.get(name) ?? before.get(name));
    expect([...ignored.keys()].every((name) => name.startsWith('lm_predictions.'))).toBe(true);
    expect(() => model.loadEncoder(new Map([...pretrained].slice(3)))).toThrow(CheckpointError);
  });

  it('the enhanced mask decoder refuses configurations that it cannot compute', () => {
    const options = { key, enhancedMaskDecoder: true };
    expect(() => new DebertaForMaskedLM(debertaConfig({ ...sizes, positionBiasedInput: true }), options)).toThrow(
      'false where positionBiasedInput is true',
    );
    const narrow = { ...sizes, embeddingSize: 8 };
    expect(() => new DebertaForMaskedLM(debertaConfig({ ...narrow, legacy: true }), options)).toThrow('embeddingSize');
    expect(() => new DebertaForMaskedLM(debertaConfig(narrow), { key })).toThrow('because legacy is false');
    expect(new DebertaForMaskedLM(debertaConfig({ ...narrow, legacy: true }), { key }).config.embeddingSize).toBe(8);
  });

  it('start with a zero row for padding, and by the key', () => {
    const name = 'deberta.embeddings.word_embeddings.weight';
    const state = (seed: number) => new DebertaV2ForMaskedLM(v3, { key: randomKey(seed) }).stateDict();
    expect(state(1)).toEqual(state(1));
    expect(state(1).get(name)).not.toEqual(state(2).get(name));
    expect(state(1).get(name)!.data.slice(0, 16)).toEqual(new Float32Array(16));
  });
});
