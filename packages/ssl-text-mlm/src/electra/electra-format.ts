import { bertFormat } from '../bert/bert-config-json.js';
import type { ConfigFormat } from '../models/config-format.js';
import { familyFields } from '../models/family-fields.js';
import { electraConfig, type ElectraConfig } from './electra-config.js';

const ofMultipleChoice = 'how the head for multiple choice sums up a text, which is none of the heads here';

/** How `config.json` has an ELECTRA, generator or discriminator. */
export const electraFormat: ConfigFormat<ElectraConfig> = {
  ...bertFormat,
  modelType: 'electra',
  title: 'ELECTRA',
  names: { ...bertFormat.names, embeddingSize: 'embedding_size' },
  required: familyFields('electra', 'an ELECTRA'),
  ignored: new Map(
    [
      'summary_type',
      'summary_use_proj',
      'summary_activation',
      'summary_last_dropout',
      'summary_first_dropout',
      'summary_proj_to_labels',
    ].map((name) => [name, ofMultipleChoice]),
  ),
  fixed: { hidden_act: 'gelu' },
  make: electraConfig,
  functionName: 'electraConfig',
  reportName: 'readTextConfig',
};
