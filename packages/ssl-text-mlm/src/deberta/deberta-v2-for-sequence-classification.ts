import { checkOptions } from '@selfsup/ssl-tensor/host';
import { type DebertaV2Config, debertaV2ConfigNames } from './deberta-v2-config.js';
import { DebertaV2Model } from './deberta-v2-model.js';
import {
  type DebertaClassifierOptions,
  debertaClassifierOptionNames,
  DebertaSequenceClassifier,
} from './deberta-sequence-classifier.js';

/**
 * DeBERTa v2 or v3 with a pooler on the first token and a linear classifier.
 *
 * State names and arithmetic are those of transformers' `DebertaV2ForSequenceClassification`.
 */
export class DebertaV2ForSequenceClassification extends DebertaSequenceClassifier<DebertaV2Config> {
  /** @throws InvalidOptionError if `numLabels` is not a positive integer or the dropout is outside [0, 1) */
  constructor(config: DebertaV2Config, options: DebertaClassifierOptions) {
    const where = 'DebertaV2ForSequenceClassification';
    checkOptions(where, config, debertaV2ConfigNames, 'config');
    checkOptions(where, options, debertaClassifierOptionNames);
    super(where, config, options, (encoder) => new DebertaV2Model(config, encoder));
  }
}
