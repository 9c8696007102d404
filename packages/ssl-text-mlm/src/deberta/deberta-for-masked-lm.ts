import { checkOptions } from '@selfsup/ssl-tensor/host';
import { type DebertaConfig, debertaConfigNames } from './deberta-config.js';
import { DebertaMaskedLm, type DebertaMaskedLmOptions, debertaMaskedLmOptionNames } from './deberta-masked-lm.js';
import { DebertaModel } from './deberta-model.js';

/**
 * DeBERTa v1 with the head for masked tokens, whose output matrix is the word embedding.
 *
 * State names are those of transformers' `DebertaForMaskedLM`, by `legacy` of the configuration; as there, a saved file holds
 * the tied tensors once. With `enhancedMaskDecoder` the file has Microsoft's `deberta.embeddings.position_embeddings` besides,
 * which transformers leaves out at a load.
 */
export class DebertaForMaskedLM extends DebertaMaskedLm<DebertaConfig> {
  /** @throws InvalidOptionError for options, and for a configuration that the head or the decoder does not fit */
  constructor(config: DebertaConfig, options: DebertaMaskedLmOptions) {
    const where = 'DebertaForMaskedLM';
    checkOptions(where, config, debertaConfigNames, 'config');
    checkOptions(where, options, debertaMaskedLmOptionNames);
    super(where, config, options, (encoder) => new DebertaModel(config, encoder));
  }
}
