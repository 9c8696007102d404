import { DataError } from 'ssl-tensor/host';

/** Bounds on a `tokenizer.json` from a stranger. */
export const tokenizerLimits = {
  /** Largest file, in bytes. */
  fileBytes: 64 * 1024 * 1024,
  /** Most entries of a vocabulary. */
  vocabularySize: 1_000_000,
  /** Longest token, in UTF-16 code units. */
  tokenLength: 512,
} as const;

/** A token that is recognised in the raw text, before normalisation. */
export interface AddedTokenEntry {
  readonly id: number;
  readonly content: string;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly special: boolean;
}

/** A checked `tokenizer.json` with a WordPiece model. */
export interface TokenizerFile {
  /** The document as read, for the encoder and for saving. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Token of every id. */
  readonly tokens: readonly string[];
  /** Mark of a piece that continues a word, usually `##`. */
  readonly continuingPrefix: string;
  readonly unknownToken: string;
  readonly addedTokens: readonly AddedTokenEntry[];
  /** True if text can be cut at white space without a change in its encoding (the BERT normaliser and pre-tokeniser). */
  readonly splitsAtWhitespace: boolean;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/**
 * Checks a parsed `tokenizer.json`: model WordPiece, ids dense from 0 and unique, tokens and counts within
 * {@link tokenizerLimits}.
 *
 * @param path named in errors
 * @throws DataError for anything else
 */
export function parseTokenizerFile(document: unknown, path?: string): TokenizerFile {
  const fail = (problem: string): never => {
    throw new DataError(`not a usable tokenizer.json: ${problem}`, path === undefined ? {} : { path });
  };
  const json = record(document) ?? fail('the top level must be an object');
  const model = record(json['model']) ?? fail("'model' must be an object");
  if (model['type'] !== undefined && model['type'] !== 'WordPiece')
    fail(`'model.type' must be 'WordPiece', got ${JSON.stringify(model['type'])}`);
  const vocabulary = record(model['vocab']) ?? fail("'model.vocab' must be an object of token to id");
  const unknownToken =
    typeof model['unk_token'] === 'string' ? model['unk_token'] : fail("'model.unk_token' must be a string");
  const continuingPrefix = model['continuing_subword_prefix'] ?? '##';
  if (typeof continuingPrefix !== 'string') return fail("'model.continuing_subword_prefix' must be a string");

  const tokens: string[] = [];
  const place = (token: string, id: unknown): void => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= tokenizerLimits.vocabularySize) {
      fail(
        `token '${token.slice(0, 40)}' has the id ${String(id)}; ids must be integers from 0 to ${tokenizerLimits.vocabularySize - 1}`,
      );
    }
    if (token.length > tokenizerLimits.tokenLength)
      fail(`a token has ${token.length} characters, the limit is ${tokenizerLimits.tokenLength}`);
    const known = tokens[id as number];
    if (known !== undefined && known !== token) fail(`'${known}' and '${token}' share the id ${String(id)}`);
    tokens[id as number] = token;
  };
  const entries = Object.entries(vocabulary);
  if (entries.length > tokenizerLimits.vocabularySize)
    fail(`the vocabulary has ${entries.length} entries, the limit is ${tokenizerLimits.vocabularySize}`);
  for (const [token, id] of entries) place(token, id);

  const listed = json['added_tokens'] ?? [];
  if (!Array.isArray(listed)) return fail("'added_tokens' must be an array");
  const addedTokens = listed.map((item: unknown): AddedTokenEntry => {
    const entry = record(item) ?? fail("an entry of 'added_tokens' must be an object");
    const content = entry['content'];
    if (typeof content !== 'string' || content === '') return fail("an entry of 'added_tokens' has no content");
    place(content, entry['id']);
    return {
      id: entry['id'] as number,
      content,
      lstrip: entry['lstrip'] === true,
      rstrip: entry['rstrip'] === true,
      special: entry['special'] === true,
    };
  });
  for (let id = 0; id < tokens.length; id++)
    if (tokens[id] === undefined) fail(`no token has the id ${id}; ids must be dense`);
  if (!tokens.includes(unknownToken)) fail(`the unknown token '${unknownToken}' is not in the vocabulary`);

  const normalizer = record(json['normalizer']);
  const splitsAtWhitespace =
    (json['normalizer'] === null || normalizer?.['type'] === 'BertNormalizer') &&
    record(json['pre_tokenizer'])?.['type'] === 'BertPreTokenizer' &&
    addedTokens.every((token) => !token.lstrip && !token.rstrip && !/\s/u.test(token.content));
  const complete = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...json,
    added_tokens: listed,
  };
  return { json: complete, tokens, continuingPrefix, unknownToken, addedTokens, splitsAtWhitespace };
}
