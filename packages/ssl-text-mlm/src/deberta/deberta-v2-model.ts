import { LayerNorm } from '@selfsup/ssl-nn';
import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import { DebertaConvLayer } from './deberta-conv-layer.js';
import { DebertaEncoder, type DebertaModelOptions, debertaModelOptionNames } from './deberta-encoder.js';
import { type DebertaV2Config, debertaV2ConfigNames } from './deberta-v2-config.js';
import { DebertaV2SelfAttention } from './deberta-v2-self-attention.js';
import type { RelativeReach } from './relative-positions.js';

/**
 * The encoder of DeBERTa v2 and v3: as v1's, with relative positions in buckets, shared projections, and for the large ones
 * of v2 a convolution beside the first layer, all by the configuration.
 *
 * State names and shapes are those of transformers' `DebertaV2Model`, so its safetensors files load here and ours there.
 * Source: He et al. 2021, arXiv:2111.09543.
 */
export class DebertaV2Model extends DebertaEncoder<DebertaV2Config> {
  readonly modelType = 'deberta-v2';

  /** @throws InvalidOptionError for options */
  constructor(config: DebertaV2Config, options: DebertaModelOptions) {
    checkOptions('DebertaV2Model', options, debertaModelOptionNames);
    checkOptions('DebertaV2Model', config, debertaV2ConfigNames, 'config');
    const { hiddenSize, layerNormEps: epsilon, normRelEbd, convKernelSize } = config;
    super(config, options, {
      selfAttention: (key) => new DebertaV2SelfAttention(config, key),
      reach: reachOf(config),
      ...(normRelEbd === 'layer_norm' ? { relativeNorm: new LayerNorm(hiddenSize, { epsilon }) } : {}),
      ...(convKernelSize > 0 ? { conv: new DebertaConvLayer(config, foldIn(options.key, 'conv')) } : {}),
    });
  }
}

function reachOf({ positionBuckets, maxRelativePositions, maxPositionEmbeddings }: DebertaV2Config): RelativeReach {
  const maxPosition = maxRelativePositions > 0 ? maxRelativePositions : maxPositionEmbeddings;
  if (positionBuckets <= 0) return { span: maxPosition };
  return { span: positionBuckets, buckets: { size: positionBuckets, maxPosition } };
}
