import { checkMemory, type MemoryNeed } from '@selfsup/ssl-core/files';
import {
  checkChoice,
  checkCount,
  checkOptions,
  checkPositive,
  checkRate,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { bertLimits } from '../bert/bert-config.js';

/** What a layer's tokens attend to: all of the text, or a window around each. */
export type ModernBertLayerType = 'full_attention' | 'sliding_attention';

/** Sizes, rates and kinds of a ModernBERT encoder; names of transformers' `ModernBertConfig`. */
export interface ModernBertConfig {
  /** Rows of the word embedding. */
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Width between `Wi` and `Wo` of the feed-forward part; `Wi` has twice as many outputs, value and gate. */
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** Longest sequence, in tokens; no weight depends on it. */
  readonly maxPositionEmbeddings: number;
  /** Kind of each layer, `[numHiddenLayers]`. */
  readonly layerTypes: readonly ModernBertLayerType[];
  /** Width of a window: a token attends those at most `floor(localAttention / 2)` places before and after it. */
  readonly localAttention: number;
  /** Base of the rotary positions of layers with full attention. */
  readonly globalRopeTheta: number;
  /** Base of the rotary positions of layers with windows. */
  readonly localRopeTheta: number;
  readonly normEps: number;
  /** Whether norms have a bias. */
  readonly normBias: boolean;
  /** Whether the attention's projections have a bias. */
  readonly attentionBias: boolean;
  /** Whether the feed-forward part's projections have a bias. */
  readonly mlpBias: boolean;
  /** Whether the output matrix of masked-language modelling has a bias. */
  readonly decoderBias: boolean;
  /** Whether the heads' dense layer has a bias. */
  readonly classifierBias: boolean;
  /** What a classifier reads: the first token, or the mean over the tokens. */
  readonly classifierPooling: 'cls' | 'mean';
  /** Dropout of attention weights, and of what attention adds. */
  readonly attentionDropout: number;
  readonly embeddingDropout: number;
  /** Dropout between the projections of the feed-forward part. */
  readonly mlpDropout: number;
  readonly classifierDropout: number;
  /** Standard deviation of the Gaussian from which weights start. */
  readonly initializerRange: number;
  /** Standard deviations at which that Gaussian is cut. */
  readonly initializerCutoffFactor: number;
  /** Id of the padding; null: none. */
  readonly padTokenId: number | null;
  /** Whether the word embedding is also the output matrix of masked-language modelling. */
  readonly tieWordEmbeddings: boolean;
}

/** Names of {@link ModernBertConfig}. */
export const modernBertConfigNames: OptionNames<ModernBertConfig> = {
  vocabSize: 'requiredNumber',
  hiddenSize: 'requiredNumber',
  intermediateSize: 'requiredNumber',
  numHiddenLayers: 'requiredNumber',
  numAttentionHeads: 'requiredNumber',
  maxPositionEmbeddings: 'requiredNumber',
  layerTypes: 'required',
  localAttention: 'requiredNumber',
  globalRopeTheta: 'requiredNumber',
  localRopeTheta: 'requiredNumber',
  normEps: 'requiredNumber',
  normBias: 'requiredFlag',
  attentionBias: 'requiredFlag',
  mlpBias: 'requiredFlag',
  decoderBias: 'requiredFlag',
  classifierBias: 'requiredFlag',
  classifierPooling: 'required',
  attentionDropout: 'requiredNumber',
  embeddingDropout: 'requiredNumber',
  mlpDropout: 'requiredNumber',
  classifierDropout: 'requiredNumber',
  initializerRange: 'requiredNumber',
  initializerCutoffFactor: 'requiredNumber',
  padTokenId: 'required',
  tieWordEmbeddings: 'requiredFlag',
};

/** What {@link modernBertConfig} takes. */
export interface ModernBertConfigOptions extends Partial<ModernBertConfig> {
  /** In place of `layerTypes`: the first of so many layers attends to all of the text, the others to windows. Default 3. */
  readonly globalAttnEveryNLayers?: number;
}

const modernBertConfigOptionNames: OptionNames<ModernBertConfigOptions> = {
  ...(Object.fromEntries(
    Object.entries(modernBertConfigNames).map(([name, kind]) => [name, kind.replace('required', 'optional')]),
  ) as OptionNames<Partial<ModernBertConfig>>),
  globalAttnEveryNLayers: 'optionalNumber',
};

/** ModernBERT-base (arXiv:2412.13663; defaults of transformers' `ModernBertConfig`), less its layers' kinds. */
const base: Omit<ModernBertConfig, 'layerTypes'> = {
  vocabSize: 50368,
  hiddenSize: 768,
  intermediateSize: 1152,
  numHiddenLayers: 22,
  numAttentionHeads: 12,
  maxPositionEmbeddings: 8192,
  localAttention: 128,
  globalRopeTheta: 160_000,
  localRopeTheta: 10_000,
  normEps: 1e-5,
  normBias: false,
  attentionBias: false,
  mlpBias: false,
  decoderBias: true,
  classifierBias: false,
  classifierPooling: 'cls',
  attentionDropout: 0,
  embeddingDropout: 0,
  mlpDropout: 0,
  classifierDropout: 0,
  initializerRange: 0.02,
  initializerCutoffFactor: 2,
  padTokenId: 50283,
  tieWordEmbeddings: true,
};

const where = 'modernBertConfig';
const limits = {
  vocabSize: bertLimits.vocabSize,
  hiddenSize: bertLimits.hiddenSize,
  intermediateSize: bertLimits.intermediateSize,
  numHiddenLayers: bertLimits.numHiddenLayers,
  numAttentionHeads: bertLimits.numAttentionHeads,
  maxPositionEmbeddings: bertLimits.maxPositionEmbeddings,
  localAttention: 2 * bertLimits.maxPositionEmbeddings,
} as const satisfies Partial<Record<keyof ModernBertConfig, number>>;

/**
 * A whole configuration: ModernBERT-base (arXiv:2412.13663) with what is given. Where the vocabulary is another than its
 * and `padTokenId` is left out, there is none.
 *
 * @throws InvalidOptionError if a size is no positive integer or too large, the weights do not fit the memory of this
 *   machine, a rate is outside [0, 1), layers' kinds do not fit their number, the padding is no id, or the heads do not
 *   divide the width into even parts
 */
export function modernBertConfig(options: ModernBertConfigOptions = {}): ModernBertConfig {
  const { globalAttnEveryNLayers, ...given } = checkOptions(where, options, modernBertConfigOptionNames);
  const padding = given.vocabSize === undefined ? {} : { padTokenId: null };
  const sizes = { ...base, ...padding, ...given };
  for (const name of Object.keys(limits) as (keyof typeof limits)[]) {
    checkCount(where, { [name]: sizes[name] });
    if (sizes[name] > limits[name]) throw new InvalidOptionError(where, name, `at most ${limits[name]}`, sizes[name]);
  }
  if (given.layerTypes !== undefined && globalAttnEveryNLayers !== undefined) {
    const advice = 'Give one of the two';
    throw new InvalidOptionError(
      where,
      'globalAttnEveryNLayers',
      'left out beside layerTypes',
      globalAttnEveryNLayers,
      advice,
    );
  }
  const every = globalAttnEveryNLayers ?? 3;
  checkCount(where, { globalAttnEveryNLayers: every });
  const layerTypes = given.layerTypes ?? alternating(sizes.numHiddenLayers, every);
  return checkModernBertConfig({ ...sizes, layerTypes });
}

function alternating(layers: number, every: number): ModernBertLayerType[] {
  return Array.from({ length: layers }, (_, at) => (at % every === 0 ? 'full_attention' : 'sliding_attention'));
}

function checkModernBertConfig(config: ModernBertConfig): ModernBertConfig {
  const { hiddenSize, numAttentionHeads, numHiddenLayers, layerTypes, padTokenId } = config;
  for (const name of ['attentionDropout', 'embeddingDropout', 'mlpDropout', 'classifierDropout'] as const)
    checkRate(where, { [name]: config[name] });
  for (const name of ['globalRopeTheta', 'localRopeTheta', 'normEps', 'initializerRange'] as const)
    checkPositive(where, { [name]: config[name] });
  for (const [name, kind] of Object.entries(modernBertConfigNames)) {
    const value = config[name as keyof ModernBertConfig];
    if (kind === 'requiredFlag' && typeof value !== 'boolean')
      throw new InvalidOptionError(where, name, 'true or false', value);
  }
  if (!(config.initializerCutoffFactor >= 0.5))
    throw new InvalidOptionError(where, 'initializerCutoffFactor', 'at least 0.5', config.initializerCutoffFactor);
  checkChoice(where, 'classifierPooling', config.classifierPooling, ['cls', 'mean']);
  if (padTokenId !== null && !(Number.isInteger(padTokenId) && padTokenId >= 0 && padTokenId < config.vocabSize))
    throw new InvalidOptionError(where, 'padTokenId', `null, or an id below ${config.vocabSize}`, padTokenId);
  if (!Array.isArray(layerTypes) || layerTypes.length !== numHiddenLayers) {
    const advice = 'Leave layerTypes out, and the layers alternate';
    const expected = `a list of ${numHiddenLayers} kinds, one for each of numHiddenLayers`;
    throw new InvalidOptionError(where, 'layerTypes', expected, layerTypes, advice);
  }
  layerTypes.forEach((kind, at) =>
    checkChoice(where, `layerTypes[${at}]`, kind, ['full_attention', 'sliding_attention']),
  );
  if (hiddenSize % numAttentionHeads !== 0 || (hiddenSize / numAttentionHeads) % 2 !== 0)
    throw new InvalidOptionError(
      where,
      'numAttentionHeads',
      `a divisor of hiddenSize (${hiddenSize}) that leaves each head an even width, as features turn in pairs`,
      numAttentionHeads,
    );
  checkMemory(where, 'the weights', weightNeeds(config));
  return config;
}

/** Bytes of the encoder's weights; vectors beside the matrices are left out. */
function weightNeeds(config: ModernBertConfig): readonly MemoryNeed[] {
  const { hiddenSize: width, numHiddenLayers: layers, intermediateSize, tieWordEmbeddings } = config;
  const embedding = 4 * config.vocabSize * width;
  return [
    { option: 'vocabSize', bytes: tieWordEmbeddings ? embedding : 2 * embedding },
    { option: 'hiddenSize', bytes: 4 * 4 * width * width * layers },
    { option: 'intermediateSize', bytes: 4 * 3 * width * intermediateSize * layers },
  ];
}
