import { CheckpointError, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { readTextConfig, textConfigToJson } from '../models/text-families.js';
import { debertaBase, debertaConfig } from './deberta-config.js';
import { DebertaModel } from './deberta-model.js';
import { debertaV2Config, debertaV2XLarge, debertaV3Base } from './deberta-v2-config.js';
import { DebertaV2Model } from './deberta-v2-model.js';

/** What the released files have in common, as they are written. */
const released = {
  attention_probs_dropout_prob: 0.1,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  initializer_range: 0.02,
  max_position_embeddings: 512,
  relative_attention: true,
  layer_norm_eps: 1e-7,
  max_relative_positions: -1,
  position_biased_input: false,
  type_vocab_size: 0,
};
const base = { ...released, hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12, num_hidden_layers: 12 };
const v1 = { ...base, model_type: 'deberta', pos_att_type: 'c2p|p2c', padding_idx: 0, vocab_size: 50265 };
const v3 = {
  ...base,
  model_type: 'deberta-v2',
  pos_att_type: 'p2c|c2p',
  position_buckets: 256,
  norm_rel_ebd: 'layer_norm',
  share_att_key: true,
  vocab_size: 128100,
};
const xlarge = {
  ...v3,
  hidden_size: 1536,
  intermediate_size: 6144,
  num_attention_heads: 24,
  num_hidden_layers: 24,
  attention_head_size: 64,
  conv_kernel_size: 3,
  conv_act: 'gelu',
};

describe('released files', () => {
  it('are read, with the names of the head that transformers takes where they say nothing', () => {
    const posAttType = ['p2c', 'c2p'];
    expect(readTextConfig(v1).config).toEqual({ ...debertaBase, legacy: true });
    expect(readTextConfig(v1).ignored.has('padding_idx')).toBe(true);
    expect(readTextConfig(v1).unknown).toEqual([]);
    const report = readTextConfig(v3);
    expect(report.config).toEqual({ ...debertaV3Base, posAttType, legacy: true });
    expect([report.ignored.size, report.unknown]).toEqual([0, []]);
    expect(readTextConfig(xlarge).unknown).toEqual([]);
    expect(readTextConfig(xlarge).config).toEqual({ ...debertaV2XLarge, posAttType, legacy: true });
  });

  it("have transformers' values for what they leave out", () => {
    const model_type = 'deberta';
    expect(readTextConfig({ model_type })).toMatchObject({
      config: { relativeAttention: false, positionBiasedInput: true, posAttType: [], legacy: true },
    });
    expect(readTextConfig({ model_type: 'deberta-v2' })).toMatchObject({
      config: { hiddenSize: 1536, embeddingSize: 1536, positionBuckets: -1, shareAttKey: false, normRelEbd: 'none' },
    });
    expect(readTextConfig({ model_type, hidden_size: 24, pos_att_type: null }).config).toMatchObject({
      embeddingSize: 24,
    });
  });

  it('come back as they were written', () => {
    const key = randomKey(1);
    const small = { vocabSize: 30, intermediateSize: 8, numHiddenLayers: 1, numAttentionHeads: 3 };
    const config = debertaV2Config({
      ...small,
      hiddenSize: 24,
      embeddingSize: 16,
      convKernelSize: 5,
      convGroups: 3,
      legacy: true,
    });
    const json = textConfigToJson(new DebertaV2Model(config, { key }), 'Model');
    expect(json).toMatchObject({ model_type: 'deberta-v2', architectures: ['DebertaV2Model'] });
    expect(readTextConfig(json).config).toEqual(config);
    const other = debertaConfig({
      ...small,
      hiddenSize: 24,
      posAttType: ['p2c'],
      classifierDropout: 0.3,
      padTokenId: null,
    });
    const written = textConfigToJson(new DebertaModel(other, { key }), 'Model');
    expect(written).toMatchObject({ model_type: 'deberta', architectures: ['DebertaModel'] });
    expect(readTextConfig(written).config).toEqual(other);
  });
});

describe('refuses what would change the result', () => {
  it.each([
    [{ hidden_act: 'gelu_new' }, 'only exact GELU'],
    [{ talking_head: true }, 'heads that are mixed'],
    [{ tie_word_embeddings: false }, 'only a head that is the word embedding'],
    [{ pos_att_type: 'c2p|p2p' }, "'pos_att_type' must be 'c2p' or 'p2c'"],
    [{ pos_att_type: 'c2p|c2p' }, 'each once at most'],
    [{ pos_att_type: [3] }, "'pos_att_type' must be a list of names"],
    [{ pooler_hidden_size: 128 }, "'pooler_hidden_size' must be 768"],
    [{ pooler_hidden_act: 'silu' }, "'pooler_hidden_act' must be 'gelu' or 'tanh' or 'relu'"],
    [{ hidden_size: 'wide' }, "'hidden_size' must be a number"],
    [{ hidden_size: 100 }, "'num_attention_heads' must be a divisor of hiddenSize (100)"],
    [{ vocab_size: 1e12 }, "'vocab_size' must be"],
    [{ quantization_config: { bits: 4 } }, 'quantised weights'],
  ])('%j', (field, message) => {
    expect(() => readTextConfig({ ...v1, ...field })).toThrow(message);
    expect(() => readTextConfig({ ...v1, ...field })).toThrow(CheckpointError);
  });

  it.each([
    [{ attention_head_size: 32 }, "'attention_head_size' must be 64"],
    [{ conv_kernel_size: 4 }, "'conv_kernel_size' must be 0 or odd"],
    [{ conv_act: 'swish' }, "'conv_act' must be"],
    [{ norm_rel_ebd: 'batch_norm' }, "'norm_rel_ebd' must be 'none' or 'layer_norm'"],
    [{ position_buckets: 1 }, "'position_buckets' must be -1, or 2 or more"],
    [{ max_relative_positions: 100 }, "'max_relative_positions' must be -1, or more than 129"],
    [{ share_att_key: 'yes' }, "'share_att_key' must be a boolean"],
  ])('%j of v2', (field, message) => {
    expect(() => readTextConfig({ ...v3, ...field })).toThrow(message);
  });

  it('reports fields that nobody knows', () => {
    expect(readTextConfig({ ...v1, share_att_key: true }).unknown).toEqual(['share_att_key']);
  });

  it('options by our names', () => {
    expect(() => debertaConfig({ numAttentionHeads: 5 })).toThrow(InvalidOptionError);
    expect(() => debertaConfig({ hiddenDropout: 1 })).toThrow('debertaConfig: hiddenDropout');
    expect(() => debertaConfig({ posAttTypes: [] } as never)).toThrow(InvalidOptionError);
    expect(() => debertaConfig({ legacy: 1 as never })).toThrow('true or false');
    expect(() => debertaV2Config({ convGroups: 5 })).toThrow('a divisor of hiddenSize (768)');
    // The advice works.
    expect(debertaV2Config({ maxRelativePositions: 130 }).maxRelativePositions).toBe(130);
    // Where no offset reaches the logarithm, small models need no buckets of their own.
    expect(debertaV2Config({ maxPositionEmbeddings: 64 }).positionBuckets).toBe(256);
  });
});
