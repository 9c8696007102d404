import { FileTokenizer } from './file-tokenizer.js';
import { folderTokenizer } from './folder-tokenizer.js';
import { type MadeTokenizer, readTokenizerFile, readTokenizerJson } from './read-tokenizer.js';
import type { TokenizerFileOptions, TokenizerFolderOptions, TokenizerJsonOptions } from './tokenizer-options.js';
import { unigramKind } from './unigram-kind.js';

/**
 * Unigram tokeniser of the DeBERTa-v3, XLM-R and ALBERT families around a Hugging Face `tokenizer.json`, as it is made of a
 * SentencePiece model: of all ways to spell a word the most probable one. Ids and places are those of the Rust library
 * `tokenizers`, but where SentencePiece's compiled rules (`Precompiled`) meet graphemes that the runtime's Unicode knows and the
 * library's does not, and in NFC, NFKC and NFKD.
 *
 * ```ts
 * const tokenizer = await UnigramTokenizer.fromFolder('deberta-v3-base');
 * tokenizer.encode('a small dog'); // [CLS] ▁a ▁small ▁dog [SEP]
 * ```
 *
 * Source: arXiv:1804.10959.
 */
export class UnigramTokenizer extends FileTokenizer {
  private constructor(...made: MadeTokenizer) {
    super(unigramKind, ...made);
  }

  /**
   * Tokeniser of a parsed `tokenizer.json`. The special tokens are, where no names are given, BERT's, RoBERTa's or ALBERT's,
   * whichever are all in the vocabulary.
   *
   * @param document the parsed JSON, or its text
   * @throws DataError if it is not a Unigram tokeniser, exceeds a limit or lacks a special token
   */
  static fromJson(document: unknown, options: TokenizerJsonOptions = {}): UnigramTokenizer {
    return new UnigramTokenizer(...readTokenizerJson(unigramKind, document, options));
  }

  /**
   * Reads a `tokenizer.json`.
   *
   * @throws DataError if the file is missing, too large, not valid in its encoding or not a Unigram tokeniser
   */
  static async fromFile(path: string, options: TokenizerFileOptions = {}): Promise<UnigramTokenizer> {
    return new UnigramTokenizer(...(await readTokenizerFile(unigramKind, path, options)));
  }

  /**
   * Reads the tokeniser of a model's folder as Hugging Face has it: `tokenizer.json` and `tokenizer_config.json`.
   *
   * @throws DataError if a file is missing, too large, not valid in its encoding, no Unigram tokeniser, or has a field that is
   *   not known here
   */
  static async fromFolder(folder: string, options: TokenizerFolderOptions = {}): Promise<UnigramTokenizer> {
    return new UnigramTokenizer(...(await folderTokenizer(unigramKind, folder, options)));
  }
}
