import { CheckpointError } from '@selfsup/ssl-tensor/host';
import {
  type ConfigFormat,
  type ConfigReport,
  knownConfig,
  readConfig,
  textOf,
  writeConfig,
} from '../models/config-format.js';
import {
  modernBertConfig,
  type ModernBertConfig,
  modernBertConfigNames,
  type ModernBertLayerType,
} from './modern-bert-config.js';
import { ignoredModernBertFields, requiredModernBertFields } from './modern-bert-config-fields.js';

/** Our names and those of transformers' `config.json`, less what has a form of its own. */
const names = {
  vocabSize: 'vocab_size',
  hiddenSize: 'hidden_size',
  intermediateSize: 'intermediate_size',
  numHiddenLayers: 'num_hidden_layers',
  numAttentionHeads: 'num_attention_heads',
  maxPositionEmbeddings: 'max_position_embeddings',
  localAttention: 'local_attention',
  normEps: 'norm_eps',
  normBias: 'norm_bias',
  attentionBias: 'attention_bias',
  mlpBias: 'mlp_bias',
  decoderBias: 'decoder_bias',
  classifierBias: 'classifier_bias',
  classifierPooling: 'classifier_pooling',
  attentionDropout: 'attention_dropout',
  embeddingDropout: 'embedding_dropout',
  mlpDropout: 'mlp_dropout',
  classifierDropout: 'classifier_dropout',
  initializerRange: 'initializer_range',
  padTokenId: 'pad_token_id',
  tieWordEmbeddings: 'tie_word_embeddings',
} as const satisfies Partial<Record<keyof ModernBertConfig, string>>;

/** Layers' kinds in `rope_parameters`, and our name and the older one of their theta. */
const ropes = [
  { kind: 'full_attention', ours: 'globalRopeTheta', older: 'global_rope_theta' },
  { kind: 'sliding_attention', ours: 'localRopeTheta', older: 'local_rope_theta' },
] as const;

/** transformers' `config.json` of a ModernBERT. */
export const modernBertFormat: ConfigFormat<ModernBertConfig> = {
  modelType: 'modernbert',
  title: 'ModernBERT',
  names,
  nullable: new Set(['padTokenId']),
  flags: new Set(
    Object.keys(names).filter((name) => modernBertConfigNames[name as keyof typeof names] === 'requiredFlag'),
  ),
  texts: new Set(['classifierPooling']),
  readMore: (given, path) => {
    // Left out, it is ModernBERT-base's, whatever the vocabulary is; modernBertConfig would have none.
    if (!given.has('pad_token_id')) given.set('pad_token_id', 50283);
    return { ...readThetas(given, path), ...readLayers(given, path), ...readCutoff(given, path) };
  },
  writeMore: ({ layerTypes, ...config }) => {
    const every = evenStep(layerTypes);
    return {
      layer_types: [...layerTypes],
      rope_parameters: Object.fromEntries(
        ropes.map(({ kind, ours }) => [kind, { rope_type: 'default', rope_theta: config[ours] }]),
      ),
      ...Object.fromEntries(ropes.map(({ ours, older }) => [older, config[ours]])),
      ...(every === undefined ? {} : { global_attn_every_n_layers: every }),
      ...writtenCutoff(config.initializerCutoffFactor),
    };
  },
  required: requiredModernBertFields,
  ignored: ignoredModernBertFields,
  fixed: { hidden_activation: 'gelu', classifier_activation: 'gelu' },
  make: modernBertConfig,
  functionName: 'modernBertConfig',
  reportName: 'modernBertConfigReport',
};

/**
 * The `config.json` with which transformers loads the model: version 5 reads `rope_parameters` and `layer_types`, older
 * versions the thetas and `global_attn_every_n_layers`, which is only there where the layers alternate evenly.
 */
export function modernBertConfigToJson(
  config: ModernBertConfig,
  architecture: string,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return writeConfig(modernBertFormat, config, architecture, extra);
}

/**
 * Configuration from transformers' `config.json`, of version 5 or older ones; what it leaves out has ModernBERT-base's value.
 *
 * @throws CheckpointError if it is not a ModernBERT that this package computes, or has a field that transformers does not
 *   write for ModernBERT; {@link modernBertConfigReport} lists such fields instead
 */
export function modernBertConfigFromJson(json: unknown, path?: string): ModernBertConfig {
  return knownConfig(modernBertFormat, modernBertConfigReport(json, path), path);
}

/**
 * As {@link modernBertConfigFromJson}, with a report of the fields that the configuration does not hold.
 *
 * @throws CheckpointError for a field whose value changes what is computed in a way that this package does not compute
 */
export function modernBertConfigReport(json: unknown, path?: string): ConfigReport<ModernBertConfig> {
  return readConfig(modernBertFormat, json, path);
}

