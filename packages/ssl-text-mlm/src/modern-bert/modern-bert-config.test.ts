import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { modernBertConfig, type ModernBertConfigOptions } from './modern-bert-config.js';
import { modernBertConfigFromJson, modernBertConfigReport, modernBertConfigToJson } from './modern-bert-config-json.js';

const { defaultConfig } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/golden/text/modern-bert.json'), 'utf8'),
) as { readonly defaultConfig: Readonly<Record<string, unknown>> };

describe('modernBertConfig', () => {
  it("is transformers' default, whose first of three layers attends to all", () => {
    const { config, unknown } = modernBertConfigReport(defaultConfig);
    expect(unknown).toEqual([]);
    expect(config).toEqual(modernBertConfig());
    expect(config.layerTypes.flatMap((kind, at) => (kind === 'full_attention' ? [at] : []))).toEqual([
      0, 3, 6, 9, 12, 15, 18, 21,
    ]);
    expect(modernBertConfigFromJson(defaultConfig)).toEqual(config);
  });

  it.each<[ModernBertConfigOptions, RegExp]>([
    [{ numAttentionHeads: 5 }, /numAttentionHeads must be a divisor of hiddenSize/],
    [{ hiddenSize: 9, numAttentionHeads: 3 }, /even width/],
    [{ layerTypes: ['full_attention'] }, /layerTypes must be a list of 22 kinds.*Leave layerTypes out/s],
    [{ numHiddenLayers: 1, layerTypes: ['local' as never] }, /layerTypes\[0\]/],
    [{ layerTypes: [], globalAttnEveryNLayers: 2 }, /Give one of the two/],
    [{ globalAttnEveryNLayers: 0 }, /globalAttnEveryNLayers/],
    [{ vocabSize: 8, padTokenId: 8 }, /padTokenId must be null, or an id below 8/],
    [{ classifierPooling: 'max' as never }, /classifierPooling/],
    [{ localRopeTheta: 0 }, /localRopeTheta/],
    [{ initializerCutoffFactor: 0.1 }, /initializerCutoffFactor/],
    [{ normBias: 'no' as never }, /normBias/],
    [{ mlpDropout: 1 }, /mlpDropout/],
    [{ hiddenSize: 2 ** 16, numAttentionHeads: 2, vocabSize: 2 ** 24 }, /memory/],
    [{ sliding: 3 } as never, /sliding/],
  ])('refuses %j', (options, message) => {
    expect(() => modernBertConfig(options)).toThrow(InvalidOptionError);
    expect(() => modernBertConfig(options)).toThrow(message);
  });
});

