import { checkOptions } from '@selfsup/ssl-tensor/host';
import { type DebertaConfig, debertaConfigNames } from './deberta-config.js';
import { DebertaEncoder, type DebertaModelOptions, debertaModelOptionNames } from './deberta-encoder.js';
import { DebertaSelfAttention } from './deberta-self-attention.js';

/**
 * DeBERTa v1's encoder: attention by contents and relative positions, each offset up to a limit with a vector of its own.
 *
 * State names and shapes are those of transformers' `DebertaModel`, so its safetensors files load here and ours there.
 * Source: He et al. 2020, arXiv:2006.03654.
 */
export class DebertaModel extends DebertaEncoder<DebertaConfig> {
  readonly modelType = 'deberta';

  /** @throws InvalidOptionError for options */
  constructor(config: DebertaConfig, options: DebertaModelOptions) {
    checkOptions('DebertaModel', options, debertaModelOptionNames);
    checkOptions('DebertaModel', config, debertaConfigNames, 'config');
    const { maxRelativePositions, maxPositionEmbeddings } = config;
    super(config, options, {
      selfAttention: (key) => new DebertaSelfAttention(config, key),
      reach: { span: maxRelativePositions > 0 ? maxRelativePositions : maxPositionEmbeddings },
    });
  }
}
