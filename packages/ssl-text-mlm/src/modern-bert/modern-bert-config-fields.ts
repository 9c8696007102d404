import { requiredConfigFields, type RequiredConfigField } from '../bert/bert-config-fields.js';

/** Further fields of a ModernBERT's `config.json` that change nothing that is computed here, with the reason. */
export const ignoredModernBertFields: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'the tokeniser says it': ['cls_token_id', 'mask_token_id', 'unk_token_id'],
    'how the same result is computed': [
      'deterministic_flash_attn',
      'reference_compile',
      'repad_logits_with_grad',
      'sparse_prediction',
      'sparse_pred_ignore_index',
    ],
    "read by nothing in transformers' ModernBERT": ['layer_norm_eps', 'position_embedding_type', 'type_vocab_size'],
  }).flatMap(([reason, names]) => names.map((name): [string, string] => [name, reason])),
);

const exactGelu = {
  accepted: ['"gelu"', '"gelu_python"'],
  advice: 'only exact GELU is computed here; use a model that has it, or train one with it',
};

const shared = ['is_decoder', 'add_cross_attention', 'is_encoder_decoder', 'tie_encoder_decoder', 'pruned_heads'];
const alike = [...shared, 'per_layer_config', 'quantization_config', 'auto_map', 'problem_type'];

/** Fields of which only some values are computed here; others are refused. */
export const requiredModernBertFields: ReadonlyMap<string, RequiredConfigField> = new Map<string, RequiredConfigField>([
  ...alike.map((name): [string, RequiredConfigField] => [name, requiredConfigFields.get(name)!]),
  ['model_type', { accepted: ['"modernbert"'], advice: 'use the weights of a ModernBERT' }],
  ['hidden_activation', exactGelu],
  ['classifier_activation', exactGelu],
  ['rope_scaling', { accepted: ['{}'], advice: 'stretched rotary positions are not computed here; use another model' }],
  [
    'head_dim',
    {
      accepted: ['null'],
      advice: 'heads have hidden_size / num_attention_heads features here; remove the field if it says so',
    },
  ],
]);
