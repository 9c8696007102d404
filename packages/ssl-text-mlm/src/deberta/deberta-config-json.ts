import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { type ConfigField, type ConfigReport, type ConfigSchema, readConfigFile, readConfigRecord, writeConfigRecord } from './config-record.js';
import { debertaConfig, type DebertaConfig } from './deberta-config.js';

/** Fields of both kinds of DeBERTa, with what transformers' `DebertaConfig` takes where the file has none. */
export const debertaFields: Readonly<Record<keyof DebertaConfig, ConfigField>> = {
  vocabSize: { name: 'vocab_size', kind: 'number', fallback: 50265 },
  // Undefined: the width of the model.
  embeddingSize: { name: 'embedding_size', kind: 'number', fallback: undefined },
  hiddenSize: { name: 'hidden_size', kind: 'number', fallback: 768 },
  numHiddenLayers: { name: 'num_hidden_layers', kind: 'number', fallback: 12 },
  numAttentionHeads: { name: 'num_attention_heads', kind: 'number', fallback: 12 },
  intermediateSize: { name: 'intermediate_size', kind: 'number', fallback: 3072 },
  maxPositionEmbeddings: { name: 'max_position_embeddings', kind: 'number', fallback: 512 },
  typeVocabSize: { name: 'type_vocab_size', kind: 'number', fallback: 0 },
  hiddenDropout: { name: 'hidden_dropout_prob', kind: 'number', fallback: 0.1 },
  attentionDropout: { name: 'attention_probs_dropout_prob', kind: 'number', fallback: 0.1 },
  layerNormEps: { name: 'layer_norm_eps', kind: 'number', fallback: 1e-7 },
  initializerRange: { name: 'initializer_range', kind: 'number', fallback: 0.02 },
  padTokenId: { name: 'pad_token_id', kind: 'number or null', fallback: 0 },
  relativeAttention: { name: 'relative_attention', kind: 'boolean', fallback: false },
  posAttType: { name: 'pos_att_type', kind: 'list of names', fallback: [] },
  maxRelativePositions: { name: 'max_relative_positions', kind: 'number', fallback: -1 },
  positionBiasedInput: { name: 'position_biased_input', kind: 'boolean', fallback: true },
  poolerDropout: { name: 'pooler_dropout', kind: 'number', fallback: 0 },
  poolerHiddenAct: { name: 'pooler_hidden_act', kind: 'text', fallback: 'gelu' },
  classifierDropout: { name: 'cls_dropout', kind: 'number or null', fallback: null },
  legacy: { name: 'legacy', kind: 'boolean', fallback: true },
};

const schema: ConfigSchema<DebertaConfig> = {
  modelType: 'deberta',
  fields: debertaFields,
  required: {
    tie_word_embeddings: { accepted: ['true'], advice: 'only a head that is the word embedding is computed here' },
    talking_head: { accepted: ['false'], advice: 'heads that are mixed are not computed here; use another model' },
  },
  ignored: { padding_idx: 'read by nothing in transformers' },
  where: 'debertaConfig',
  make: debertaConfig,
};

/** @throws CheckpointError where a width that transformers reads from a file of its own is not the model's */
export function checkDerivedSizes(json: unknown, config: DebertaConfig, path?: string): void {
  const given = json as Readonly<Record<string, unknown>>;
  const { hiddenSize, numAttentionHeads } = config;
  for (const [name, expected] of [
    ['pooler_hidden_size', hiddenSize],
    ['attention_head_size', hiddenSize / numAttentionHeads],
  ] as const) {
    const value = given[name] ?? expected;
    if (value === expected) continue;
    throw new CheckpointError(
      `'${name}' must be ${expected}, which follows from hidden_size and num_attention_heads, got ${String(value).slice(0, 80)}: other widths are not computed here`,
      path === undefined ? {} : { path },
    );
  }
}

/** Without the two widths that {@link checkDerivedSizes} has looked at. */
export function withoutDerived<C>(report: ConfigReport<C>): ConfigReport<C> {
  const derived = ['pooler_hidden_size', 'attention_head_size'];
  return { ...report, unknown: report.unknown.filter((name) => !derived.includes(name)) };
}

/** The `config.json` with which transformers loads a DeBERTa v1. */
export function debertaConfigToJson(config: DebertaConfig, architecture: string): Record<string, unknown> {
  return writeConfigRecord(schema, config, architecture);
}

/**
 * Configuration of a DeBERTa v1 from a Hugging Face `config.json`, with a report of the fields that it does not hold. What the
 * file leaves out has the value that transformers takes, such as `legacy: true`.
 *
 * @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute
 */
export function debertaConfigReport(json: unknown, path?: string): ConfigReport<DebertaConfig> {
  const report = readConfigRecord(schema, json, path);
  checkDerivedSizes(json, report.config, path);
  return withoutDerived(report);
}

/**
 * Reads the `config.json` of a DeBERTa v1.
 *
 * @throws DataError if the file is missing, larger than 4 MiB or not UTF-8; CheckpointError as {@link debertaConfigReport},
 *   and if it is no JSON
 */
export async function loadDebertaConfig(path: string): Promise<ConfigReport<DebertaConfig>> {
  return debertaConfigReport(await readConfigFile('loadDebertaConfig', path), path);
}
