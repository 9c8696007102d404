import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '@selfsup/ssl-core/files';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { DataError, ndArray, SslError } from '@selfsup/ssl-tensor/host';
import { TokenSequences } from '../data/token-sequences.js';
import { learnTokenizer } from '../tokenizer/learn-tokenizer.js';
import { bertSpecialTokens } from '../tokenizer/special-tokens.js';
import { WordCounter } from '../tokenizer/word-counter.js';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { chooseVocabulary, type VocabularySizes } from './choose-vocabulary.js';
import { heldOutEvery, readFacts, type TextFacts } from './text-facts.js';
import type { TextSource } from './text-source.js';

/** Where what is in a folder of pretrainText, beside the files of trainInFolder. */
export const preparedFiles = {
  tokenizer: 'tokenizer.json',
  record: 'prepared.json',
  tokens: 'tokens.safetensors',
} as const;

/** What of the vocabulary the user has chosen. */
export interface VocabularyOptions {
  readonly tokenizer?: TextTokenizer | undefined;
  readonly vocabSize?: number | undefined;
  readonly lowercase: boolean;
}

/** Encoded texts without special tokens, one sequence each. */
export type EncodedTexts = Pick<TokenSequences, 'length' | 'arrays'>;

/** What texts were made ids of and by. */
export interface PreparedBy {
  readonly facts: TextFacts;
  readonly tokenizer: TextTokenizer;
  /** SHA-256 of a tokeniser that was given; else it was learnt. */
  readonly given?: string;
  /** Sizes of one that was learnt. */
  readonly learnt?: VocabularySizes;
  /** One text of so many is held out; Infinity: none. */
  readonly heldOutEvery: number;
}

/** Texts as ids. */
export interface Prepared extends PreparedBy {
  readonly train: EncodedTexts;
  readonly heldOut: EncodedTexts;
}

/** Both are called before anything in the folder changes, and what they throw is thrown. */
export interface PrepareHooks {
  /** The texts, and the SHA-256 of a tokeniser that was given. */
  beforeLearning(facts: TextFacts, given: string | undefined): Promise<void>;
  /** Sizes of a vocabulary that was learnt. */
  beforeWriting(learnt: VocabularySizes): void;
}

/** What tokenizer.json was made of, and what came of it. */
interface PreparedRecord {
  readonly from: Readonly<Record<string, unknown>>;
  readonly learnt?: VocabularySizes;
  readonly tokenizer: string;
}

/** Entry of the metadata of tokens.safetensors: what they were made of. */
const labelEntry = 'selfsup.texts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const tokenizerText = (tokenizer: TextTokenizer): string => JSON.stringify(tokenizer.toJson(), undefined, 1);

/**
 * Makes ids of texts: reads them, learns a vocabulary of those that are not held out, reads them again and encodes them. What
 * it makes is kept in the folder and used again where texts and options are the same.
 *
 * @param tell what goes on, for the user
 * @throws DataError where there are no texts, or others at the second reading; InvalidOptionError for a vocabulary too small
 *   for the characters
 */
export async function prepareTokens(
  out: string,
  source: TextSource,
  options: VocabularyOptions,
  hooks: PrepareHooks,
  tell: (line: string) => void,
): Promise<Prepared> {
  const record = await readRecord(join(out, preparedFiles.record));
  const given = options.tokenizer === undefined ? undefined : sha256(tokenizerText(options.tokenizer));
  const choices = { given: given ?? null, vocabSize: options.vocabSize ?? null, lowercase: options.lowercase };
  const { leftOut, ...facts } = await readFacts(source);
  await hooks.beforeLearning(facts, given);
  const every = heldOutEvery(facts.texts);
  const from = { form: 1, ...facts, ...choices };
  const isSame = record !== undefined && JSON.stringify(record.from) === JSON.stringify(from);
  const known = isSame ? await readTokenizer(out, record, options) : undefined;
  tell(
    `${facts.texts} texts of ${facts.characters} characters${leftOut === undefined ? '' : `; left out: ${leftOut}`}`,
  );
  let tokenizer = known;
  let learnt = isSame ? record.learnt : undefined;
  if (tokenizer === undefined) {
    ({ tokenizer, learnt } = await makeTokenizer(source, options, facts, every, tell));
    if (learnt !== undefined) hooks.beforeWriting(learnt);
    await writeWhole(join(out, preparedFiles.tokenizer), tokenizerText(tokenizer), { makeFolder: true });
    const made: PreparedRecord = {
      from,
      ...(learnt === undefined ? {} : { learnt }),
      tokenizer: sha256(tokenizerText(tokenizer)),
    };
    await writeWhole(join(out, preparedFiles.record), `${JSON.stringify(made, undefined, 2)}\n`);
  }
  const label = sha256(JSON.stringify([from, sha256(tokenizerText(tokenizer))]));
  const path = join(out, preparedFiles.tokens);
  const sets = (await readTokens(path, label)) ?? (await encodeTexts(path, source, facts, tokenizer, every, label));
  return {
    facts,
    tokenizer,
    ...(given === undefined ? {} : { given }),
    ...(learnt === undefined ? {} : { learnt }),
    heldOutEvery: every,
    ...sets,
  };
}