describe('config.json', () => {
  const older = {
    model_type: 'modernbert',
    hidden_size: 8,
    num_hidden_layers: 4,
    num_attention_heads: 2,
    global_attn_every_n_layers: 2,
    global_rope_theta: 500,
    local_rope_theta: 40,
    layer_norm_eps: 1e-5,
    position_embedding_type: 'absolute',
    reference_compile: true,
  };

  it('of older versions says the same as the new one', () => {
    const { config, ignored, unknown } = modernBertConfigReport(older);
    expect(unknown).toEqual([]);
    expect(config).toMatchObject({ globalRopeTheta: 500, localRopeTheta: 40 });
    expect(config.layerTypes).toEqual(['full_attention', 'sliding_attention', 'full_attention', 'sliding_attention']);
    expect([...ignored.keys()]).toEqual(['layer_norm_eps', 'position_embedding_type', 'reference_compile']);
    // Without a theta of its own a window had the global one.
    expect(modernBertConfigFromJson({ ...older, local_rope_theta: null }).localRopeTheta).toBe(500);
    expect(modernBertConfigFromJson({ hidden_size: 8, num_attention_heads: 2 }).localRopeTheta).toBe(10_000);
    const written = modernBertConfigToJson(config, 'ModernBertModel');
    const { rope_parameters: _, layer_types: __, ...asOlder } = written;
    expect(modernBertConfigFromJson(asOlder)).toEqual(config);
    // In transformers, too, layer_types is before the older name.
    const uneven = ['sliding_attention', 'full_attention', 'sliding_attention', 'full_attention'];
    expect(modernBertConfigFromJson({ ...older, layer_types: uneven }).layerTypes).toEqual(uneven);
    const odd = modernBertConfigToJson({ ...config, layerTypes: uneven as never }, 'ModernBertModel');
    expect(odd).not.toHaveProperty('global_attn_every_n_layers');
  });

  it.each([2, 3, 2.5])('brings back a cutoff of %d, which transformers takes as a float alone', (cutoff) => {
    const config = modernBertConfig({ initializerCutoffFactor: cutoff });
    const text = JSON.stringify(modernBertConfigToJson(config, 'ModernBertModel'));
    expect(text).not.toMatch(/"initializer_cutoff_factor":\d+[,}]/);
    expect(modernBertConfigFromJson(JSON.parse(text))).toEqual(config);
    expect(modernBertConfigFromJson({ initializer_cutoff_factor: null }).initializerCutoffFactor).toBe(3);
  });

  const rope = (full: unknown): Record<string, unknown> => ({ rope_parameters: { full_attention: full } });
  it.each<[Record<string, unknown>, RegExp]>([
    [{ model_type: 'bert' }, /'model_type' must be "modernbert"/],
    [{ hidden_activation: 'silu' }, /'hidden_activation' must be "gelu".*exact GELU/],
    [{ classifier_activation: 'relu' }, /'classifier_activation'/],
    [{ rope_scaling: { type: 'linear' } }, /'rope_scaling'/],
    [{ head_dim: 32 }, /'head_dim' must be null, got 32/],
    [rope({ rope_type: 'yarn', rope_theta: 10 }), /'rope_parameters.full_attention' has rope_type "yarn"/],
    [rope({ rope_theta: 10, factor: 2 }), /has 'factor'/],
    [rope({ rope_theta: -1 }), /rope_theta must be a positive number, got -1/],
    [rope([]), /'rope_parameters.full_attention' must be an object/],
    [{ rope_parameters: { rope_theta: 10 } }, /full_attention and sliding_attention, got 'rope_theta'/],
    [{ rope_parameters: 3 }, /'rope_parameters' must be an object/],
    [{ global_rope_theta: 'x' }, /rope_theta must be a positive number, got "x"/],
    [{ layer_types: 'full_attention' }, /'layer_types' must be a list/],
    [{ layer_types: ['full_attention'] }, /'num_hidden_layers' \(22\) kinds, got 1/],
    [
      { num_hidden_layers: 1, layer_types: ['chunked_attention'] },
      /'layer_types\[0\]' must be .* got "chunked_attention"/,
    ],
    [{ global_attn_every_n_layers: 0 }, /'global_attn_every_n_layers' must be a positive integer/],
    [{ norm_bias: 1 }, /'norm_bias' must be a boolean/],
    [{ classifier_pooling: 'max' }, /'classifier_pooling'|classifierPooling/],
    [{ pad_token_id: 60_000 }, /'pad_token_id' must be null, or an id below/],
    [{ initializer_cutoff_factor: 'x' }, /'initializer_cutoff_factor' must be a number, got "x"/],
    [{ hidden_size: 'x' }, /'hidden_size' must be a number/],
    [{ quantization_config: { bits: 4 } }, /'quantization_config'/],
    [{ window: 3 }, /'window': transformers writes no such field for ModernBERT.*modernBertConfigReport/],
  ])('refuses %j', (fields, message) => {
    const read = (): unknown => modernBertConfigFromJson(fields, 'config.json');
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^config\.json: /);
  });

  it('must be an object', () => {
    for (const json of [null, [], 'x', 3]) expect(() => modernBertConfigFromJson(json)).toThrow(CheckpointError);
  });
});
