import {
  checkChoice,
  checkInteger,
  checkOptions,
  DataError,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-tensor/host';
import { framePair } from './frame-pair.js';
import type { PairSample, PairSource, SourceDraws, TokenSamples, TokenSource } from './token-source.js';

/** What is to be told of a pair: whether the second text follows the first, or whether they are in their order. */
export type SentencePairTask = 'next-sentence' | 'sentence-order';

/** Options of {@link sentencePairs}. */
export interface SentencePairsOptions {
  /** Pairs of what follows one another: `store.pairs({ maxLength })`, or `documentPairs(tokenizer, documents, { maxLength })`. */
  readonly pairs: PairSource;
  /**
   * `next-sentence`: half of the pairs have the second text of a pair of another document in place of their own (BERT).
   * `sentence-order`: half are swapped (ALBERT).
   */
  readonly task: SentencePairTask;
  /** Source of the draws. */
  readonly key: RandomKey;
}

const optionNames: OptionNames<SentencePairsOptions> = { pairs: 'required', task: 'required', key: 'requiredKey' };

/**
 * Pairs of which half are as they were and half are not, drawn anew each epoch, for an `MlmLoader`: its batches then have
 * `tokenTypeIds` and `pairLabels`, 0 = as they were, 1 = not, beside the masks. Which pairs are which depends on the key and
 * the epoch alone; of an odd number one more is as it was.
 *
 * `next-sentence` cuts a pair to `maxLength` anew, since its texts were not cut together; so its rows may be of any length
 * up to that.
 *
 * @throws InvalidOptionError for options; DataError for `next-sentence` with pairs of one document alone
 * Source: Devlin et al. 2018, arXiv:1810.04805, section 3.1; Lan et al. 2019, arXiv:1909.11942, section 3.1.
 *
 * @example
 * const dataset = sentencePairs({ pairs: store.pairs({ maxLength: 128 }), task: 'sentence-order', key: randomKey(1) });
 * const loader = new MlmLoader({ dataset, tokenizer, batchSize: 32, key: randomKey(2) });
 */
export function sentencePairs(options: SentencePairsOptions): TokenSource {
  const where = 'sentencePairs';
  const { pairs, task } = checkOptions(where, options, optionNames);
  checkChoice(where, 'task', task, ['next-sentence', 'sentence-order']);
  const { get, maxLength } = (pairs as Partial<PairSource> | null) ?? {};
  if (typeof get !== 'function' || typeof maxLength !== 'number') {
    const advice =
      'Such as store.pairs({ maxLength: 128 }), or documentPairs(tokenizer, documents, { maxLength: 128 })';
    throw new InvalidOptionError(where, 'pairs', 'pairs of texts', pairs, advice);
  }
  return new DrawnPairs(
    options,
    Int32Array.from({ length: pairs.length }, (_, row) => row),
  );
}

class DrawnPairs implements TokenSource {
  readonly isMaskable: boolean;
  readonly draws: SourceDraws;
  readonly #options: SentencePairsOptions;
  readonly #rows: Int32Array;

  /** @param rows numbers of the pairs */
  constructor(options: SentencePairsOptions, rows: Int32Array) {
    this.#options = options;
    this.#rows = rows;
    const { pairs, task } = options;
    this.isMaskable = pairs.isMaskable === true;
    const others = task === 'next-sentence' ? new OtherDocuments(pairs, rows) : undefined;
    this.draws = {
      lengths: others === undefined ? this.lengths() : new Int32Array(rows.length).fill(pairs.maxLength),
      starts: Int32Array.from({ length: rows.length + 1 }, (_, place) => place),
      candidates: Int32Array.from(rows.keys()),
      epoch: (epoch) => this.#epoch(epoch, others),
    };
  }

  get length(): number {
    return this.#rows.length;
  }

  get largestId(): number {
    return this.#options.pairs.largestId;
  }

  /** A pair as it was. */
  get(index: number): PairSample {
    checkInteger('sentencePairs.get', 'index', index, 0, this.length - 1);
    return this.#options.pairs.get(this.#rows[index]!);
  }

  lengths(): Int32Array {
    const all = this.#options.pairs.lengths();
    return this.#rows.map((row) => all[row]!);
  }

  /** Of `next-sentence` the others are then those of the subset. */
  subset(indices: ArrayLike<number>): TokenSource {
    const rows = Int32Array.from(indices, (index) => {
      checkInteger('sentencePairs.subset', 'index', index, 0, this.length - 1);
      return this.#rows[index]!;
    });
    return new DrawnPairs(this.#options, rows);
  }

  #epoch(epoch: number, others: OtherDocuments | undefined): TokenSamples {
    const key = foldIn(foldIn(this.#options.key, 'sentence-pairs'), epoch);
    const order = new RandomStream(foldIn(key, 'which')).permutation(this.length);
    const stream = new RandomStream(foldIn(key, 'others'));
    // -1 = as it was; the pair whose second text comes in its place; itself where it is swapped.
    const partners = new Int32Array(this.length).fill(-1);
    for (const place of order.subarray(0, Math.floor(this.length / 2)))
      partners[place] = others === undefined ? place : others.draw(place, stream);
    return {
      get: (index) => {
        const own = this.get(index);
        const partner = partners[index]!;
        if (partner < 0) return { ...own, pairLabel: 0 };
        const [first, second] = textsOf(own);
        const framed =
          others === undefined
            ? this.#framed(own, second, first)
            : this.#framed(own, first, textsOf(this.get(partner))[1]);
        return { ...framed, pairLabel: 1 };
      },
    };
  }

  #framed({ ids, second: from }: PairSample, first: readonly number[], second: readonly number[]): PairSample {
    const { maxLength } = this.#options.pairs;
    const framed = framePair(first, second, { cls: ids[0]!, sep: ids[from - 1]!, maxLength });
    return { ids: Int32Array.from(framed.ids), second: framed.secondStart };
  }
}

/** Both texts of a pair without their frame. */
const textsOf = ({ ids, second }: PairSample): [number[], number[]] => [
  Array.from(ids.subarray(1, second - 1)),
  Array.from(ids.subarray(second, -1)),
];

/** Draws a pair of another document, each with the same chance. */
class OtherDocuments {
  /** Places by document. */
  readonly #order: Int32Array;
  /** `[pairs]`, where the document of each begins and ends in that order. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;

  constructor({ documents }: PairSource, rows: Int32Array) {
    const of = documents === undefined ? rows : rows.map((row) => documents[row]!);
    this.#order = Int32Array.from(rows.keys()).sort((a, b) => of[a]! - of[b]! || a - b);
    [this.#starts, this.#ends] = [new Int32Array(rows.length), new Int32Array(rows.length)];
    for (let start = 0, end = 0; start < rows.length; start = end) {
      while (end < rows.length && of[this.#order[end]!] === of[this.#order[start]!]) end++;
      for (const place of this.#order.subarray(start, end)) [this.#starts[place], this.#ends[place]] = [start, end];
      if (end - start === rows.length)
        throw new DataError(
          "sentencePairs: all pairs are of one document, and a next sentence is told from one of another; give more documents, or take task: 'sentence-order'",
        );
    }
  }

  draw(place: number, stream: RandomStream): number {
    const [start, end] = [this.#starts[place]!, this.#ends[place]!];
    const drawn = stream.integer(this.#order.length - (end - start));
    return this.#order[drawn < start ? drawn : drawn + end - start]!;
  }
}
