import { join } from 'node:path';
import { checkPath, isFolder } from '@selfsup/ssl-core/files';
import { loadSafetensors, type StateDict } from '@selfsup/ssl-nn';
import { CheckpointError, randomKey, SslError } from '@selfsup/ssl-tensor/host';
import type { BertConfig } from '../bert/bert-config.js';
import { bertConfigFromJson } from '../bert/bert-config-json.js';
import { BertForMaskedLM } from '../bert/bert-for-masked-lm.js';
import { checkVocabulary } from '../tokenizer/check-vocabulary.js';
import { tokenizerLimits } from '../tokenizer/tokenizer-limits.js';
import { tokenizerFromJson } from '../tokenizer/load-tokenizer.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { LoadedTextEncoder } from './loaded-text-encoder.js';
import { readTextEncoderDescription, type TextEncoderDescription, tokenizerEntry } from './text-encoder-description.js';

/** Name of the encoder's file in a folder of `pretrainText`. */
export const encoderFile = 'encoder.safetensors';

/** Largest header that is read: a vocabulary of the largest size fits. */
const maxHeaderBytes = 100_000_000;

/**
 * A text encoder that `pretrainText` has written, built from what its file says and nothing else.
 *
 * @param path the file, or the folder with its `encoder.safetensors`
 * @throws CheckpointError for a file that is missing, damaged, of another origin or of a newer version
 *
 * @example
 * const encoder = await loadTextEncoder('runs/notes');
 * const { data, shape } = await encoder.embed(['a small dog', 'a red car'], { normalize: true });
 */
export async function loadTextEncoder(path: string): Promise<LoadedTextEncoder> {
  checkPath('loadTextEncoder', 'path', path);
  const file = (await isFolder(path)) ? join(path, encoderFile) : path;
  const { tensors, metadata } = await loadSafetensors(file, { maxHeaderBytes });
  const description = readTextEncoderDescription(metadata, file);
  const { maxLength } = description;
  const config = bertConfigFromJson(description.config, file);
  if (maxLength > config.maxPositionEmbeddings)
    throw new CheckpointError(`says maxLength ${maxLength}, its model has ${config.maxPositionEmbeddings} positions`, {
      path: file,
    });
  checkSizes(tensors, config, file);
  const tokenizer = readTokenizer(metadata[tokenizerEntry], description, file);
  checkVocabulary(tokenizer, config.vocabSize, file);
  try {
    const model = new BertForMaskedLM(config, { key: randomKey(0) });
    model.loadStateDict(tensors);
    return new LoadedTextEncoder(model, tokenizer, description);
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(cause.message, { path: file, cause });
  }
}

function readTokenizer(
  text: string | undefined,
  { specialTokens }: TextEncoderDescription,
  path: string,
): TextTokenizer {
  if (text === undefined)
    throw new CheckpointError(`has no tokeniser: its metadata lack '${tokenizerEntry}'`, { path });
  if (text.length > tokenizerLimits.fileBytes)
    throw new CheckpointError(`has a tokeniser of more than ${tokenizerLimits.fileBytes} characters`, { path });
  try {
    return tokenizerFromJson(text, { specialTokens });
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(`has a damaged tokeniser: ${cause.message}`, { path, cause });
  }
}

/** What the configuration says must be there before memory is taken for it: a stranger's may say much. */
function checkSizes(tensors: StateDict, config: BertConfig, path: string): void {
  const { vocabSize, hiddenSize, intermediateSize, maxPositionEmbeddings, typeVocabSize, numHiddenLayers } = config;
  const embeddings = 'bert.embeddings';
  const wanted: [string, readonly number[]][] = [
    [`${embeddings}.word_embeddings.weight`, [vocabSize, hiddenSize]],
    [`${embeddings}.position_embeddings.weight`, [maxPositionEmbeddings, hiddenSize]],
    [`${embeddings}.token_type_embeddings.weight`, [typeVocabSize, hiddenSize]],
  ];
  for (let layer = 0; layer < numHiddenLayers; layer++)
    wanted.push([`bert.encoder.layer.${layer}.intermediate.dense.weight`, [intermediateSize, hiddenSize]]);
  for (const [name, shape] of wanted) {
    const found = tensors.get(name)?.shape;
    if (found?.join() === shape.join()) continue;
    const has = found === undefined ? 'does not have it' : `has [${found.join(', ')}]`;
    throw new CheckpointError(`says by its configuration that '${name}' is [${shape.join(', ')}], and ${has}`, {
      path,
      parameter: name,
    });
  }
}
