import { CheckpointError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { bertConfigFromJson, bertConfigToJson } from './bert-config-json.js';
import { bertBase, bertConfig } from './bert-config.js';

describe('bertConfig', () => {
  it('is BERT-base with what is given', () => {
    expect(bertConfig()).toEqual(bertBase);
    expect(bertConfig({ numHiddenLayers: 3 })).toEqual({ ...bertBase, numHiddenLayers: 3 });
  });

  it.each([
    { vocabSize: 0 },
    { numHiddenLayers: 1.5 },
    { hiddenDropout: 1 },
    { attentionDropout: Number.NaN },
    { layerNormEps: 0 },
    { initializerRange: Infinity },
    { numAttentionHeads: 7 },
  ])('refuses %j by name', (options) => {
    expect(() => bertConfig(options)).toThrow(InvalidOptionError);
    expect(() => bertConfig(options)).toThrow(Object.keys(options)[0]);
  });
});

describe('sizes beyond a machine', () => {
  it.each([
    ['vocab_size', 1e12, 16_777_216],
    ['hidden_size', 1e9, 65_536],
    ['num_hidden_layers', 1e6, 1024],
    ['num_attention_heads', 1e9, 65_536],
    ['intermediate_size', 1e10, 1_048_576],
    ['max_position_embeddings', 1e8, 1_048_576],
    ['type_vocab_size', 2 ** 52, 65_536],
  ])('%s of %d is refused by its name and bound', (name, value, bound) => {
    expect(() => bertConfigFromJson({ [name]: value })).toThrow(CheckpointError);
    expect(() => bertConfigFromJson({ [name]: value }, 'config.json')).toThrow(
      `config.json: '${name}' must be at most ${bound}, got ${value}`,
    );
  });

  it('are refused together too, with the memory that they take', () => {
    const json = { vocab_size: 2 ** 24, hidden_size: 2 ** 16, num_attention_heads: 64 };
    expect(() => bertConfigFromJson(json)).toThrow(
      /^'vocab_size' must be so small that the weights fit the [\d.,]+ GiB of memory here; they take at least [\d,]+ GiB, got '4,096 GiB by this alone'/,
    );
    const deep = { hidden_size: 2 ** 14, num_attention_heads: 64, num_hidden_layers: 1024 };
    expect(() => bertConfigFromJson(deep)).toThrow(/'hidden_size' must be .* at least 4,\d+ GiB, got '4,096 GiB/);
  });
});

describe("Hugging Face's config.json", () => {
  it('round-trips', () => {
    const config = bertConfig({ vocabSize: 8192, hiddenSize: 128, numAttentionHeads: 4, hiddenDropout: 0 });
    const json = JSON.parse(JSON.stringify(bertConfigToJson(config, 'BertForMaskedLM'))) as Record<string, unknown>;
    expect(json).toMatchObject({
      architectures: ['BertForMaskedLM'],
      model_type: 'bert',
      hidden_size: 128,
      hidden_dropout_prob: 0,
    });
    expect(bertConfigFromJson(json)).toEqual(config);
    expect(bertConfigFromJson({})).toEqual(bertBase);
  });

  it.each([null, { model_type: 'gpt2' }, { hidden_act: 'relu' }, { vocab_size: '30522' }, { num_attention_heads: 7 }])(
    'refuses %j',
    (json) => {
      expect(() => bertConfigFromJson(json, 'config.json')).toThrow(CheckpointError);
      expect(() => bertConfigFromJson(json, 'config.json')).toThrow(/^config\.json: /);
    },
  );
});
