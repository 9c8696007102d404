import { DataError } from '@selfsup/ssl-tensor/host';
import type { AddedToken } from './added-vocabulary.js';
import type { WordPieceDecoding } from './decode-word-pieces.js';
import { isDeep, JsonFields, shown } from './json-fields.js';
import { type PreTokenizer, readPreTokenizer } from './read-pre-tokenizer.js';
import { PieceTable } from './piece-table.js';
import { readNormalizer } from './read-normalizer.js';
import { wellFormed } from './white-space.js';
import type { WordPieceModel } from './word-pieces.js';

/** Bounds on a `tokenizer.json` from a stranger. */
export const tokenizerLimits = {
  /** Largest file, in bytes. */
  fileBytes: 64 * 1024 * 1024,
  /** Most entries of a vocabulary. */
  vocabularySize: 1_000_000,
  /** Longest token, in UTF-16 code units. */
  tokenLength: 512,
  /** Most that `max_input_chars_per_word` may allow. */
  wordCharacters: 10_000,
} as const;

const truncationFields = ['direction', 'max_length', 'strategy', 'stride'];
const paddingFields = ['strategy', 'direction', 'pad_to_multiple_of', 'pad_id', 'pad_type_id', 'pad_token'];

/** A checked `tokenizer.json` with a WordPiece model. */
export interface TokenizerFile {
  /** The document as read, for saving. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Token of every id. */
  readonly tokens: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  readonly addedTokens: readonly AddedToken[];
  readonly normalize: (text: string) => string;
  /** Undefined: the text is one word. */
  readonly preTokenize: PreTokenizer | undefined;
  readonly model: WordPieceModel;
  readonly decoding: WordPieceDecoding | undefined;
  /** What is put around a text; checked by `checkFrame`, which knows the special tokens. */
  readonly postProcessor: JsonFields | undefined;
  /** True if text can be cut at white space without a change in its encoding (the BERT normaliser and pre-tokeniser). */
  readonly splitsAtWhitespace: boolean;
}

/**
 * Checks a parsed `tokenizer.json`: the model is WordPiece, ids are dense from 0 and unique, tokens and counts within
 * {@link tokenizerLimits}, and every field is known and of its type.
 *
 * `truncation` and `padding` are left alone, as by transformers: they are options of the call.
 *
 * @param path named in errors
 * @throws DataError for anything else
 */
export function parseTokenizerFile(document: unknown, path?: string): TokenizerFile {
  const fail = (problem: string): DataError =>
    new DataError(`not a usable tokenizer.json: ${problem}`, path === undefined ? {} : { path });
  if (isDeep(withoutVocabulary(document))) throw fail('it is nested deeper than any tokeniser');
  const file = new JsonFields(document, '', fail);
  if (file.string('version', '1.0') !== '1.0') throw file.error('version', "'1.0'");
  const calls = { truncation: truncationFields, padding: paddingFields };
  for (const [name, known] of Object.entries(calls)) {
    if ((file.value(name) ?? null) === null) continue;
    const fields = file.object(name);
    for (const field of known) fields.value(field);
    fields.finish();
  }
  const part = (name: string): JsonFields | undefined =>
    (file.value(name) ?? null) === null ? undefined : file.object(name);

  const tokens: string[] = [];
  const ids = new Map<string, number>();
  const place = (token: string, id: unknown): number => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= tokenizerLimits.vocabularySize)
      throw fail(
        `token '${token.slice(0, 40)}' has the id ${shown(id)}; ids must be integers from 0 to ${tokenizerLimits.vocabularySize - 1}`,
      );
    if (token.length > tokenizerLimits.tokenLength)
      throw fail(`a token has ${token.length} characters, the limit is ${tokenizerLimits.tokenLength}`);
    if (/[\ud800-\udfff]/.test(token) && wellFormed(token) !== token)
      throw fail(`the token with the id ${id} has half a surrogate pair`);
    const known = tokens[id];
    if (known !== undefined && known !== token) throw fail(`'${known}' and '${token}' share the id ${id}`);
    const other = ids.get(token);
    if (other !== undefined && other !== id) throw fail(`'${token}' has the ids ${other} and ${id}`);
    tokens[id] = token;
    ids.set(token, id);
    return id;
  };

  const model = readModel(file.object('model'), place, fail);
  const addedTokens = file
    .list('added_tokens', tokenizerLimits.vocabularySize)
    .map((item, index) => readAddedToken(file.item('added_tokens', index, item), place));
  for (let id = 0; id < tokens.length; id++)
    if (tokens[id] === undefined) throw fail(`no token has the id ${id}; ids must be dense`);

  const normalizerType = part('normalizer')?.value('type');
  const preTokenizerType = part('pre_tokenizer')?.value('type');
  const normalizer = part('normalizer');
  const normalize = normalizer === undefined ? (text: string): string => text : readNormalizer(normalizer).apply;
  const preTokenizer = part('pre_tokenizer');
  const preTokenize = preTokenizer === undefined ? undefined : readPreTokenizer(preTokenizer);
  const decoder = part('decoder');
  const decoding = decoder === undefined ? undefined : readDecoder(decoder);
  const postProcessor = part('post_processor');
  file.finish();

  const splitsAtWhitespace =
    (normalizerType === undefined || normalizerType === 'BertNormalizer') &&
    preTokenizerType === 'BertPreTokenizer' &&
    addedTokens.every(
      ({ content, lstrip, rstrip, normalized }) =>
        !lstrip && !rstrip && !/\s/u.test(content) && !(normalized && /\s/u.test(normalize(content))),
    );
  const json = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...(document as Record<string, unknown>),
    added_tokens: file.list('added_tokens', tokenizerLimits.vocabularySize),
  };
  return {
    json,
    tokens,
    ids,
    addedTokens,
    normalize,
    preTokenize,
    model,
    decoding,
    postProcessor,
    splitsAtWhitespace,
  };
}

