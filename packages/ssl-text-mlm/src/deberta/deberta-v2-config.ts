import {
  checkChoice,
  checkInteger,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import { bertLimits } from '../bert/bert-config.js';
import { type DebertaActivation, debertaActivations } from './activate.js';
import {
  checkDebertaSizes,
  debertaBase,
  type DebertaConfig,
  debertaConfigNames,
  optionalNames,
} from './deberta-config.js';

/** Sizes and rates of a DeBERTa v2 or v3, and how it uses positions. */
export interface DebertaV2Config extends DebertaConfig {
  /** Rows of relative positions each way: near offsets have one each, far ones share them. -1: one for each offset. */
  readonly positionBuckets: number;
  /** Whether relative positions are projected by the weights of queries and keys; otherwise by weights of their own. */
  readonly shareAttKey: boolean;
  /** Whether the relative positions are normalised before the layers. */
  readonly normRelEbd: 'none' | 'layer_norm';
  /** Width of the convolution beside the first layer, odd; 0: none. */
  readonly convKernelSize: number;
  /** Groups of that convolution. */
  readonly convGroups: number;
  readonly convAct: DebertaActivation;
}

/** Names of {@link DebertaV2Config}. */
export const debertaV2ConfigNames: OptionNames<DebertaV2Config> = {
  ...debertaConfigNames,
  positionBuckets: 'requiredNumber',
  shareAttKey: 'requiredFlag',
  normRelEbd: 'required',
  convKernelSize: 'requiredNumber',
  convGroups: 'requiredNumber',
  convAct: 'required',
};

/** DeBERTa-v3-base (He et al. 2021, arXiv:2111.09543; `microsoft/deberta-v3-base`). */
export const debertaV3Base: DebertaV2Config = {
  ...debertaBase,
  vocabSize: 128100,
  positionBuckets: 256,
  shareAttKey: true,
  normRelEbd: 'layer_norm',
  convKernelSize: 0,
  convGroups: 1,
  convAct: 'tanh',
};

/** DeBERTa-v2-xlarge (arXiv:2006.03654, `microsoft/deberta-v2-xlarge`): 900 million weights. */
export const debertaV2XLarge: DebertaV2Config = {
  ...debertaV3Base,
  embeddingSize: 1536,
  hiddenSize: 1536,
  numHiddenLayers: 24,
  numAttentionHeads: 24,
  intermediateSize: 6144,
  convKernelSize: 3,
  convAct: 'gelu',
};

/**
 * A whole configuration of DeBERTa v2 or v3: {@link debertaV3Base} with what is given. `embeddingSize` is by default the
 * `hiddenSize`.
 *
 * @throws InvalidOptionError as {@link debertaConfig}, and for buckets, a convolution or a norm that do not fit
 */
export function debertaV2Config(options: Partial<DebertaV2Config> = {}): DebertaV2Config {
  const where = 'debertaV2Config';
  const given = checkOptions(where, options, optionalNames(debertaV2ConfigNames));
  const config = { ...debertaV3Base, embeddingSize: given.hiddenSize ?? debertaV3Base.hiddenSize, ...given };
  checkDebertaSizes(where, config);
  const { positionBuckets, convKernelSize, convGroups, hiddenSize, maxPositionEmbeddings } = config;
  if (typeof config.shareAttKey !== 'boolean')
    throw new InvalidOptionError(where, 'shareAttKey', 'true or false', config.shareAttKey);
  checkChoice(where, 'normRelEbd', config.normRelEbd, ['none', 'layer_norm']);
  checkChoice(where, 'convAct', config.convAct, debertaActivations);
  checkInteger(where, 'positionBuckets', positionBuckets, -1, bertLimits.maxPositionEmbeddings);
  checkInteger(where, 'convKernelSize', convKernelSize, 0, bertLimits.hiddenSize);
  if (convKernelSize > 0 && convKernelSize % 2 === 0)
    throw new InvalidOptionError(where, 'convKernelSize', '0 or odd, so that as many tokens come out', convKernelSize);
  if (!Number.isInteger(convGroups) || convGroups < 1 || hiddenSize % convGroups !== 0)
    throw new InvalidOptionError(where, 'convGroups', `a divisor of hiddenSize (${hiddenSize})`, convGroups);
  if (positionBuckets === 0 || positionBuckets === 1)
    throw new InvalidOptionError(where, 'positionBuckets', '-1, or 2 or more', positionBuckets);
  // Offsets beyond the middle are placed by a logarithm, which must be above 0 where there are such offsets.
  const most = config.maxRelativePositions > 0 ? config.maxRelativePositions : maxPositionEmbeddings;
  const middle = Math.floor(positionBuckets / 2);
  if (positionBuckets > 0 && most - 1 <= middle && maxPositionEmbeddings - 1 > middle)
    throw new InvalidOptionError(
      where,
      'maxRelativePositions',
      `-1, or more than ${middle + 1}, half of positionBuckets and one`,
      config.maxRelativePositions,
    );
  return config;
}
