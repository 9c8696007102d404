import { readText } from '@selfsup/ssl-data/text';
import { checkOptions, CheckpointError, type OptionNames, SslError } from '@selfsup/ssl-tensor/host';
import { bertConfig, type BertConfig } from './bert-config.js';
import { ignoredConfigFields, requiredConfigFields } from './bert-config-fields.js';

/** Our names and those of Hugging Face's `config.json`. */
const names = {
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
} as const satisfies Record<keyof BertConfig, string>;

/** Fields that may be null. */
const nullable: ReadonlySet<keyof BertConfig> = new Set(['classifierDropout', 'padTokenId']);

/** Largest configuration file, bytes. */
const maxConfigBytes = 2 ** 22;

/** A configuration, and what of the file it does not hold. */
export interface BertConfigReport {
  readonly config: BertConfig;
  /** Fields that change nothing that is computed here, with the reason. */
  readonly ignored: ReadonlyMap<string, string>;
  /** Fields that transformers does not write for BERT; nobody knows here what they do. */
  readonly unknown: readonly string[];
}

/** The `config.json` with which Hugging Face loads the model. */
export function bertConfigToJson(
  config: BertConfig,
  architecture: string,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const entries = Object.entries(names).map(([ours, theirs]): [string, unknown] => [
    theirs,
    config[ours as keyof BertConfig],
  ]);
  return {
    architectures: [architecture],
    model_type: 'bert',
    hidden_act: 'gelu',
    position_embedding_type: 'absolute',
    ...Object.fromEntries(entries),
    ...extra,
  };
}

/**
 * Configuration from a Hugging Face `config.json`; what it leaves out has BERT-base's value.
 *
 * @throws CheckpointError if it is not a BERT that this package computes, or has a field that transformers does not write
 *   for BERT; {@link bertConfigReport} lists such fields instead
 */
export function bertConfigFromJson(json: unknown, path?: string): BertConfig {
  const { config, unknown } = bertConfigReport(json, path);
  if (unknown.length === 0) return config;
  const list = unknown.slice(0, 8).map((name) => `'${name.slice(0, 60)}'`);
  throw new CheckpointError(
    `${list.join(', ')}${unknown.length > 8 ? ` and ${unknown.length - 8} more` : ''}: transformers writes no such field for BERT, so what it does would be lost; remove it, or read the file with bertConfigReport, which lists it`,
    path === undefined ? {} : { path },
  );
}

/**
 * As {@link bertConfigFromJson}, with a report of the fields that the configuration does not hold.
 *
 * @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute
 */
export function bertConfigReport(json: unknown, path?: string): BertConfigReport {
  const where = path === undefined ? {} : { path };
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new CheckpointError('the configuration must be a JSON object', where);
  const given = new Map<string, unknown>(Object.entries(json));
  for (const [name, { accepted, advice }] of requiredConfigFields) {
    const value = given.get(name) ?? null;
    if (value === null || accepted.includes(textOf(value))) continue;
    throw new CheckpointError(
      `'${name}' must be ${accepted.join(' or ')}, got ${textOf(value).slice(0, 80)}: ${advice}`,
      where,
    );
  }
  const options: Record<string, number | boolean | null> = {};
  for (const [ours, theirs] of Object.entries(names)) {
    const value = given.get(theirs);
    if (value === undefined) continue;
    const wanted = ours === 'tieWordEmbeddings' ? 'boolean' : 'number';
    if (typeof value === wanted) options[ours] = value as number | boolean;
    else if (value === null && nullable.has(ours as keyof BertConfig)) options[ours] = null;
    else throw new CheckpointError(`'${theirs}' must be a ${wanted}, got ${textOf(value).slice(0, 80)}`, where);
  }
  const ours = new Set<string>(Object.values(names));
  const others = [...given.keys()].filter((name) => !ours.has(name) && !requiredConfigFields.has(name));
  try {
    return {
      config: bertConfig(options),
      ignored: new Map(
        others.flatMap((name) => (ignoredConfigFields.has(name) ? [[name, ignoredConfigFields.get(name)!]] : [])),
      ),
      unknown: others.filter((name) => !ignoredConfigFields.has(name)),
    };
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    // By the file's own name: ours stands nowhere in it.
    const named = Object.entries(names).reduce(
      (text, [ours, theirs]) => text.replace(`bertConfig: ${ours} `, `'${theirs}' `),
      cause.message,
    );
    throw new CheckpointError(named, { ...where, cause });
  }
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
  const text = await readText(path, { encoding, maxBytes: maxConfigBytes, where: 'loadBertConfig' });
  let json: unknown;
  try {
    json = JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CheckpointError(`not valid JSON: ${(cause as Error).message}`, { path, cause });
  }
  return bertConfigReport(json, path);
}

/** A value of a document as JSON; nesting is cut, as a stranger's may be deep. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : 'a list';
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? '{}' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value as number | boolean | null | undefined);
}
