import { foldIn, RandomStream, randomKey } from '@selfsup/ssl-core';
import { loadWordnetGlosses } from '../../apps/benchmark/src/data/wordnet.js';
import { type LabelledText, splitGlosses } from '../../apps/benchmark/src/stages/text/gloss-splits.js';
import { addresses } from './addresses.js';
import { mail } from './mail.js';

/** Texts to pretrain on and to measure by. No text is in two of its parts, but for `pool`, whose texts are in `train`. */
export interface TextCorpus {
  /** Without labels, and for the vocabulary. */
  readonly train: readonly string[];
  /** For losses. */
  readonly heldOut: readonly string[];
  /** Tokens of a sequence. */
  readonly maxLength: number;
  readonly labelled?: {
    readonly classes: number;
    /** Of which few labels are drawn. */
    readonly pool: readonly LabelledText[];
    readonly test: readonly LabelledText[];
  };
}

/** How much of a corpus is used. */
export interface CorpusLimits {
  /** Texts of `train`, at most. */
  readonly trainTexts: number;
  readonly heldOutTexts: number;
  /** Of labelled ones. */
  readonly testTexts: number;
}

/** What each corpus is. */
export const corpora = { glosses, addresses: speeches, mail: mails } satisfies Record<
  string,
  (limits: CorpusLimits) => Promise<TextCorpus>
>;

/** Name of a corpus. */
export type CorpusName = keyof typeof corpora;

const key = randomKey(0);
const textsOf = (labelled: readonly LabelledText[]): string[] => labelled.map(({ text }) => text);

/** WordNet's glosses in 45 classes. */
async function glosses({ trainTexts, heldOutTexts, testTexts }: CorpusLimits): Promise<TextCorpus> {
  const { glosses: all, classes } = await loadWordnetGlosses();
  const sizes = { maskedTest: heldOutTexts, test: testTexts };
  const { pretrain, maskedTest, test } = splitGlosses(all, sizes, foldIn(key, 'glosses'));
  const pool = pretrain.slice(0, trainTexts);
  return {
    train: textsOf(pool),
    heldOut: textsOf(maskedTest),
    maxLength: 32,
    labelled: { classes: classes.length, pool, test },
  };
}

/** Sentences of the State of the Union addresses; every twelfth address is held out whole. */
async function speeches({ trainTexts, heldOutTexts }: CorpusLimits): Promise<TextCorpus> {
  const all = await addresses();
  const sentences = (of: (index: number) => boolean): string[] =>
    all.filter((_, index) => of(index)).flatMap((address) => address.sentences);
  const heldOut = sentences((index) => index % 12 === 5);
  // Of all addresses some, where it is not all.
  const every = Math.max(1, Math.floor(heldOut.length / heldOutTexts));
  return {
    train: shuffled(
      sentences((index) => index % 12 !== 5),
      'addresses',
    ).slice(0, trainTexts),
    heldOut: heldOut.filter((_, index) => index % every === 0).slice(0, heldOutTexts),
    maxLength: 64,
  };
}

/** Mail, as many ham as spam in the test. */
async function mails({ trainTexts, heldOutTexts, testTexts }: CorpusLimits): Promise<TextCorpus> {
  const all = shuffled(await mail(), 'mail');
  const each = Math.min(600, Math.floor(testTexts / 2));
  const test = [0, 1].flatMap((label) => all.filter((one) => one.label === label).slice(0, each));
  const rest = all.filter((one) => !test.includes(one));
  const held = Math.min(300, heldOutTexts);
  const pool = rest.slice(held, held + trainTexts);
  return {
    train: textsOf(pool),
    heldOut: textsOf(rest.slice(0, held)),
    maxLength: 64,
    labelled: { classes: 2, pool, test },
  };
}

function shuffled<T>(items: readonly T[], name: string): T[] {
  const order = new RandomStream(foldIn(key, name)).permutation(items.length);
  return Array.from(order, (index) => items[index]!);
}
