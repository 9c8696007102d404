/** Fields of a `config.json` that change nothing that is computed here, with the reason. */
export const ignoredConfigFields: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'where the file came from': ['_name_or_path', 'transformers_version', 'architectures', 'tokenizer_class'],
    'the kind of numbers in the weights file; all is computed in float32': ['dtype', 'torch_dtype', 'use_bfloat16'],
    'how the same result is computed': [
      '_attn_implementation',
      '_attn_implementation_autoset',
      'attn_implementation',
      '_experts_implementation',
      'chunk_size_feed_forward',
      'gradient_checkpointing',
      'torchscript',
      'use_cache',
      'output_past',
    ],
    'what a call of transformers returns besides': ['output_attentions', 'output_hidden_states', 'return_dict'],
    'names of the classes; their number is the option numLabels': [
      'id2label',
      'label2id',
      'num_labels',
      'finetuning_task',
    ],
    'for other kinds of model': [
      'cross_attention_hidden_size',
      'decoder_start_token_id',
      'prefix',
      'task_specific_params',
      'tf_legacy_loss',
      'tie_last_hidden_states',
    ],
    'read by nothing in transformers': [
      'directionality',
      'pooler_fc_size',
      'pooler_num_attention_heads',
      'pooler_num_fc_layers',
      'pooler_size_per_head',
      'pooler_type',
    ],
    'for the generation of text': [
      'bad_words_ids',
      'begin_suppress_tokens',
      'bos_token_id',
      'diversity_penalty',
      'do_sample',
      'early_stopping',
      'encoder_no_repeat_ngram_size',
      'eos_token_id',
      'exponential_decay_length_penalty',
      'forced_bos_token_id',
      'forced_eos_token_id',
      'length_penalty',
      'max_length',
      'min_length',
      'no_repeat_ngram_size',
      'num_beam_groups',
      'num_beams',
      'num_return_sequences',
      'output_scores',
      'remove_invalid_values',
      'repetition_penalty',
      'return_dict_in_generate',
      'sep_token_id',
      'suppress_tokens',
      'temperature',
      'top_k',
      'top_p',
      'typical_p',
    ],
  }).flatMap(([reason, names]) => names.map((name): [string, string] => [name, reason])),
);

/** A field that changes the computation, and which of its values this package computes. */
export interface RequiredConfigField {
  /** Values as JSON; a field that is left out or null is always accepted. */
  readonly accepted: readonly string[];
  /** What to do about another value. */
  readonly advice: string;
}

const noDecoder = 'this is a decoder, and only encoders are computed here; use an encoder, such as a BertForMaskedLM';

/** Fields of which only some values are computed here; others are refused. */
export const requiredConfigFields: ReadonlyMap<string, RequiredConfigField> = new Map(
  Object.entries({
    model_type: { accepted: ['"bert"'], advice: 'use the weights of a BERT' },
    hidden_act: {
      accepted: ['"gelu"', '"gelu_python"'],
      advice: 'only exact GELU is computed here; use a model that has it, or train one with it',
    },
    position_embedding_type: {
      accepted: ['"absolute"'],
      advice: 'only absolute positions are computed here; use a model that has them',
    },
    is_decoder: { accepted: ['false'], advice: noDecoder },
    add_cross_attention: { accepted: ['false'], advice: noDecoder },
    is_encoder_decoder: { accepted: ['false'], advice: noDecoder },
    tie_encoder_decoder: { accepted: ['false'], advice: noDecoder },
    pruned_heads: {
      accepted: ['{}'],
      advice: 'layers with fewer heads are not computed here; use the weights from before the pruning',
    },
    per_layer_config: { accepted: ['{}'], advice: 'layers that differ are not computed here; use another model' },
    quantization_config: {
      accepted: ['{}'],
      advice: 'quantised weights are not read here; save the model in float32 with transformers (dequantize())',
    },
    auto_map: {
      accepted: ['{}'],
      advice:
        "the model is computed by code that comes with it; remove the field if the weights are those of transformers' own BERT",
    },
    problem_type: {
      accepted: ['"single_label_classification"', '"multi_label_classification"', '"regression"'],
      advice: 'the methods here train one class, several labels or numbers; remove the field to use the encoder',
    },
  }),
);
