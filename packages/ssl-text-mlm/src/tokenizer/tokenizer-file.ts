import { DataError } from '@selfsup/ssl-tensor/host';
import type { AddedToken } from './added-vocabulary.js';
import { isDeep, JsonFields } from './json-fields.js';
import type { Decoder } from './read-decoder.js';
import { type Normalizer, readNormalizer } from './read-normalizer.js';
import type { PreTokenizer } from './read-pre-tokenizer.js';
import { TokenTable } from './token-table.js';
import type { TokenizerKind } from './tokenizer-kind.js';
import { tokenizerLimits } from './tokenizer-limits.js';
import type { WordModel } from './word-model.js';

const truncationFields = ['direction', 'max_length', 'strategy', 'stride'];
const paddingFields = ['strategy', 'direction', 'pad_to_multiple_of', 'pad_id', 'pad_type_id', 'pad_token'];

/** A checked `tokenizer.json`. */
export interface TokenizerFile {
  /** The document as read, for saving. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly kind: TokenizerKind;
  /** Token of every id. */
  readonly tokens: readonly string[];
  readonly ids: ReadonlyMap<string, number>;
  readonly addedTokens: readonly AddedToken[];
  readonly normalizer: Normalizer | undefined;
  /** Undefined: the text is one word. */
  readonly preTokenize: PreTokenizer | undefined;
  readonly model: WordModel;
  /** Begins a piece that continues a word; undefined where a mark begins those that begin one. */
  readonly continuingPrefix: string | undefined;
  /** Undefined: pieces with a space between. */
  readonly decode: Decoder | undefined;
  /** What is put around a text; read by `readFrame`, which knows the special tokens. */
  readonly postProcessor: JsonFields | undefined;
  /** True if text can be cut at white space without a change in its encoding (the BERT normaliser and pre-tokeniser). */
  readonly splitsAtWhitespace: boolean;
}

/**
 * Checks a parsed `tokenizer.json`: the model is of the kind, ids are dense from 0 and unique, tokens and counts within
 * {@link tokenizerLimits}, and every field is known and of its type.
 *
 * `truncation` and `padding` are left alone, as by transformers: they are options of the call.
 *
 * @param path named in errors
 * @throws DataError for anything else
 */
export function parseTokenizerFile(document: unknown, kind: TokenizerKind, path?: string): TokenizerFile {
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

  const table = new TokenTable(fail);
  const reading = kind.readModel(file.object('model'), table);
  const addedTokens = file
    .list('added_tokens', tokenizerLimits.vocabularySize)
    .map((item, index) => readAddedToken(file.item('added_tokens', index, item), table));
  table.finish();

  const normalizerType = part('normalizer')?.value('type');
  const preTokenizerType = part('pre_tokenizer')?.value('type');
  const normalizerFields = part('normalizer');
  const normalizer = normalizerFields === undefined ? undefined : readNormalizer(normalizerFields);
  const { preTokenize, model } = reading.finish(part('pre_tokenizer'));
  const decoder = part('decoder');
  const decode = decoder === undefined ? undefined : kind.readDecoder(decoder);
  const postProcessor = part('post_processor');
  file.finish();

  const splitsAtWhitespace =
    (normalizerType === undefined || normalizerType === 'BertNormalizer') &&
    preTokenizerType === 'BertPreTokenizer' &&
    addedTokens.every(
      ({ content, lstrip, rstrip, normalized }) =>
        !lstrip &&
        !rstrip &&
        !/\s/u.test(content) &&
        !(normalized && /\s/u.test(normalizer?.apply(content) ?? content)),
    );
  const json = {
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    ...(document as Record<string, unknown>),
    added_tokens: file.list('added_tokens', tokenizerLimits.vocabularySize),
  };
  const { tokens, ids } = table;
  return {
    json,
    kind,
    tokens,
    ids,
    addedTokens,
    normalizer,
    preTokenize,
    model,
    continuingPrefix: reading.continuingPrefix,
    decode,
    postProcessor,
    splitsAtWhitespace,
  };
}

/** A document without what is looked at entry by entry anyway, and may have a million. */
function withoutVocabulary(document: unknown): unknown {
  const { model } = (document ?? {}) as { readonly model?: unknown };
  if (typeof model !== 'object' || model === null || Array.isArray(model)) return document;
  return { ...(document as object), model: { ...model, vocab: undefined, merges: undefined } };
}

function readAddedToken(fields: JsonFields, table: TokenTable): AddedToken {
  const content = fields.string('content');
  if (content === '') throw fields.error('content', 'a text that is not empty');
  const special = fields.boolean('special', false);
  const token = {
    content,
    id: table.place(content, fields.value('id')),
    singleWord: fields.boolean('single_word', false),
    lstrip: fields.boolean('lstrip', false),
    rstrip: fields.boolean('rstrip', false),
    normalized: fields.boolean('normalized', !special),
    special,
  };
  fields.finish();
  return token;
}
