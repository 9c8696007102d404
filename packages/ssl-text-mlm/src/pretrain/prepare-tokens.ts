import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeWhole } from '@selfsup/ssl-core/files';
import { DataError, SslError } from '@selfsup/ssl-tensor/host';
import { fillStores } from '../store/fill-stores.js';
import { TokenStore } from '../store/token-store.js';
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
  /** Folder of the token stores. */
  tokens: 'tokens',
} as const;

/** What of the vocabulary the user has chosen. */
export interface VocabularyOptions {
  readonly tokenizer?: TextTokenizer | undefined;
  readonly vocabSize?: number | undefined;
  readonly lowercase: boolean;
}

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

/** Texts as ids; no store where no text has a token of the vocabulary. */
export interface EncodedTexts {
  readonly train: TokenStore | undefined;
  readonly heldOut: TokenStore | undefined;
}

/** What {@link prepareTokens} makes. */
export interface Prepared extends PreparedBy, EncodedTexts {
  /** Closes the stores. */
  close(): Promise<void>;
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
    // Of other texts, or by another vocabulary.
    await rm(join(out, preparedFiles.tokens), { recursive: true, force: true });
    await writeWhole(join(out, preparedFiles.tokenizer), tokenizerText(tokenizer), { makeFolder: true });
    const made: PreparedRecord = {
      from,
      ...(learnt === undefined ? {} : { learnt }),
      tokenizer: sha256(tokenizerText(tokenizer)),
    };
    await writeWhole(join(out, preparedFiles.record), `${JSON.stringify(made, undefined, 2)}\n`);
  }
  const folder = join(out, preparedFiles.tokens);
  const sets =
    (await openStores(folder, tokenizer, every)) ?? (await encodeTexts(folder, source, facts, tokenizer, every, tell));
  return {
    facts,
    tokenizer,
    ...(given === undefined ? {} : { given }),
    ...(learnt === undefined ? {} : { learnt }),
    heldOutEvery: every,
    ...sets,
    close: () => closeStores(sets),
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

const parts = ['train', 'held-out'] as const;

async function encodeTexts(
  folder: string,
  source: TextSource,
  facts: TextFacts,
  tokenizer: TextTokenizer,
  every: number,
  tell: (line: string) => void,
): Promise<EncodedTexts> {
  const paths = parts.map((part) => join(folder, part));
  for (const path of paths) await makeFolder(path);
  let again: TextFacts | undefined;
  const checked: TextSource = {
    read: async (onText) => {
      again = await readFacts(source, onText);
      return undefined;
    },
  };
  const storeOf = (index: number): number => (isHeldOut(index, every) ? 1 : 0);
  await fillStores(checked, paths, storeOf, tokenizer, ({ texts, tokens }, goesOn) =>
    tell(`${goesOn ? 'going on encoding after' : 'encoding:'} ${texts} texts, ${tokens} tokens`),
  );
  checkSame(facts, again!);
  const [train, heldOut] = await Promise.all(paths.map((path) => openStore(path, tokenizer)));
  return { train, heldOut };
}

/** The stores of an earlier call, or nothing where there are none, others, or damaged ones: they are made anew. */
async function openStores(folder: string, tokenizer: TextTokenizer, every: number): Promise<EncodedTexts | undefined> {
  const [train, heldOut] = await Promise.all(parts.map((part) => openStore(join(folder, part), tokenizer)));
  if (train !== undefined && (every === Infinity || heldOut !== undefined)) return { train, heldOut };
  await closeStores({ train, heldOut });
  return undefined;
}

async function openStore(path: string, tokenizer: TextTokenizer): Promise<TokenStore | undefined> {
  try {
    return await TokenStore.open(path, { tokenizer });
  } catch (cause) {
    if (SslError.isInstance(cause)) return undefined;
    throw cause;
  }
}

async function closeStores({ train, heldOut }: EncodedTexts): Promise<void> {
  await train?.close();
  await heldOut?.close();
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
