import { join } from 'node:path';
import { checkPath, writeWhole } from '@selfsup/ssl-core/files';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { bertConfigToJson } from '../bert/bert-config-json.js';
import type { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';

/**
 * Writes a folder that `AutoModelForMaskedLM.from_pretrained` and `AutoTokenizer.from_pretrained` of Hugging Face's
 * transformers read: `config.json`, `model.safetensors`, `tokenizer.json`, `tokenizer_config.json`. On a device with
 * memory of its own: `await fetched()` before.
 *
 * @param maxLength longest sequence, tokens
 * @throws DataError or CheckpointError when a file cannot be written
 */
export async function exportForTransformers(
  folder: string,
  model: BertForMaskedLM,
  tokenizer: TextTokenizer,
  maxLength: number,
): Promise<void> {
  checkPath('exportForTransformers', 'folder', folder);
  const { pad, unk, cls, sep, mask } = tokenizer.specialTokens;
  const config = {
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
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  await writeWhole(join(folder, 'tokenizer_config.json'), json(config), { makeFolder: true });
  await tokenizer.save(join(folder, 'tokenizer.json'));
  await saveSafetensors(join(folder, 'model.safetensors'), model.stateDict(), { format: 'pt' });
  await writeWhole(join(folder, 'config.json'), json(bertConfigToJson(model.config, 'BertForMaskedLM')));
}
