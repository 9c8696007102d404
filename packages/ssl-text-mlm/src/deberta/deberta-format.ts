import type { ConfigFieldKind, ConfigFormat } from '../models/config-format.js';
import { familyFields } from '../models/family-fields.js';
import { debertaConfig, type DebertaConfig } from './deberta-config.js';

/** A text, which the configuration's own check knows. */
export const textField: ConfigFieldKind = {
  title: 'text',
  read: (value) => (typeof value === 'string' ? value : undefined),
};

/** Names as a list or with bars between, `c2p|p2c`; null: none. */
const namesField: ConfigFieldKind = {
  title: 'list of names',
  read: (value) => {
    if (value === null) return [];
    const list: unknown = typeof value === 'string' ? value.toLowerCase().split('|') : value;
    if (!Array.isArray(list) || !list.every((name) => typeof name === 'string')) return undefined;
    return list.map((name) => name.trim()).filter((name) => name !== '');
  },
};

/** What transformers takes where a file of either kind says nothing; it is no model that anybody released. */
export const debertaDefaults = {
  relativeAttention: false,
  posAttType: [],
  positionBiasedInput: true,
  legacy: true,
} as const satisfies Partial<DebertaConfig>;

/** How `config.json` has a DeBERTa v1. */
export const debertaFormat: ConfigFormat<DebertaConfig> = {
  modelType: 'deberta',
  title: 'DeBERTa',
  names: {
    vocabSize: 'vocab_size',
    embeddingSize: 'embedding_size',
    hiddenSize: 'hidden_size',
    numHiddenLayers: 'num_hidden_layers',
    numAttentionHeads: 'num_attention_heads',
    intermediateSize: 'intermediate_size',
    maxPositionEmbeddings: 'max_position_embeddings',
    typeVocabSize: 'type_vocab_size',
    hiddenDropout: 'hidden_dropout_prob',
    attentionDropout: 'attention_probs_dropout_prob',
    layerNormEps: 'layer_norm_eps',
    initializerRange: 'initializer_range',
    padTokenId: 'pad_token_id',
    relativeAttention: 'relative_attention',
    posAttType: 'pos_att_type',
    maxRelativePositions: 'max_relative_positions',
    positionBiasedInput: 'position_biased_input',
    poolerDropout: 'pooler_dropout',
    poolerHiddenAct: 'pooler_hidden_act',
    classifierDropout: 'cls_dropout',
    legacy: 'legacy',
  },
  nullable: new Set(['padTokenId', 'classifierDropout']),
  flags: new Set(['relativeAttention', 'positionBiasedInput', 'legacy']),
  others: { posAttType: namesField, poolerHiddenAct: textField },
  derived: ({ hiddenSize, numAttentionHeads }) => ({
    pooler_hidden_size: hiddenSize,
    attention_head_size: hiddenSize / numAttentionHeads,
  }),
  required: familyFields('deberta', 'a DeBERTa v1', {
    tie_word_embeddings: { accepted: ['true'], advice: 'only a head that is the word embedding is computed here' },
    talking_head: { accepted: ['false'], advice: 'heads that are mixed are not computed here; use another model' },
  }),
  ignored: new Map([['padding_idx', 'read by nothing in transformers']]),
  fixed: { hidden_act: 'gelu', tie_word_embeddings: true },
  make: (given) => debertaConfig({ ...debertaDefaults, ...given }),
  functionName: 'debertaConfig',
  reportName: 'readTextConfig',
};
