import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { bertConfig } from './bert-config.js';
import type { BertTokenOptions } from './bert-model.js';
import { BertModel } from './bert-model.js';

const config = bertConfig({
  vocabSize: 20,
  hiddenSize: 8,
  numHiddenLayers: 3,
  numAttentionHeads: 2,
  intermediateSize: 12,
  maxPositionEmbeddings: 8,
});
const model = new BertModel(config, { key: randomKey(1), pooler: true });
const inputs = {
  inputIds: tf.tensor2d([2, 5, 7, 3, 2, 9, 3, 0], [2, 4], 'int32'),
  attentionMask: tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 0], [2, 4], 'int32'),
};

describe('BertModel.encode', () => {
  it('gives the tokens after chosen layers', () => {
    const { tokens, blocks, prefix, grid } = model.encode(inputs, undefined, { blocks: [0, 2, 3] });
    expect([model.tokenDim, model.depth, prefix, grid]).toEqual([8, 3, 0, [4]]);
    expect(tokens).toBe(blocks[2]);
    expect(tokens.dataSync()).toEqual(model.forward(inputs).dataSync());
    expect(model.encode(inputs).tokens.dataSync()).toEqual(tokens.dataSync());
    expect(blocks[0]!.dataSync()).toEqual(model.embeddings.forward(inputs).dataSync());
    const mask = tf.tensor4d([0, 0, 0, 0, 0, 0, 0, -1e9], [2, 1, 1, 4]);
    const again = model.layers[2]!.forward(tf.reshape(blocks[1]!, [8, 8]) as tf.Tensor2D, 2, mask);
    again.dataSync().forEach((value, i) => expect(value).toBeCloseTo(tokens.dataSync()[i]!, 5));
  });

  it('refuses layers that are not there, and what texts have no use for', () => {
    for (const blocks of [[], [4], [1, 1]])
      expect(() => model.encode(inputs, undefined, { blocks })).toThrow(InvalidOptionError);
    const keep = { keep: inputs.inputIds } as BertTokenOptions;
    expect(() => model.encode(inputs, undefined, keep)).toThrow(InvalidOptionError);
  });
});

describe('BertModel.layerOf', () => {
  it('has a layer for every parameter: embeddings, layers, pooler', () => {
    const layers = [...model.namedParameters().keys()].map((name) => model.layerOf(name));
    expect(model.layerCount).toBe(5);
    expect(layers).toEqual(layers.toSorted((a, b) => a - b));
    expect(new Set(layers)).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(model.layerOf('embeddings.LayerNorm.bias')).toBe(0);
    expect(model.layerOf('encoder.layer.2.output.dense.weight')).toBe(3);
    expect(model.layerOf('pooler.dense.weight')).toBe(4);
    expect(() => model.layerOf('bert.pooler.dense.weight')).toThrow(InvalidOptionError);
  });
});
