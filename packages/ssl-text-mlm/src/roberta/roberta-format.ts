import { bertFormat } from '../bert/bert-config-json.js';
import type { ConfigFormat } from '../models/config-format.js';
import { familyFields } from '../models/family-fields.js';
import { robertaConfig, type RobertaConfig } from './roberta-config.js';

/** How `config.json` has a RoBERTa. */
export const robertaFormat: ConfigFormat<RobertaConfig> = {
  ...bertFormat,
  modelType: 'roberta',
  title: 'RoBERTa',
  required: familyFields('roberta', 'a RoBERTa'),
  fixed: { hidden_act: 'gelu', bos_token_id: 0, eos_token_id: 2 },
  // What a file leaves out has the value of transformers' class, which is not roberta-base's.
  make: (options) => robertaConfig({ maxPositionEmbeddings: 512, typeVocabSize: 2, layerNormEps: 1e-12, ...options }),
  functionName: 'robertaConfig',
  reportName: 'readTextConfig',
};
