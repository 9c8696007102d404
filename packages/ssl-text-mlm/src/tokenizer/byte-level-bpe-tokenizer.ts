import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPath, writeWhole } from '@selfsup/ssl-core/files';
import { bpeKind } from './bpe-kind.js';
import { FileTokenizer } from './file-tokenizer.js';
import { folderTokenizer } from './folder-tokenizer.js';
import { type MadeTokenizer, readTokenizerFile, readTokenizerJson } from './read-tokenizer.js';
import type { TokenizerFileOptions, TokenizerFolderOptions, TokenizerJsonOptions } from './tokenizer-options.js';

/**
 * Byte-level BPE tokeniser of the RoBERTa, ModernBERT and GPT-2 families around a Hugging Face `tokenizer.json`: every text
 * can be spelt, as the alphabet is the bytes of UTF-8. Ids and places are those of the Rust library `tokenizers`; `\p{L}` and
 * `\p{N}` of the expression that cuts words are the runtime's, and may know newer characters. A word of n bytes takes
 * n log n.
 *
 * ```ts
 * const tokenizer = await ByteLevelBpeTokenizer.fromFolder('roberta-base');
 * tokenizer.encode('a small dog'); // <s> a Ġsmall Ġdog </s>
 * ```
 *
 * Source: arXiv:1508.07909; GPT-2 for the bytes.
 */
export class ByteLevelBpeTokenizer extends FileTokenizer {
  private constructor(...made: MadeTokenizer) {
    super(bpeKind, ...made);
  }

  /**
   * Tokeniser of a parsed `tokenizer.json`. The special tokens are, where no names are given, BERT's, RoBERTa's or ALBERT's,
   * whichever are all in the vocabulary.
   *
   * @param document the parsed JSON, or its text
   * @throws DataError if it is not a byte-level BPE tokeniser, exceeds a limit or lacks a special token
   */
  static fromJson(document: unknown, options: TokenizerJsonOptions = {}): ByteLevelBpeTokenizer {
    return new ByteLevelBpeTokenizer(...readTokenizerJson(bpeKind, document, options));
  }

  /**
   * Reads a `tokenizer.json`.
   *
   * @throws DataError if the file is missing, too large, not valid in its encoding or not a byte-level BPE tokeniser
   */
  static async fromFile(path: string, options: TokenizerFileOptions = {}): Promise<ByteLevelBpeTokenizer> {
    return new ByteLevelBpeTokenizer(...(await readTokenizerFile(bpeKind, path, options)));
  }

  /**
   * Reads the tokeniser of a model's folder as Hugging Face has it: `tokenizer.json`, or `vocab.json` and `merges.txt` where
   * there is none (RoBERTa's frame, its special tokens and no space before a text), and `tokenizer_config.json`.
   *
   * @throws DataError if a file is missing, too large, not valid in its encoding, no byte-level BPE tokeniser, or has a field
   *   that is not known here
   */
  static async fromFolder(folder: string, options: TokenizerFolderOptions = {}): Promise<ByteLevelBpeTokenizer> {
    return new ByteLevelBpeTokenizer(...(await folderTokenizer(bpeKind, folder, options)));
  }

  /**
   * Writes `vocab.json` and `merges.txt`, as older programs read them, into a folder that is made if it is missing. Normaliser,
   * frame and added tokens are only in `tokenizer.json`, which `save` writes.
   *
   * @throws DataError when the folder is not writable, or the disk is full
   */
  async saveVocabulary(folder: string): Promise<void> {
    checkPath('ByteLevelBpeTokenizer.saveVocabulary', 'folder', folder);
    const { vocab, merges } = this.toJson()['model'] as {
      readonly vocab: Readonly<Record<string, number>>;
      readonly merges: readonly (string | readonly [string, string])[];
    };
    await mkdir(folder, { recursive: true });
    const lines = merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
    await writeWhole(join(folder, 'vocab.json'), JSON.stringify(vocab));
    await writeWhole(join(folder, 'merges.txt'), `${['#version: 0.2', ...lines].join('\n')}\n`);
  }
}
