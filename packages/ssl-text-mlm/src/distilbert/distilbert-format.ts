import type { ConfigFormat } from '../models/config-format.js';
import { familyFields } from '../models/family-fields.js';
import { distilBertConfig, type DistilBertConfig } from './distilbert-config.js';

const fixedPositions =
  'positions are trained here, and sinusoids that are not would change; use a model that learnt its positions';

/** How `config.json` has a DistilBERT. */
export const distilBertFormat: ConfigFormat<DistilBertConfig> = {
  modelType: 'distilbert',
  title: 'DistilBERT',
  names: {
    vocabSize: 'vocab_size',
    hiddenSize: 'dim',
    numHiddenLayers: 'n_layers',
    numAttentionHeads: 'n_heads',
    intermediateSize: 'hidden_dim',
    maxPositionEmbeddings: 'max_position_embeddings',
    hiddenDropout: 'dropout',
    attentionDropout: 'attention_dropout',
    initializerRange: 'initializer_range',
    seqClassifDropout: 'seq_classif_dropout',
    qaDropout: 'qa_dropout',
    padTokenId: 'pad_token_id',
    tieWordEmbeddings: 'tie_word_embeddings',
  },
  nullable: new Set(['padTokenId']),
  flags: new Set(['tieWordEmbeddings']),
  required: familyFields('distilbert', 'a DistilBERT', {
    activation: {
      accepted: ['"gelu"'],
      advice: 'only exact GELU is computed here; use a model that has it, or train one with it',
    },
    sinusoidal_pos_embds: { accepted: ['false'], advice: fixedPositions },
  }),
  // Older files of it say that their weights are tied.
  ignored: new Map([['tie_weights_', 'read by nothing in transformers']]),
  fixed: { activation: 'gelu', sinusoidal_pos_embds: false },
  make: distilBertConfig,
  functionName: 'distilBertConfig',
  reportName: 'readTextConfig',
};
