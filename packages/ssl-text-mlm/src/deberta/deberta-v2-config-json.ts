import { type ConfigReport, type ConfigSchema, readConfigFile, readConfigRecord, writeConfigRecord } from './config-record.js';
import { checkDerivedSizes, debertaFields, withoutDerived } from './deberta-config-json.js';
import { debertaV2Config, type DebertaV2Config } from './deberta-v2-config.js';

const schema: ConfigSchema<DebertaV2Config> = {
  modelType: 'deberta-v2',
  fields: {
    ...debertaFields,
    vocabSize: { ...debertaFields.vocabSize, fallback: 128100 },
    hiddenSize: { ...debertaFields.hiddenSize, fallback: 1536 },
    numHiddenLayers: { ...debertaFields.numHiddenLayers, fallback: 24 },
    numAttentionHeads: { ...debertaFields.numAttentionHeads, fallback: 24 },
    intermediateSize: { ...debertaFields.intermediateSize, fallback: 6144 },
    positionBuckets: { name: 'position_buckets', kind: 'number', fallback: -1 },
    shareAttKey: { name: 'share_att_key', kind: 'boolean', fallback: false },
    normRelEbd: { name: 'norm_rel_ebd', kind: 'text', fallback: 'none' },
    convKernelSize: { name: 'conv_kernel_size', kind: 'number', fallback: 0 },
    convGroups: { name: 'conv_groups', kind: 'number', fallback: 1 },
    convAct: { name: 'conv_act', kind: 'text', fallback: 'tanh' },
  },
  required: {
    tie_word_embeddings: { accepted: ['true'], advice: 'only a head that is the word embedding is computed here' },
  },
  ignored: { padding_idx: 'read by nothing in transformers' },
  where: 'debertaV2Config',
  make: debertaV2Config,
};

/** The `config.json` with which transformers loads a DeBERTa v2 or v3. */
export function debertaV2ConfigToJson(config: DebertaV2Config, architecture: string): Record<string, unknown> {
  return writeConfigRecord(schema, config, architecture);
}

/**
 * Configuration of a DeBERTa v2 or v3 from a Hugging Face `config.json`, with a report of the fields that it does not hold.
 * What the file leaves out has the value that transformers takes, such as `legacy: true`.
 *
 * @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute
 */
export function debertaV2ConfigReport(json: unknown, path?: string): ConfigReport<DebertaV2Config> {
  const report = readConfigRecord(schema, json, path);
  checkDerivedSizes(json, report.config, path);
  return withoutDerived(report);
}

/**
 * Reads the `config.json` of a DeBERTa v2 or v3.
 *
 * @throws DataError if the file is missing, larger than 4 MiB or not UTF-8; CheckpointError as {@link debertaV2ConfigReport},
 *   and if it is no JSON
 */
export async function loadDebertaV2Config(path: string): Promise<ConfigReport<DebertaV2Config>> {
  return debertaV2ConfigReport(await readConfigFile('loadDebertaV2Config', path), path);
}
