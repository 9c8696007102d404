import { fetched } from '@selfsup/ssl-tensor';
import { checkCount, checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { AlignedText } from '../tokenizer/aligned-text.js';
import { checkVocabulary } from '../tokenizer/check-vocabulary.js';
import type { AnyTokenizer } from '../tokenizer/load-tokenizer.js';
import { parseTokenizerFile, type TokenizerFile } from '../tokenizer/tokenizer-file.js';
import { readTrainingTexts, type TrainingTexts, trainingTextsNames } from '../tokenizer/training-texts.js';
import { wellFormed } from '../tokenizer/white-space.js';
import { wordPieceKind } from '../tokenizer/word-piece-kind.js';
import { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { encoderOf, grownModel, type VocabularyModel } from './grown-model.js';
import { PieceVocabulary } from './piece-vocabulary.js';
import { selectPieces } from './select-pieces.js';

/** Options of {@link extendVocabulary}: texts of the domain (`lines`, `files`) from which pieces are learnt, or `tokens`. */
export interface ExtendVocabularyOptions extends TrainingTexts {
  /** Pieces to add, such as `'myelitis'` and `'##itis'`, in place of those learnt from texts. */
  readonly tokens?: readonly string[];
  /** Most pieces to learn. Default 1,000. */
  readonly count?: number;
  /** A piece that the texts need less often is left out. Default 10. */
  readonly minFrequency?: number;
  /** How many different characters of the texts are looked at, the most frequent first. Default 1,000. */
  readonly alphabetLimit?: number;
}

const optionNames: OptionNames<ExtendVocabularyOptions> = {
  ...trainingTextsNames,
  tokens: 'optional',
  count: 'optionalNumber',
  minFrequency: 'optionalNumber',
  alphabetLimit: 'optionalNumber',
};

/** A model and a tokeniser with more words. */
export interface ExtendedVocabulary<M> {
  /** A new model; the one that was given stays as it is, and its weights are its own. */
  readonly model: M;
  readonly tokenizer: WordPieceTokenizer;
  /** What was added, in the order of the new ids. */
  readonly added: readonly string[];
  /** Tokens of a word on average, over the words of the texts that were known; where there are texts. */
  readonly tokensPerWord?: { readonly before: number; readonly after: number };
}

/**
 * Adds pieces that a domain needs to the vocabulary of a pretrained model, before it goes on with texts of the domain.
 *
 * Pieces are those of a WordPiece vocabulary learnt of the texts that the tokeniser does not have, the ones that save the
 * most tokens first, each used `minFrequency` times at least; or the `tokens` given. They take the ids after the last one,
 * and start from the mean of the vectors, and of the biases, of the pieces that spelled them; one that could not be spelled,
 * as it has a new character, from the mean of all words. Every text that had no unknown word has none after: pieces of one
 * character that this takes are added too.
 *
 * @param model a masked language model of any family (`BertForMaskedLM`, `BertForPreTraining`, ...), or an encoder
 * @param tokenizer its WordPiece tokeniser
 * @throws InvalidOptionError for options, a tokeniser of another kind, models with other heads, and tokens that are no word
 *   of the tokeniser's or are there already; CheckpointError where the vocabulary is not the model's; DataError as
 *   `trainWordPiece`
 * Source: the mean of all words is that of Hewitt 2021, 'Initializing New Word Embeddings for Pretrained Language Models'.
 *
 * @example
 * const { model, tokenizer } = await extendVocabulary(general, generalTokenizer, { files: ['domain.txt'], count: 500 });
 */
export async function extendVocabulary<M extends VocabularyModel>(
  model: M,
  tokenizer: AnyTokenizer,
  options: ExtendVocabularyOptions,
): Promise<ExtendedVocabulary<M>> {
  const where = 'extendVocabulary';
  const given = checkOptions(where, options, optionNames);
  const { tokens, count = 1000, minFrequency = 10, alphabetLimit = 1000 } = given;
  checkCount(where, { count, minFrequency, alphabetLimit });
  if (!(tokenizer instanceof WordPieceTokenizer)) {
    const advice =
      'Byte-level BPE and Unigram spell every word already: go on with their vocabulary, and train a new one with a new model if texts become too long';
    throw new InvalidOptionError(where, 'tokenizer', 'a WordPieceTokenizer', tokenizer, advice);
  }
  if (tokens !== undefined && (given.lines !== undefined || given.files !== undefined))
    throw new InvalidOptionError(where, 'tokens', 'left out where there are texts to learn from', tokens);
  checkVocabulary(tokenizer, encoderOf(where, model).config.vocabSize);
  const file = parseTokenizerFile(tokenizer.toJson(), wordPieceKind);
  if (file.continuingPrefix !== '##')
    throw new InvalidOptionError(where, 'tokenizer', "one whose pieces continue a word by '##'", file.continuingPrefix);
  const vocabulary = piecesOf(file);
  const specials = tokenizer.allSpecialIds();
  const characters = vocabulary.missingCharacters((token) => specials.has(file.ids.get(token)!));
  const words = tokens === undefined ? await wordsOf(where, file, given) : undefined;
  const pieces =
    words === undefined
      ? checkedTokens(where, file, tokens!)
      : selectPieces(words, vocabulary, { count, minFrequency, alphabetLimit });
  const added = pieces.length === 0 ? [] : [...new Set([...characters, ...pieces])];
  const ordinary = Int32Array.from(file.ids.values()).filter((id) => !specials.has(id));
  const parts = added.map((piece) => vocabulary.spell(piece)?.map((part) => file.ids.get(part)!) ?? ordinary);
  await fetched();
  return {
    model: grownModel(where, model, parts),
    tokenizer: extendedTokenizer(tokenizer, added),
    added,
    ...(words === undefined ? {} : { tokensPerWord: tokensPerWord(words, vocabulary, vocabulary.with(added)) }),
  };
}

/** The pieces of the model in the file; added tokens that it does not have are no pieces. */
function piecesOf({ json, continuingPrefix }: TokenizerFile): PieceVocabulary {
  const { vocab } = json['model'] as { readonly vocab: Readonly<Record<string, number>> };
  return new PieceVocabulary(Object.keys(vocab), continuingPrefix!);
}

/** How often each word of the texts occurs, as the tokeniser normalises and cuts them. */
async function wordsOf(where: string, file: TokenizerFile, texts: TrainingTexts): Promise<ReadonlyMap<string, number>> {
  const words = new Map<string, number>();
  const { max_input_chars_per_word: most = 100 } = file.json['model'] as { readonly max_input_chars_per_word?: number };
  await readTrainingTexts(where, texts, (text) => {
    // Longer ones are unknown whatever the pieces.
    for (const word of wordsIn(file, text))
      if (Array.from(word).length <= most) words.set(word, (words.get(word) ?? 0) + 1);
  });
  if (words.size === 0) throw new DataError(`${where}: the files and lines hold no word to learn from`);
  return words;
}

function wordsIn({ normalizer, preTokenize }: TokenizerFile, text: string): string[] {
  const normalized = AlignedText.of(normalizer?.apply(wellFormed(text)) ?? wellFormed(text), false);
  return (preTokenize?.(normalized) ?? [normalized]).map((word) => word.text).filter((word) => word !== '');
}

/** @throws InvalidOptionError for a token that no text could have, that is there already, or that comes twice */
function checkedTokens(where: string, file: TokenizerFile, tokens: readonly string[]): readonly string[] {
  if (!Array.isArray(tokens))
    throw new InvalidOptionError(where, 'tokens', "a list such as ['myelitis', '##itis']", tokens);
  const prefix = file.continuingPrefix!;
  const seen = new Set<string>();
  (tokens as readonly unknown[]).forEach((token, index) => {
    const option = `tokens[${index}]`;
    if (typeof token !== 'string') throw new InvalidOptionError(where, option, 'a piece of a word', token);
    const text = token.length > prefix.length && token.startsWith(prefix) ? token.slice(prefix.length) : token;
    const [word = '', ...more] = wordsIn(file, text);
    if (word !== text || more.length > 0)
      throw new InvalidOptionError(
        where,
        option,
        `one word as the tokeniser has it (it makes '${[word, ...more].join(' ')}' of this)`,
        token,
      );
    if (file.ids.has(token) || seen.has(token))
      throw new InvalidOptionError(where, option, 'a piece that is not there already', token, 'Leave it out');
    seen.add(token);
  });
  return tokens;
}

function extendedTokenizer(tokenizer: WordPieceTokenizer, added: readonly string[]): WordPieceTokenizer {
  const json = tokenizer.toJson();
  const model = json['model'] as Readonly<Record<string, unknown>>;
  const first = tokenizer.vocabSize;
  const more = Object.fromEntries(added.map((piece, index) => [piece, first + index]));
  const vocab = { ...(model['vocab'] as Readonly<Record<string, number>>), ...more };
  const { specialTokens } = tokenizer;
  return WordPieceTokenizer.fromJson({ ...json, model: { ...model, vocab } }, { specialTokens });
}

function tokensPerWord(
  words: ReadonlyMap<string, number>,
  old: PieceVocabulary,
  extended: PieceVocabulary,
): { readonly before: number; readonly after: number } {
  let [total, before, after] = [0, 0, 0];
  for (const [word, times] of words) {
    const pieces = old.spell(word);
    if (pieces === undefined) continue;
    total += times;
    before += times * pieces.length;
    after += times * extended.spell(word)!.length;
  }
  return { before: before / total, after: after / total };
}
