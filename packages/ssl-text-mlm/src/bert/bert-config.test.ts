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
