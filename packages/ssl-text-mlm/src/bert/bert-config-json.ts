import { CheckpointError } from 'ssl-tensor/host';
import { bertConfig, type BertConfig } from './bert-config.js';

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
} as const satisfies Record<keyof BertConfig, string>;

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
    pad_token_id: 0,
    ...Object.fromEntries(entries),
    ...extra,
  };
}

/**
 * Configuration from a Hugging Face `config.json`; what it leaves out has BERT-base's value.
 *
 * @throws CheckpointError if it is not a BERT that this package computes
 */
export function bertConfigFromJson(json: unknown, path?: string): BertConfig {
  const where = path === undefined ? {} : { path };
  if (typeof json !== 'object' || json === null)
    throw new CheckpointError('the configuration must be a JSON object', where);
  const given = json as Record<string, unknown>;
  for (const [name, wanted] of [
    ['model_type', 'bert'],
    ['hidden_act', 'gelu'],
    ['position_embedding_type', 'absolute'],
  ] as const) {
    if (given[name] !== undefined && given[name] !== wanted)
      throw new CheckpointError(`'${name}' must be '${wanted}', got ${JSON.stringify(given[name])}`, where);
  }
  const options: Record<string, number> = {};
  for (const [ours, theirs] of Object.entries(names)) {
    const value = given[theirs];
    if (value === undefined) continue;
    if (typeof value !== 'number')
      throw new CheckpointError(`'${theirs}' must be a number, got ${typeof value}`, where);
    options[ours] = value;
  }
  try {
    return bertConfig(options);
  } catch (cause) {
    throw new CheckpointError((cause as Error).message, { ...where, cause });
  }
}
