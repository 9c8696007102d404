import { checkOptions } from '@selfsup/ssl-tensor/host';
import { type DebertaV2Config, debertaV2ConfigNames } from './deberta-v2-config.js';
import { DebertaMaskedLm, type DebertaMaskedLmOptions, debertaMaskedLmOptionNames } from './deberta-masked-lm.js';
import { DebertaV2Model } from './deberta-v2-model.js';

/**
 * DeBERTa v2 or v3 with the head for masked tokens, whose output matrix is the word embedding.
 *
 * State names are those of transformers' `DebertaV2ForMaskedLM`, by `legacy` of the configuration; as there, a saved file
 * holds the tied tensors once. With `enhancedMaskDecoder` the file has Microsoft's `deberta.embeddings.position_embeddings`
 * besides, which transformers leaves out at a load.
 */
export class DebertaV2ForMaskedLM extends DebertaMaskedLm<DebertaV2Config> {
  /** @throws InvalidOptionError for options, and for a configuration that the head or the decoder does not fit */
  constructor(config: DebertaV2Config, options: DebertaMaskedLmOptions) {
    const where = 'DebertaV2ForMaskedLM';
    checkOptions(where, config, debertaV2ConfigNames, 'config');
    checkOptions(where, options, debertaMaskedLmOptionNames);
    super(where, config, options, (encoder) => new DebertaV2Model(config, encoder));
  }
}
