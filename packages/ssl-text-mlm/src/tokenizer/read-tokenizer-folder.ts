import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText, readTextLines } from '@selfsup/ssl-data/text';
import { DataError } from '@selfsup/ssl-tensor/host';
import { bpeJson } from './bpe-json.js';
import { parseJsonText } from './read-tokenizer.js';
import { bertSpecialTokens, type SpecialTokens, usualSpecialTokens } from './special-tokens.js';
import { kindOfJson } from './kind-of-json.js';
import { readTokenizerConfig, type TokenizerConfig } from './tokenizer-config.js';
import type { TokenizerKind } from './tokenizer-kind.js';
import { tokenizerLimits } from './tokenizer-limits.js';
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

/** How a folder is read. */
export interface FolderReading {
  /** Named in errors. */
  readonly where: string;
  readonly encoding: string;
  readonly specialTokens: SpecialTokens | undefined;
  /** Undefined: whichever there is. */
  readonly kind: TokenizerKind['type'] | undefined;
}

/**
 * Reads `tokenizer.json`, or where there is none the files of older times (`vocab.txt`; `vocab.json` and `merges.txt`), and
 * `tokenizer_config.json` where there is one, whose settings of the normaliser count, as in transformers.
 *
 * @throws DataError if a file is missing, too large, not valid in its encoding or not known
 */
export async function readTokenizerFolder(folder: string, reading: FolderReading): Promise<TokenizerFolder> {
  const path = join(folder, 'tokenizer.json');
  const older = { WordPiece: 'vocab.txt', BPE: 'vocab.json' } as const;
  const json = (await exists(path)) ? await readJson(path, reading) : undefined;
  let kind = json === undefined ? reading.kind : (reading.kind ?? kindOfJson(json));
  if (kind === undefined) kind = (await exists(join(folder, older.BPE))) ? 'BPE' : 'WordPiece';
  const configPath = join(folder, 'tokenizer_config.json');
  const config = (await exists(configPath))
    ? readTokenizerConfig(await readJson(configPath, reading), configPath, kind)
    : undefined;
  const special = reading.specialTokens ?? config?.specialTokens;
  const required = [
    ...(config?.addedTokens ?? []),
    ...(config?.extraTokens ?? []).map((content) => ({ content, id: undefined })),
  ];
  if (json !== undefined)
    return { json: withSettings(json, config, configPath), specialTokens: special, required, path };

  const name = kind === 'Unigram' ? undefined : older[kind];
  if (name === undefined || !(await exists(join(folder, name)))) {
    const wanted = reading.kind === undefined ? 'tokenizer.json, vocab.txt or vocab.json' : kind;
    throw new DataError(
      reading.kind === undefined
        ? `has none of ${wanted}; pass the folder of a tokeniser`
        : `has ${name === undefined ? 'no tokenizer.json' : `neither tokenizer.json nor ${name}`}; pass the folder of a ${kind} tokeniser`,
      { path: folder },
    );
  }
  if (await exists(join(folder, 'added_tokens.json')))
    throw new DataError(
      'holds tokens beside the vocabulary in a form that is not read here; save the tokeniser anew with transformers (save_pretrained), which writes tokenizer.json',
      { path: join(folder, 'added_tokens.json') },
    );
  const vocabulary = join(folder, name);
  const made =
    kind === 'BPE'
      ? await fromMerges(vocabulary, join(folder, 'merges.txt'), reading, config, special)
      : withSettings(await fromVocabulary(vocabulary, reading, config, special), config, configPath);
  return { json: made, specialTokens: special, required, path: vocabulary };
}

async function fromVocabulary(
  path: string,
  { encoding, where }: FolderReading,
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

/** RoBERTa's parts around `vocab.json` and `merges.txt`, whose lines are pairs after a line with the version. */
async function fromMerges(
  path: string,
  mergesPath: string,
  reading: FolderReading,
  config: TokenizerConfig | undefined,
  specialTokens: SpecialTokens | undefined,
): Promise<Record<string, unknown>> {
  const { encoding, where } = reading;
  const vocab = await readJson(path, reading);
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab))
    throw new DataError('must be an object of tokens and ids', { path });
  const ids = new Map(Object.entries(vocab)) as Map<string, number>;
  const merges: [string, string][] = [];
  const limits = { maxLineBytes: 8 * tokenizerLimits.tokenLength, maxBytes: tokenizerLimits.fileBytes };
  let line = 0;
  await readTextLines(mergesPath, { encoding, ...limits, keepBlank: true, where }, (text) => {
    line++;
    if ((line === 1 && text.startsWith('#version')) || text === '') return;
    if (merges.length === tokenizerLimits.vocabularySize)
      throw new DataError(`has more than ${tokenizerLimits.vocabularySize} merges`, { path: mergesPath });
    const [left, right, ...more] = text.split(' ');
    if (left === undefined || right === undefined || more.length > 0)
      throw new DataError(`line ${line} must be two tokens with a space between, got '${text.slice(0, 60)}'`, {
        path: mergesPath,
      });
    merges.push([left, right]);
  });
  const names = specialTokens ?? usualSpecialTokens((token) => ids.has(token));
  for (const name of Object.values(names) as string[])
    if (!ids.has(name))
      throw new DataError(`lacks the special token '${name}'; pass its names as specialTokens`, { path });
  const addPrefixSpace = config?.addPrefixSpace ?? false;
  const json = bpeJson(ids, merges, { addPrefixSpace, trimOffsets: true, specialTokens: names });
  const added = config?.addedTokens ?? [];
  return added.length === 0 ? json : { ...json, added_tokens: added };
}

/** Settings of `tokenizer_config.json` count before those of BERT's normaliser; others must be the same. */
function withSettings(json: unknown, config: TokenizerConfig | undefined, path: string): unknown {
  const parts = json as { normalizer?: unknown; pre_tokenizer?: unknown } | null;
  const before = parts?.pre_tokenizer as { type?: unknown; add_prefix_space?: unknown } | null | undefined;
  const differs =
    before?.type === 'ByteLevel' &&
    config?.addPrefixSpace !== undefined &&
    (before.add_prefix_space ?? true) !== config.addPrefixSpace;
  if (differs)
    throw new DataError(
      `'add_prefix_space' is ${String(config.addPrefixSpace)}, and otherwise in the pre_tokenizer of tokenizer.json; make both the one that the model was trained with`,
      { path },
    );
  const normalizer = parts?.normalizer;
  const isBert = (normalizer as { type?: unknown } | null | undefined)?.type === 'BertNormalizer';
  if (config === undefined || !isBert) return json;
  return { ...(json as object), normalizer: { ...(normalizer as object), ...config.normalizer } };
}

async function readJson(path: string, { encoding, where }: FolderReading): Promise<unknown> {
  return parseJsonText(await readText(path, { encoding, maxBytes: tokenizerLimits.fileBytes, where }), path);
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
