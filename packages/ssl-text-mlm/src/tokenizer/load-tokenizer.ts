import { stat } from 'node:fs/promises';
import { checkPath } from '@selfsup/ssl-core/files';
import { readText } from '@selfsup/ssl-data/text';
import { checkOptions, DataError } from '@selfsup/ssl-tensor/host';
import { ByteLevelBpeTokenizer } from './byte-level-bpe-tokenizer.js';
import { shown } from './json-fields.js';
import { kindOfJson } from './kind-of-json.js';
import { readTokenizerFolder } from './read-tokenizer-folder.js';
import { parseJsonText } from './read-tokenizer.js';
import { tokenizerLimits } from './tokenizer-limits.js';
import {
  type TokenizerFolderOptions,
  tokenizerFolderOptionNames,
  type TokenizerJsonOptions,
  tokenizerJsonOptionNames,
} from './tokenizer-options.js';
import { UnigramTokenizer } from './unigram-tokenizer.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

/** A tokeniser of one of the kinds that are read here. */
export type AnyTokenizer = WordPieceTokenizer | ByteLevelBpeTokenizer | UnigramTokenizer;

const classes = {
  WordPiece: WordPieceTokenizer,
  BPE: ByteLevelBpeTokenizer,
  Unigram: UnigramTokenizer,
} as const;

/**
 * Tokeniser of a parsed `tokenizer.json` of any of the kinds.
 *
 * @param document the parsed JSON, or its text
 * @throws DataError if it is none of them, exceeds a limit or lacks a special token
 */
export function tokenizerFromJson(document: unknown, options: TokenizerJsonOptions = {}): AnyTokenizer {
  const { path } = checkOptions('tokenizerFromJson', options, tokenizerJsonOptionNames);
  const parsed = typeof document === 'string' ? parseJsonText(document, path) : document;
  const kind = kindOfJson(parsed);
  if (kind !== undefined) return classes[kind].fromJson(parsed, options);
  const model = (parsed as { readonly model?: { readonly type?: unknown } | null } | null | undefined)?.model;
  throw new DataError(
    `not a usable tokenizer.json: 'model.type' must be 'WordPiece', 'BPE' or 'Unigram', got ${shown(model?.type)} (encode with another library and pass the ids to TokenDataset.fromSequences)`,
    path === undefined ? {} : { path },
  );
}

/**
 * Reads a `tokenizer.json`, or the tokeniser of a model's folder, of whichever kind it is.
 *
 * ```ts
 * const tokenizer = await loadTokenizer('roberta-base'); // a ByteLevelBpeTokenizer
 * ```
 *
 * @param path file or folder
 * @throws DataError if it is missing, too large, not valid in its encoding, of another kind or has what is not known here
 */
export async function loadTokenizer(path: string, options: TokenizerFolderOptions = {}): Promise<AnyTokenizer> {
  const where = 'loadTokenizer';
  const { encoding = 'utf-8', specialTokens } = checkOptions(where, options, tokenizerFolderOptionNames);
  checkPath(where, 'path', path);
  if (!(await isFolder(path))) {
    const text = await readText(path, { encoding, maxBytes: tokenizerLimits.fileBytes, where });
    return tokenizerFromJson(text, { path, ...(specialTokens === undefined ? {} : { specialTokens }) });
  }
  const { json, path: file } = await readTokenizerFolder(path, { where, encoding, specialTokens, kind: undefined });
  const kind = kindOfJson(json);
  return kind === undefined ? tokenizerFromJson(json, { path: file }) : classes[kind].fromFolder(path, options);
}

async function isFolder(path: string): Promise<boolean> {
  // What is wrong with a file is said by who reads it.
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
