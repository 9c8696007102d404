import { checkOptions } from '@selfsup/ssl-tensor/host';
import { type DebertaConfig, debertaConfigNames } from './deberta-config.js';
import { DebertaModel } from './deberta-model.js';
import {
  type DebertaClassifierOptions,
  debertaClassifierOptionNames,
  DebertaSequenceClassifier,
} from './deberta-sequence-classifier.js';

/**
 * DeBERTa v1 with a pooler on the first token and a linear classifier.
 *
 * State names and arithmetic are those of transformers' `DebertaForSequenceClassification`.
 */
export class DebertaForSequenceClassification extends DebertaSequenceClassifier<DebertaConfig> {
  /** @throws InvalidOptionError if `numLabels` is not a positive integer or the dropout is outside [0, 1) */
  constructor(config: DebertaConfig, options: DebertaClassifierOptions) {
    const where = 'DebertaForSequenceClassification';
    checkOptions(where, config, debertaConfigNames, 'config');
    checkOptions(where, options, debertaClassifierOptionNames);
    super(where, config, options, (encoder) => new DebertaModel(config, encoder));
  }
}
