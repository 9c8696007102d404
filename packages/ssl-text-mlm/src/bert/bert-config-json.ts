import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import {
  type ConfigFormat,
  type ConfigReport,
  knownConfig,
  readConfig,
  readConfigJson,
  writeConfig,
} from '../models/config-format.js';
import { bertConfig, type BertConfig } from './bert-config.js';
import { requiredConfigFields } from './bert-config-fields.js';

/** How `config.json` has a BERT. */
export const bertFormat: ConfigFormat<BertConfig> = {
  modelType: 'bert',
  title: 'BERT',
  names: {
    vocabSize: 'vocab_size',
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
    classifierDropout: 'classifier_dropout',
    padTokenId: 'pad_token_id',
    tieWordEmbeddings: 'tie_word_embeddings',
  },
  nullable: new Set(['classifierDropout', 'padTokenId']),
  flags: new Set(['tieWordEmbeddings']),
  required: requiredConfigFields,
  fixed: { hidden_act: 'gelu', position_embedding_type: 'absolute' },
  make: bertConfig,
  functionName: 'bertConfig',
  reportName: 'bertConfigReport',
};

/** A configuration, and what of the file it does not hold. */
export type BertConfigReport = ConfigReport<BertConfig>;

/** The `config.json` with which Hugging Face loads the model. */
export function bertConfigToJson(
  config: BertConfig,
  architecture: string,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return writeConfig(bertFormat, config, architecture, extra);
}

/**
 * Configuration from a Hugging Face `config.json`; what it leaves out has BERT-base's value.
 *
 * @throws CheckpointError if it is not a BERT that this package computes, or has a field that transformers does not write
 *   for BERT; {@link bertConfigReport} lists such fields instead
 */
export function bertConfigFromJson(json: unknown, path?: string): BertConfig {
  return knownConfig(bertFormat, bertConfigReport(json, path), path);
}

/**
 * As {@link bertConfigFromJson}, with a report of the fields that the configuration does not hold.
 *
 * @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute
 */
export function bertConfigReport(json: unknown, path?: string): BertConfigReport {
  return readConfig(bertFormat, json, path);
}

/** Options of {@link loadBertConfig}. */
export interface LoadBertConfigOptions {
  /** Encoding of the file, by a name that TextDecoder knows. Default `utf-8`. */
  readonly encoding?: string;
}

const loadBertConfigOptionNames: OptionNames<LoadBertConfigOptions> = { encoding: 'optional' };

/**
 * Reads a `config.json`.
 *
 * @throws DataError if the file is missing, larger than 4 MiB or not valid in its encoding; CheckpointError as
 *   {@link bertConfigReport}, and if it is no JSON
 */
export async function loadBertConfig(path: string, options: LoadBertConfigOptions = {}): Promise<BertConfigReport> {
  const { encoding = 'utf-8' } = checkOptions('loadBertConfig', options, loadBertConfigOptionNames);
  return bertConfigReport(await readConfigJson(path, encoding, 'loadBertConfig'), path);
}
