import { join } from 'node:path';
import { checkPath, writeWhole } from '@selfsup/ssl-core/files';
import { type Module, saveSafetensors } from '@selfsup/ssl-nn';
import { textConfigToJson } from '../models/text-families.js';
import type { TextModel } from '../models/text-model.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';

/** A model, and what its `config.json` says of it. */
export interface TransformersModel {
  readonly model: Module;
  readonly encoder: TextModel;
  /** End of the name of transformers' class, `ForMaskedLM`. */
  readonly kind: string;
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/**
 * Writes a folder that `from_pretrained` of Hugging Face's transformers reads: `config.json`, `model.safetensors`,
 * `tokenizer.json`, `tokenizer_config.json`. On a device with memory of its own: `await fetched()` before.
 *
 * @param maxLength longest sequence, tokens
 * @throws DataError or CheckpointError when a file cannot be written
 */
export async function exportForTransformers(
  folder: string,
  { model, encoder, kind }: TransformersModel,
  tokenizer: TextTokenizer,
  maxLength: number,
): Promise<void> {
  checkPath('exportForTransformers', 'folder', folder);
  const config = textConfigToJson(encoder, kind);
  await writeConfigFiles(folder, config, tokenizer, maxLength, () =>
    saveSafetensors(join(folder, 'model.safetensors'), model.stateDict(), { format: 'pt' }),
  );
}

/**
 * Writes what tells readers of a folder which model and tokeniser it holds; `config.json` last.
 *
 * @param writeWeights before it
 */
export async function writeConfigFiles(
  folder: string,
  config: unknown,
  tokenizer: TextTokenizer,
  maxLength: number,
  writeWeights: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const { pad, unk, cls, sep, mask } = tokenizer.specialTokens;
  const tokenizerConfig = {
    // The class that takes tokenizer.json as it is; that of BERT would set its normaliser anew.
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: maxLength,
    clean_up_tokenization_spaces: true,
    pad_token: pad,
    unk_token: unk,
    cls_token: cls,
    sep_token: sep,
    mask_token: mask,
  };
  await writeWhole(join(folder, 'tokenizer_config.json'), json(tokenizerConfig), { makeFolder: true });
  await tokenizer.save(join(folder, 'tokenizer.json'));
  await writeWeights();
  await writeWhole(join(folder, 'config.json'), json(config));
}
