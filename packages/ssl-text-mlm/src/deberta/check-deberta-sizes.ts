import { checkMemory } from '@selfsup/ssl-core/files';
import { checkChoice, checkInteger, checkPositive, checkRate, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { bertLimits } from '../bert/bert-config.js';
import { debertaActivations } from './activate.js';
import type { DebertaConfig } from './deberta-config.js';

/** Sizes, with the least and the greatest. */
const ranges: readonly (readonly [keyof DebertaConfig, least: number, most: number])[] = [
  ['vocabSize', 1, bertLimits.vocabSize],
  ['embeddingSize', 1, bertLimits.hiddenSize],
  ['hiddenSize', 1, bertLimits.hiddenSize],
  ['numHiddenLayers', 1, bertLimits.numHiddenLayers],
  ['numAttentionHeads', 1, bertLimits.numAttentionHeads],
  ['intermediateSize', 1, bertLimits.intermediateSize],
  ['maxPositionEmbeddings', 1, bertLimits.maxPositionEmbeddings],
  ['typeVocabSize', 0, bertLimits.typeVocabSize],
  ['maxRelativePositions', -1, bertLimits.maxPositionEmbeddings],
];

/**
 * Checks what both kinds of configuration have.
 *
 * @throws InvalidOptionError that names the first field that does not fit
 */
export function checkDebertaSizes(where: string, config: DebertaConfig): void {
  for (const [name, least, most] of ranges) checkInteger(where, name, config[name] as number, least, most);
  for (const name of ['hiddenDropout', 'attentionDropout', 'poolerDropout'] as const)
    checkRate(where, { [name]: config[name] });
  for (const name of ['layerNormEps', 'initializerRange'] as const) checkPositive(where, { [name]: config[name] });
  for (const name of ['relativeAttention', 'positionBiasedInput', 'legacy'] as const)
    if (typeof config[name] !== 'boolean') throw new InvalidOptionError(where, name, 'true or false', config[name]);
  const { classifierDropout, padTokenId, vocabSize, hiddenSize, posAttType } = config;
  if (classifierDropout !== null) checkRate(where, { classifierDropout });
  if (padTokenId !== null && !(Number.isInteger(padTokenId) && padTokenId >= 0 && padTokenId < vocabSize))
    throw new InvalidOptionError(where, 'padTokenId', `null, or an id below ${vocabSize}`, padTokenId);
  if (hiddenSize % config.numAttentionHeads !== 0)
    throw new InvalidOptionError(
      where,
      'numAttentionHeads',
      `a divisor of hiddenSize (${hiddenSize})`,
      config.numAttentionHeads,
    );
  if (!Array.isArray(posAttType) || new Set(posAttType).size !== posAttType.length)
    throw new InvalidOptionError(where, 'posAttType', "a list of 'c2p' and 'p2c', each once at most", posAttType);
  for (const kind of posAttType) checkChoice(where, 'posAttType', kind, ['c2p', 'p2c']);
  checkChoice(where, 'poolerHiddenAct', config.poolerHiddenAct, debertaActivations);
  checkMemory(where, 'the weights', [
    { option: 'vocabSize', bytes: 4 * vocabSize * config.embeddingSize },
    { option: 'hiddenSize', bytes: 4 * 4 * hiddenSize ** 2 * config.numHiddenLayers },
    { option: 'intermediateSize', bytes: 4 * 2 * hiddenSize * config.intermediateSize * config.numHiddenLayers },
    { option: 'maxPositionEmbeddings', bytes: 4 * config.maxPositionEmbeddings * hiddenSize },
    { option: 'maxRelativePositions', bytes: 4 * 2 * Math.max(0, config.maxRelativePositions) * hiddenSize },
    { option: 'typeVocabSize', bytes: 4 * config.typeVocabSize * config.embeddingSize },
  ]);
}
