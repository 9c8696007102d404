import { checkPath, isFolder } from '@selfsup/ssl-core/files';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, randomKey, SslError } from '@selfsup/ssl-tensor/host';
import { TextForSequenceClassification } from '../heads/text-for-sequence-classification.js';
import { checkFileSizes } from '../models/check-file-sizes.js';
import { type ConfigFormat, knownConfig } from '../models/config-format.js';
import { readTextConfig } from '../models/text-families.js';
import { describedTokenizer } from '../pretrain/described-tokenizer.js';
import { checkVocabulary, paddedRows } from '../tokenizer/check-vocabulary.js';
import { classifierPath, LoadedTextClassifier } from './loaded-text-classifier.js';
import { classifierTokenizerEntry, readTextClassifierDescription } from './text-classifier-description.js';

/** Largest header that is read: a vocabulary of the largest size fits. */
const maxHeaderBytes = 100_000_000;

/**
 * A text classifier that `fineTuneText` has written, built from what its file says and nothing else.
 *
 * @param path the file, or the folder with its `classifier.safetensors`
 * @throws CheckpointError for a file that is missing, damaged, of another origin or of a newer version
 *
 * @example
 * const classifier = await loadTextClassifier('runs/topics');
 * const [{ label, probability }] = await classifier.classify(['a dog chews a bone']);
 */
export async function loadTextClassifier(path: string): Promise<LoadedTextClassifier> {
  checkPath('loadTextClassifier', 'path', path);
  const file = (await isFolder(path)) ? classifierPath(path) : path;
  const { tensors, metadata } = await loadSafetensors(file, { maxHeaderBytes });
  const description = readTextClassifierDescription(metadata, file);
  const report = readTextConfig(description.config, file);
  const config = knownConfig(report.family.format as unknown as ConfigFormat<object>, report, file);
  checkFileSizes(tensors, config, file);
  const tokenizer = describedTokenizer(metadata, classifierTokenizerEntry, description.specialTokens, file);
  checkVocabulary(tokenizer, (config as { readonly vocabSize: number }).vocabSize, file, paddedRows);
  const { pooling, labels } = description;
  try {
    const key = randomKey(0);
    // BERT's pooler is there where the first token is read.
    const encoder = report.family.encoder(config as never, key, pooling === 'cls');
    const model = new TextForSequenceClassification(encoder, { key, numLabels: labels.length, pooling });
    model.loadStateDict(tensors);
    return new LoadedTextClassifier(model, tokenizer, description);
  } catch (cause) {
    if (!SslError.isInstance(cause)) throw cause;
    throw new CheckpointError(cause.message, { path: file, cause });
  }
}
