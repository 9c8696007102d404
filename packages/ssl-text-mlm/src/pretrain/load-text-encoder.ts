import { join } from 'node:path';
import { checkPath, isFile, isFolder } from '@selfsup/ssl-core/files';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, randomKey, SslError } from '@selfsup/ssl-tensor/host';
import { TextForTokenDetection } from '../heads/text-for-token-detection.js';
import { checkFileSizes } from '../models/check-file-sizes.js';
import { type ConfigFormat, knownConfig } from '../models/config-format.js';
import { readTextConfig, type TextConfigReport } from '../models/text-families.js';
import { checkVocabulary } from '../tokenizer/check-vocabulary.js';
import { describedTokenizer } from './described-tokenizer.js';
import { LoadedTextEncoder, type TextEncoderModel } from './loaded-text-encoder.js';
import { longestOf } from './longest-of.js';
import { readEncoderFolder } from './read-encoder-folder.js';
import { readTextEncoderDescription, type TextEncoderHead, tokenizerEntry } from './text-encoder-description.js';

/** Name of the encoder's file in a folder of `pretrainText`. */
export const encoderFile = 'encoder.safetensors';

/** Largest header that is read: a vocabulary of the largest size fits. */
const maxHeaderBytes = 100_000_000;

/**
 * A text encoder that `pretrainText` has written, built from what its file says and nothing else; or that of a folder of
 * transformers or sentence-transformers, whose `config.json`, `model.safetensors`, tokeniser, and where they are there
 * `modules.json`, `1_Pooling` and `sentence_bert_config.json` say what it is. Where a folder says nothing of pooling, texts
 * are the mean of their tokens.
 *
 * @param path the file, or a folder
 * @throws CheckpointError for a file that is missing, damaged, of another family or of a newer version
 *
 * @example
 * const encoder = await loadTextEncoder('runs/notes');
 * const { data, shape } = await encoder.embed(['a small dog', 'a red car'], { normalize: true });
 */
export async function loadTextEncoder(path: string): Promise<LoadedTextEncoder> {
  checkPath('loadTextEncoder', 'path', path);
  if (!(await isFolder(path))) return loadFile(path);
  const own = join(path, encoderFile);
  const isForeign = !(await isFile(own)) && (await isFile(join(path, 'config.json')));
  return isForeign ? readEncoderFolder(path) : loadFile(own);
}

async function loadFile(file: string): Promise<LoadedTextEncoder> {
  const { tensors, metadata } = await loadSafetensors(file, { maxHeaderBytes });
  const description = readTextEncoderDescription(metadata, file);
  const report = readTextConfig(description.config, file);
  const config = knownConfig(report.family.format as unknown as ConfigFormat<object>, report, file);
  checkFileSizes(tensors, config, file);
  const tokenizer = describedTokenizer(metadata, tokenizerEntry, description.specialTokens, file);
  checkVocabulary(tokenizer, (config as { readonly vocabSize: number }).vocabSize, file);
  let model: TextEncoderModel | undefined;
  try {
    model = modelOf(description.head ?? 'masked-lm', report);
    const encoder = 'encoder' in model ? model.encoder : model;
    const { maxLength } = description;
    if (maxLength > longestOf(encoder))
      throw new CheckpointError(`says maxLength ${maxLength}, its model has ${longestOf(encoder)} positions`, {
        path: file,
      });
    model.loadStateDict(tensors);
    return new LoadedTextEncoder(model, tokenizer, description);
  } catch (cause) {
    model?.dispose();
    if (!SslError.isInstance(cause) || (cause instanceof CheckpointError && cause.path === file)) throw cause;
    throw new CheckpointError(cause.message, { path: file, cause });
  }
}

/** A model with weights that are about to be replaced. */
function modelOf(head: TextEncoderHead, { family, config }: TextConfigReport): TextEncoderModel {
  const key = randomKey(0);
  if (head === 'masked-lm') return family.maskedLm(config as never, key);
  const encoder = family.encoder(config as never, key, false);
  return head === 'none' ? encoder : new TextForTokenDetection(encoder, { key });
}