async function makeTokenizer(
  source: TextSource,
  { tokenizer, vocabSize, lowercase }: VocabularyOptions,
  facts: TextFacts,
  every: number,
  tell: (line: string) => void,
): Promise<{ tokenizer: TextTokenizer; learnt: VocabularySizes | undefined }> {
  if (tokenizer !== undefined) return { tokenizer, learnt: undefined };
  const counter = new WordCounter();
  const again = await readFacts(source, (text, index) => {
    if (!isHeldOut(index, every)) counter.add(text);
  });
  checkSame(facts, again);
  const words = counter.words(lowercase);
  const chosen = chooseVocabulary(words, facts.characters);
  const learnt = vocabSize === undefined ? chosen : { ...chosen, vocabSize };
  tell(`learning a vocabulary of ${learnt.vocabSize}`);
  const options = { ...learnt, minFrequency: 2, lowercase, specialTokens: bertSpecialTokens };
  return { tokenizer: learnTokenizer('pretrainText', words, options), learnt };
}

async function encodeTexts(
  path: string,
  source: TextSource,
  facts: TextFacts,
  tokenizer: TextTokenizer,
  every: number,
  label: string,
): Promise<Pick<Prepared, 'train' | 'heldOut'>> {
  const [train, heldOut] = [new TokenSequences(), new TokenSequences()];
  const again = await readFacts(source, (text, index) =>
    (isHeldOut(index, every) ? heldOut : train).push(tokenizer.encode(text, { addSpecialTokens: false })),
  );
  checkSame(facts, again);
  const state = new Map(
    Object.entries({ train, heldOut }).flatMap(([name, { arrays }]) => [
      [`${name}.tokens`, ndArray(arrays.tokens, [arrays.tokens.length])] as const,
      [`${name}.offsets`, ndArray(arrays.offsets, [arrays.offsets.length])] as const,
    ]),
  );
  await saveSafetensors(path, state, { [labelEntry]: label });
  return { train, heldOut };
}

/** The sequences of an earlier call, or nothing where there are none, others, or damaged ones: they are made anew. */
async function readTokens(path: string, label: string): Promise<Pick<Prepared, 'train' | 'heldOut'> | undefined> {
  try {
    const { tensors, metadata } = await loadSafetensors(path, { maxBytes: 2 ** 36 });
    if (metadata[labelEntry] !== label) return undefined;
    const sets = ['train', 'heldOut'].map((name): EncodedTexts | undefined => {
      const [tokens, offsets] = ['tokens', 'offsets'].map((part) => tensors.get(`${name}.${part}`)?.data);
      if (!(tokens instanceof Int32Array && offsets instanceof Int32Array)) return undefined;
      return { length: offsets.length - 1, arrays: { tokens, offsets } };
    });
    const [train, heldOut] = sets;
    return train === undefined || heldOut === undefined ? undefined : { train, heldOut };
  } catch (cause) {
    if (SslError.isInstance(cause)) return undefined;
    throw cause;
  }
}

/** The tokeniser of an earlier call, or nothing where it is not as it was written. */
async function readTokenizer(
  out: string,
  record: PreparedRecord,
  { tokenizer }: VocabularyOptions,
): Promise<TextTokenizer | undefined> {
  if (tokenizer !== undefined) return tokenizer;
  try {
    const read = await loadTokenizer(join(out, preparedFiles.tokenizer));
    return sha256(tokenizerText(read)) === record.tokenizer ? read : undefined;
  } catch (cause) {
    if (SslError.isInstance(cause)) return undefined;
    throw cause;
  }
}

async function readRecord(path: string): Promise<PreparedRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as PreparedRecord) : undefined;
  } catch {
    // It is only there to spare work.
    return undefined;
  }
}

const isHeldOut = (index: number, every: number): boolean => index % every === every - 1;

/** @throws DataError where the second reading gave other texts than the first */
function checkSame(first: TextFacts, second: TextFacts): void {
  if (first.sha256 === second.sha256) return;
  throw new DataError(
    `pretrainText: the data gave ${first.texts} texts when it was read first and ${second.texts}, or others, when it was read again; it must give the same texts each time`,
  );
}