/** A document without what is looked at entry by entry anyway, and may have a million. */
function withoutVocabulary(document: unknown): unknown {
  const { model } = (document ?? {}) as { readonly model?: unknown };
  if (typeof model !== 'object' || model === null || Array.isArray(model)) return document;
  return { ...(document as object), model: { ...model, vocab: undefined } };
}

function readModel(
  fields: JsonFields,
  place: (token: string, id: unknown) => number,
  fail: (problem: string) => DataError,
): WordPieceModel {
  if ((fields.value('type') ?? 'WordPiece') !== 'WordPiece')
    throw fields.error(
      'type',
      "'WordPiece' (encode with another library and pass the ids to TokenDataset.fromSequences, or train a vocabulary with trainWordPiece)",
    );
  const unknown = fields.string('unk_token');
  const continuingPrefix = fields.string('continuing_subword_prefix', '##');
  const maxWordCharacters = fields.integer('max_input_chars_per_word', 0, tokenizerLimits.wordCharacters, 100);
  const entries = fields.record('vocab');
  fields.finish();
  if (entries.length > tokenizerLimits.vocabularySize)
    throw fail(`the vocabulary has ${entries.length} entries, the limit is ${tokenizerLimits.vocabularySize}`);
  const vocabulary = new Map<string, number>();
  for (const [token, id] of entries) vocabulary.set(token, place(token, id));
  const unknownId = vocabulary.get(unknown);
  if (unknownId === undefined) throw fail(`the unknown token '${unknown.slice(0, 60)}' is not in the vocabulary`);
  const beginnings = new PieceTable(vocabulary);
  return {
    beginnings,
    continuations: beginnings.after(continuingPrefix),
    unknownId,
    continuingPrefix,
    maxWordCharacters,
  };
}

function readAddedToken(fields: JsonFields, place: (token: string, id: unknown) => number): AddedToken {
  const content = fields.string('content');
  if (content === '') throw fields.error('content', 'a text that is not empty');
  const special = fields.boolean('special', false);
  const token = {
    content,
    id: place(content, fields.value('id')),
    singleWord: fields.boolean('single_word', false),
    lstrip: fields.boolean('lstrip', false),
    rstrip: fields.boolean('rstrip', false),
    normalized: fields.boolean('normalized', !special),
    special,
  };
  fields.finish();
  return token;
}

function readDecoder(fields: JsonFields): WordPieceDecoding {
  if (fields.value('type') !== 'WordPiece')
    throw fields.error(
      'type',
      '\'WordPiece\' (write { "type": "WordPiece", "prefix": "##", "cleanup": true }, or null to have tokens with spaces between)',
    );
  const decoding = { prefix: fields.string('prefix', '##'), cleanup: fields.boolean('cleanup', true) };
  fields.finish();
  return decoding;
}
