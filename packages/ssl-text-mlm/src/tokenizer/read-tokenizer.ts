import { readText } from '@selfsup/ssl-data/text';
import { checkOptions, DataError } from '@selfsup/ssl-tensor/host';
import { bertSpecialTokens, type SpecialTokens, usualSpecialTokens } from './special-tokens.js';
import { parseTokenizerFile, type TokenizerFile } from './tokenizer-file.js';
import type { TokenizerKind } from './tokenizer-kind.js';
import { tokenizerLimits } from './tokenizer-limits.js';
import {
  type TokenizerFileOptions,
  tokenizerFileOptionNames,
  type TokenizerJsonOptions,
  tokenizerJsonOptionNames,
} from './tokenizer-options.js';

/** What the constructor of a tokeniser takes. */
export type MadeTokenizer = [file: TokenizerFile, specialTokens: SpecialTokens, path: string | undefined];

/**
 * Reads a parsed `tokenizer.json`, or its text.
 *
 * @throws DataError if it is not of the kind, or exceeds a limit
 */
export function readTokenizerJson(
  kind: TokenizerKind,
  document: unknown,
  options: TokenizerJsonOptions,
): MadeTokenizer {
  const { specialTokens, path } = checkOptions(`${kind.className}.fromJson`, options, tokenizerJsonOptionNames);
  const parsed = typeof document === 'string' ? parseJsonText(document, path) : document;
  const file = parseTokenizerFile(parsed, kind, path);
  // BERT has its own names; in other families they differ, and are known by their being there.
  const usual = kind.type === 'WordPiece' ? bertSpecialTokens : usualSpecialTokens((token) => file.ids.has(token));
  return [file, specialTokens ?? usual, path];
}

/**
 * Reads a `tokenizer.json`.
 *
 * @throws DataError if it is missing, too large, not valid in its encoding or not of the kind
 */
export async function readTokenizerFile(
  kind: TokenizerKind,
  path: string,
  options: TokenizerFileOptions,
): Promise<MadeTokenizer> {
  const where = `${kind.className}.fromFile`;
  const {
    encoding = 'utf-8',
    maxBytes = tokenizerLimits.fileBytes,
    ...more
  } = checkOptions(where, options, tokenizerFileOptionNames);
  return readTokenizerJson(kind, await readText(path, { encoding, maxBytes, where }), { ...more, path });
}

/** @throws DataError for a text that is no JSON */
export function parseJsonText(text: string, path: string | undefined): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const where = path === undefined ? { cause } : { path, cause };
    throw new DataError(`not valid JSON: ${(cause as Error).message}`, where);
  }
}
