import type { ConfigFormat } from '../models/config-format.js';
import { familyFields } from '../models/family-fields.js';
import { debertaDefaults, debertaFormat, textField } from './deberta-format.js';
import { debertaV2Config, type DebertaV2Config, debertaV2XLarge } from './deberta-v2-config.js';

/** What transformers takes where a file says nothing: the sizes of v2-xlarge, and little else of it. */
const defaults: DebertaV2Config = {
  ...debertaV2XLarge,
  ...debertaDefaults,
  positionBuckets: -1,
  shareAttKey: false,
  normRelEbd: 'none',
  convKernelSize: 0,
  convAct: 'tanh',
};

/** How `config.json` has a DeBERTa v2 or v3. */
export const debertaV2Format: ConfigFormat<DebertaV2Config> = {
  modelType: 'deberta-v2',
  title: 'DeBERTa v2',
  names: {
    ...debertaFormat.names,
    positionBuckets: 'position_buckets',
    shareAttKey: 'share_att_key',
    normRelEbd: 'norm_rel_ebd',
    convKernelSize: 'conv_kernel_size',
    convGroups: 'conv_groups',
    convAct: 'conv_act',
  },
  nullable: debertaFormat.nullable,
  flags: new Set([...debertaFormat.flags, 'shareAttKey']),
  others: { ...debertaFormat.others, normRelEbd: textField, convAct: textField },
  derived: debertaFormat.derived!,
  required: familyFields('deberta-v2', 'a DeBERTa v2 or v3', {
    tie_word_embeddings: { accepted: ['true'], advice: 'only a head that is the word embedding is computed here' },
  }),
  ignored: debertaFormat.ignored!,
  fixed: debertaFormat.fixed,
  make: (given) => debertaV2Config({ ...defaults, embeddingSize: given.hiddenSize ?? defaults.hiddenSize, ...given }),
  functionName: 'debertaV2Config',
  reportName: 'readTextConfig',
};
