import { DataError } from '@selfsup/ssl-tensor/host';
import { JsonFields } from './json-fields.js';
import { bertSpecialTokens, type SpecialTokens } from './special-tokens.js';
import type { TokenizerKind } from './tokenizer-kind.js';

/** What a `tokenizer_config.json` says about the tokens. */
export interface TokenizerConfig {
  /** Undefined where the vocabulary must tell. */
  readonly specialTokens: SpecialTokens | undefined;
  /** Settings of the BERT normaliser, under its own names; only what the file gives. */
  readonly normalizer: Readonly<Record<string, boolean | null>>;
  /** Entries of `added_tokens`, with their ids. */
  readonly addedTokens: readonly { readonly id: number; readonly content: string }[];
  /** Tokens that must not be cut. */
  readonly extraTokens: readonly string[];
  /** Whether a space comes before a text that has none; undefined where the file does not say. */
  readonly addPrefixSpace: boolean | undefined;
}

/** Fields of the file and of the normaliser. */
const normalizerFields = {
  do_lower_case: 'lowercase',
  strip_accents: 'strip_accents',
  tokenize_chinese_chars: 'handle_chinese_chars',
} as const;

/** Fields that change no token of a single text without padding. */
const ignoredFields = [
  // Where it came from, and for whom.
  'name_or_path',
  'tokenizer_file',
  'vocab_file',
  'special_tokens_map_file',
  'backend',
  'is_local',
  'local_files_only',
  'processor_class',
  'model_input_names',
  'model_type',
  'added_tokens_file',
  'full_tokenizer_file',
  // Options of encode and encodeBatch here.
  'model_max_length',
  'max_len',
  'max_length',
  'max_seq_length',
  'stride',
  'truncation',
  'truncation_strategy',
  'pad_to_multiple_of',
  'pad_token_type_id',
  'padding',
  // For texts that are generated, and for decoding, which the file's decoder does.
  'chat_template',
  'bos_token',
  'eos_token',
  'clean_up_tokenization_spaces',
] as const;

/** Fields of the other families that are in `tokenizer.json` too, where they count, or only matter for decoding. */
const otherIgnoredFields = ['errors', 'trim_offsets', 'keep_accents', 'unk_id', 'vocab_type', 'remove_space'] as const;

const withFast = (...names: readonly string[]): readonly string[] => [
  ...names.flatMap((name) => [name, `${name}Fast`]),
  'PreTrainedTokenizerFast',
  'TokenizersBackend',
];
const classes: Record<TokenizerKind['type'], readonly string[]> = {
  WordPiece: withFast('BertTokenizer', 'DistilBertTokenizer', 'ElectraTokenizer', 'MobileBertTokenizer'),
  BPE: withFast('RobertaTokenizer', 'GPT2Tokenizer', 'BartTokenizer', 'LongformerTokenizer', 'DebertaTokenizer'),
  Unigram: withFast('DebertaV2Tokenizer', 'XLMRobertaTokenizer', 'AlbertTokenizer', 'CamembertTokenizer'),
};

/**
 * Reads a parsed `tokenizer_config.json`.
 *
 * @param path named in errors
 * @throws DataError for a field that is not known, or that has a value that changes the tokens in a way not done here
 */
export function readTokenizerConfig(
  document: unknown,
  path: string,
  kind: TokenizerKind['type'] = 'WordPiece',
): TokenizerConfig {
  const file = new JsonFields(
    document,
    '',
    (problem) => new DataError(`not a usable tokenizer_config.json: ${problem}`, { path }),
  );
  for (const name of ignoredFields) file.value(name);
  const isBert = kind === 'WordPiece';
  if (!isBert) for (const name of otherIgnoredFields) file.value(name);
  if (!isBert && file.boolean('split_by_punct', false))
    throw file.error('split_by_punct', 'false: words are cut as tokenizer.json says');
  const addPrefixSpace =
    isBert || (file.value('add_prefix_space') ?? null) === null ? undefined : file.boolean('add_prefix_space');

  const name = file.value('tokenizer_class') ?? null;
  if (name !== null && !classes[kind].includes(name as string))
    throw file.error(
      'tokenizer_class',
      `one of ${classes[kind].join(', ')}, which ${isBert ? 'cut words as BERT does' : `have a ${kind} tokenizer.json`}`,
    );
  if (!file.boolean('do_basic_tokenize', true))
    throw file.error(
      'do_basic_tokenize',
      'true: words are always cut at punctuation here; remove the field to have that',
    );
  if (file.list('never_split', 10_000).length > 0)
    throw file.refuse(
      "'never_split' must be empty: write its words into 'added_tokens' of tokenizer.json, where they are not cut",
    );
  if (file.boolean('split_special_tokens', false))
    throw file.error('split_special_tokens', 'false: special tokens are always found in the text here');
  for (const side of ['padding_side', 'truncation_side'])
    if (file.string(side, 'right') !== 'right')
      throw file.error(side, "'right': batches are padded and cut on the right here; remove the field to have that");
  if (file.string('wordpieces_prefix', '##') !== '##') throw file.error('wordpieces_prefix', "'##'");
  if ((file.value('auto_map') ?? null) !== null)
    throw file.refuse("'auto_map' names code that comes with the tokeniser; remove it if the tokens are BERT's own");

  const normalizer: Record<string, boolean | null> = {};
  for (const [theirs, setting] of Object.entries(normalizerFields)) {
    const value = file.value(theirs);
    if (value === undefined) continue;
    normalizer[setting] = value === null && setting === 'strip_accents' ? null : file.boolean(theirs);
  }
  const usual = { pad: 'pad_token', unk: 'unk_token', cls: 'cls_token', sep: 'sep_token', mask: 'mask_token' } as const;
  const given = Object.fromEntries(
    Object.entries(usual).flatMap(([part, field]) => {
      const name = token(file, field);
      return name === undefined ? [] : [[part, name]];
    }),
  ) as Partial<SpecialTokens>;
  // Of other families than BERT's the vocabulary tells the names, where the file does not give all.
  const all = Object.keys(given).length === Object.keys(usual).length;
  const specialTokens = isBert || all ? { ...bertSpecialTokens, ...given } : undefined;
  const extraTokens = ['additional_special_tokens', 'extra_special_tokens'].flatMap((list) => {
    // Newer versions write a record by name.
    const value = file.value(list) ?? [];
    const entries = Array.isArray(value)
      ? (value as unknown[])
      : file
          .object(list)
          .entries()
          .map(([, entry]) => entry);
    return entries.map((entry, index) => tokenText(file, list, index, entry));
  });
  const decoder =
    (file.value('added_tokens_decoder') ?? null) === null ? undefined : file.object('added_tokens_decoder');
  const addedTokens = (decoder?.entries() ?? []).map(([id]) => {
    const entry = decoder!.object(id);
    const content = entry.string('content');
    return { ...Object.fromEntries(entry.entries()), id: Number(id), content };
  });
  file.finish();
  return { specialTokens, normalizer, addedTokens, extraTokens, addPrefixSpace };
}

function token(file: JsonFields, name: string): string | undefined {
  const value = file.value(name) ?? null;
  if (value === null) return undefined;
  return typeof value === 'string' ? value : file.object(name).string('content');
}

/** A token is its text, or an object with its text as `content`. */
function tokenText(file: JsonFields, name: string, index: number, value: unknown): string {
  return typeof value === 'string' ? value : file.item(name, index, value).string('content');
}
