import { FileTokenizer } from './file-tokenizer.js';
import { type MadeTokenizer, readTokenizerFile, readTokenizerJson } from './read-tokenizer.js';
import { folderTokenizer } from './folder-tokenizer.js';
import type { TokenizerFileOptions, TokenizerFolderOptions, TokenizerJsonOptions } from './tokenizer-options.js';
import { wordPieceKind } from './word-piece-kind.js';

/**
 * WordPiece tokeniser of the BERT family around a Hugging Face `tokenizer.json`: the ids are those of its Rust library
 * `tokenizers` on every text, with any Unicode and on every version of Node (but for `NFC`, `NFKC`, `NFKD` and `\p{L}` in
 * expressions, which are the runtime's and may know newer characters). Chunks between white space are remembered,
 * which makes it several times faster. Half a surrogate pair counts as U+FFFD.
 *
 * ```ts
 * const tokenizer = await WordPieceTokenizer.fromFile('tokenizer.json');
 * tokenizer.encode('a small dog', { maxLength: 32 }); // [2, 144, 1043, 2201, 3]
 * ```
 */
export class WordPieceTokenizer extends FileTokenizer {
  private constructor(...made: MadeTokenizer) {
    super(wordPieceKind, ...made);
  }

  /**
   * Tokeniser of a parsed `tokenizer.json`.
   *
   * @param document the parsed JSON, or its text
   * @throws DataError if it is not a WordPiece tokeniser, exceeds a limit or lacks a special token
   */
  static fromJson(document: unknown, options: TokenizerJsonOptions = {}): WordPieceTokenizer {
    return new WordPieceTokenizer(...readTokenizerJson(wordPieceKind, document, options));
  }

  /**
   * Reads a `tokenizer.json`.
   *
   * @throws DataError if the file is missing, too large, not valid in its encoding or not a WordPiece tokeniser
   */
  static async fromFile(path: string, options: TokenizerFileOptions = {}): Promise<WordPieceTokenizer> {
    return new WordPieceTokenizer(...(await readTokenizerFile(wordPieceKind, path, options)));
  }

  /**
   * Reads the tokeniser of a model's folder as Hugging Face has it: `tokenizer.json`, or `vocab.txt` where there is none,
   * and `tokenizer_config.json`, whose names of special tokens and settings of the normaliser (`do_lower_case`,
   * `strip_accents`, `tokenize_chinese_chars`) count before those of `tokenizer.json`, as in transformers.
   *
   * @throws DataError if a file is missing, too large, not valid in its encoding, no WordPiece tokeniser, or has a field
   *   that is not known here or changes the tokens in a way that is not done here
   */
  static async fromFolder(folder: string, options: TokenizerFolderOptions = {}): Promise<WordPieceTokenizer> {
    return new WordPieceTokenizer(...(await folderTokenizer(wordPieceKind, folder, options)));
  }
}
