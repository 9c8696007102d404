import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText, readTextLines } from '@selfsup/ssl-data/text';
import { DataError } from '@selfsup/ssl-tensor/host';
import { bertSpecialTokens, type SpecialTokens } from './special-tokens.js';
import { readTokenizerConfig, type TokenizerConfig } from './tokenizer-config.js';
import { tokenizerLimits } from './tokenizer-file.js';
import { wordPieceJson } from './word-piece-json.js';

/** A tokeniser as a folder has it. */
export interface TokenizerFolder {
  /** The `tokenizer.json` with what `tokenizer_config.json` changes. */
  readonly json: unknown;
  readonly specialTokens: SpecialTokens | undefined;
  /** Tokens that must be there, with the id where the folder gives one. */
  readonly required: readonly { readonly content: string; readonly id: number | undefined }[];
  /** The file that the tokens are from. */
  readonly path: string;
}

const where = 'WordPieceTokenizer.fromFolder';

/**
 * Reads `tokenizer.json`, or `vocab.txt` where there is none, and `tokenizer_config.json` where there is one, whose
 * settings of the normaliser count, as in transformers.
 *
 * @throws DataError if a file is missing, too large, not valid in its encoding or not known
 */
export async function readTokenizerFolder(
  folder: string,
  encoding: string,
  specialTokens?: SpecialTokens,
): Promise<TokenizerFolder> {
  const configPath = join(folder, 'tokenizer_config.json');
  const config = (await exists(configPath))
    ? readTokenizerConfig(await readJson(configPath, encoding), configPath)
    : undefined;
  const special = specialTokens ?? config?.specialTokens;
  const required = [
    ...(config?.addedTokens ?? []),
    ...(config?.extraTokens ?? []).map((content) => ({ content, id: undefined })),
  ];
  const path = join(folder, 'tokenizer.json');
  if (await exists(path)) {
    const json = withSettings(await readJson(path, encoding), config);
    return { json, specialTokens: special, required, path };
  }
  const vocabulary = join(folder, 'vocab.txt');
  if (!(await exists(vocabulary)))
    throw new DataError('has neither tokenizer.json nor vocab.txt; pass the folder of a WordPiece tokeniser', {
      path: folder,
    });
  if (await exists(join(folder, 'added_tokens.json')))
    throw new DataError(
      'holds tokens beside the vocabulary in a form that is not read here; save the tokeniser anew with transformers (save_pretrained), which writes tokenizer.json',
      { path: join(folder, 'added_tokens.json') },
    );
  const json = withSettings(await fromVocabulary(vocabulary, encoding, config, special), config);
  return { json, specialTokens: special, required, path: vocabulary };
}

async function fromVocabulary(
  path: string,
  encoding: string,
  config: TokenizerConfig | undefined,
  specialTokens: SpecialTokens | undefined,
): Promise<Record<string, unknown>> {
  const tokens: string[] = [];
  const lines = new Map<string, number>();
  const limits = { maxLineBytes: 4 * tokenizerLimits.tokenLength, maxBytes: tokenizerLimits.fileBytes };
  await readTextLines(path, { encoding, ...limits, keepBlank: true, where }, (token) => {
    if (tokens.length === tokenizerLimits.vocabularySize)
      throw new DataError(`has more than ${tokenizerLimits.vocabularySize} tokens`, { path });
    const first = lines.get(token);
    if (first !== undefined)
      throw new DataError(
        `line ${tokens.length + 1} has the token '${token.slice(0, 40)}' again, as line ${first}; every line is one id, so put a token that is nowhere else in its place, such as [unused${tokens.length}]${token === '' ? ', or take blank lines away at the end of the file' : ''}`,
        { path },
      );
    tokens.push(token);
    lines.set(token, tokens.length);
  });
  const names = specialTokens ?? bertSpecialTokens;
  for (const name of Object.values(names) as string[])
    if (!tokens.includes(name))
      throw new DataError(`lacks the special token '${name}'; pass its names as specialTokens`, { path });
  const json = wordPieceJson(tokens, names, { lowercase: true });
  const added = config?.addedTokens ?? [];
  return added.length === 0 ? json : { ...json, added_tokens: added };
}

/** Settings of `tokenizer_config.json` count before those of the normaliser. */
function withSettings(json: unknown, config: TokenizerConfig | undefined): unknown {
  const normalizer = (json as { normalizer?: unknown } | null)?.normalizer;
  const isBert = (normalizer as { type?: unknown } | null | undefined)?.type === 'BertNormalizer';
  if (config === undefined || !isBert) return json;
  return { ...(json as object), normalizer: { ...(normalizer as object), ...config.normalizer } };
}

async function readJson(path: string, encoding: string): Promise<unknown> {
  const text = await readText(path, { encoding, maxBytes: tokenizerLimits.fileBytes, where });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new DataError(`not valid JSON: ${(cause as Error).message}`, { path, cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new DataError(`cannot be read: ${(cause as Error).message}`, { path, cause });
  }
}