/** Takes the rotary parameters out of the fields. */
function readThetas(given: Map<string, unknown>, path?: string): Record<string, number> {
  const where = path === undefined ? {} : { path };
  const parameters = given.get('rope_parameters') ?? {};
  given.delete('rope_parameters');
  if (typeof parameters !== 'object' || Array.isArray(parameters))
    throw new CheckpointError(`'rope_parameters' must be an object, got ${textOf(parameters)}`, where);
  const byKind = new Map<string, unknown>(Object.entries(parameters));
  const stray = [...byKind.keys()].find((name) => !ropes.some(({ kind }) => kind === name));
  if (stray !== undefined)
    throw new CheckpointError(
      `'rope_parameters' must have full_attention and sliding_attention, got '${stray.slice(0, 60)}'`,
      where,
    );
  const thetas: Record<string, number> = {};
  for (const { kind, ours, older } of ropes) {
    const own = byKind.get(kind) ?? {};
    const place = `'rope_parameters.${kind}'`;
    if (typeof own !== 'object' || Array.isArray(own))
      throw new CheckpointError(`${place} must be an object, got ${textOf(own)}`, where);
    const { rope_type: type = 'default', rope_theta: theta, ...rest } = own as Record<string, unknown>;
    const [other] = Object.keys(rest);
    if (type !== 'default' || other !== undefined) {
      const found = other === undefined ? `rope_type ${textOf(type).slice(0, 60)}` : `'${other.slice(0, 60)}'`;
      throw new CheckpointError(
        `${place} has ${found}: stretched rotary positions are not computed here, only rope_type "default" with rope_theta; use another model`,
        where,
      );
    }
    // Older versions: no local theta of its own is the global one.
    const value =
      theta ??
      given.get(older) ??
      (ours === 'localRopeTheta' && given.has(older) ? thetas['globalRopeTheta'] : undefined);
    given.delete(older);
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || !(value > 0 && Number.isFinite(value)))
      throw new CheckpointError(
        `${place}: rope_theta must be a positive number, got ${textOf(value).slice(0, 60)}`,
        where,
      );
    thetas[ours] = value;
  }
  return thetas;
}

/** Takes the layers' kinds out of the fields; `layer_types` is before the older name, as in transformers. */
function readLayers(given: Map<string, unknown>, path?: string): Record<string, unknown> {
  const where = path === undefined ? {} : { path };
  const [kinds, every] = [given.get('layer_types') ?? undefined, given.get('global_attn_every_n_layers') ?? undefined];
  given.delete('layer_types');
  given.delete('global_attn_every_n_layers');
  const layers = given.get('num_hidden_layers') ?? 22;
  if (kinds !== undefined) {
    if (!Array.isArray(kinds) || kinds.length !== layers)
      throw new CheckpointError(
        `'layer_types' must be a list of 'num_hidden_layers' (${textOf(layers).slice(0, 60)}) kinds, got ${Array.isArray(kinds) ? `${kinds.length}` : textOf(kinds).slice(0, 60)}`,
        where,
      );
    const other = kinds.findIndex((kind) => !ropes.some((rope) => rope.kind === kind));
    if (other >= 0)
      throw new CheckpointError(
        `'layer_types[${other}]' must be "full_attention" or "sliding_attention", got ${textOf(kinds[other]).slice(0, 60)}`,
        where,
      );
    return { layerTypes: kinds as ModernBertLayerType[] };
  }
  if (every === undefined) return {};
  if (typeof every !== 'number' || !Number.isSafeInteger(every) || every < 1)
    throw new CheckpointError(
      `'global_attn_every_n_layers' must be a positive integer, got ${textOf(every).slice(0, 60)}`,
      where,
    );
  return { globalAttnEveryNLayers: every };
}

/** Every how many layers one attends to the whole text, where that is even. */
function evenStep(kinds: readonly ModernBertLayerType[]): number | undefined {
  const second = kinds.indexOf('full_attention', 1);
  const every = second < 0 ? kinds.length : second;
  const isEven = kinds.every((kind, at) => (kind === 'full_attention') === (at % every === 0));
  return isEven ? every : undefined;
}

const cutoffName = 'initializer_cutoff_factor';

/**
 * transformers refuses a whole number here, and JSON of JavaScript has no other way to write 3.0: the default is left out,
 * and another whole number is written one bit larger, which {@link readCutoff} takes off.
 */
function writtenCutoff(cutoff: number): Readonly<Record<string, number>> {
  if (cutoff === 2) return {};
  return { [cutoffName]: Number.isInteger(cutoff) ? cutoff * (1 + Number.EPSILON) : cutoff };
}

/** Takes the bound of the initial weights out of the fields. */
function readCutoff(given: Map<string, unknown>, path?: string): { initializerCutoffFactor?: number } {
  const value = given.get(cutoffName);
  given.delete(cutoffName);
  if (value === undefined) return {};
  // As transformers takes it.
  if (value === null) return { initializerCutoffFactor: 3 };
  if (typeof value !== 'number')
    throw new CheckpointError(
      `'${cutoffName}' must be a number, got ${textOf(value).slice(0, 60)}`,
      path === undefined ? {} : { path },
    );
  const whole = Math.round(value);
  return { initializerCutoffFactor: value === whole * (1 + Number.EPSILON) ? whole : value };
}
