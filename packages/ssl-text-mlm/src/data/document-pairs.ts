import { checkInteger, checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { framePair } from './frame-pair.js';
import { TokenSequences } from './token-sequences.js';
import type { PairSample, PairSource } from './token-source.js';

/** Options of {@link documentPairs}. */
export interface DocumentPairsOptions {
  /** Longest pair with `[CLS]` and both `[SEP]`, tokens. */
  readonly maxLength: number;
}

const optionNames: OptionNames<DocumentPairsOptions> = { maxLength: 'requiredNumber' };

/** Pairs in memory, 4 bytes a token. */
class TokenPairs implements PairSource {
  readonly documents: Int32Array;
  readonly #pairs: TokenSequences;
  readonly #seconds: readonly number[];
  readonly #documentOf: readonly number[];
  readonly #rows: Int32Array;

  constructor(
    readonly maxLength: number,
    pairs: TokenSequences,
    seconds: readonly number[],
    documentOf: readonly number[],
    rows: Int32Array = Int32Array.from(seconds.keys()),
  ) {
    this.#pairs = pairs;
    this.#seconds = seconds;
    this.#documentOf = documentOf;
    this.#rows = rows;
    this.documents = rows.map((row) => documentOf[row]!);
  }

  get length(): number {
    return this.#rows.length;
  }

  get largestId(): number {
    return this.#pairs.arrays.tokens.reduce((largest, id) => Math.max(largest, id), 0);
  }

  get(index: number): PairSample {
    checkInteger('documentPairs.get', 'index', index, 0, this.length - 1);
    const row = this.#rows[index]!;
    const { tokens, offsets } = this.#pairs.arrays;
    return { ids: tokens.subarray(offsets[row], offsets[row + 1]), second: this.#seconds[row]! };
  }

  lengths(): Int32Array {
    const { offsets } = this.#pairs.arrays;
    return this.#rows.map((row) => offsets[row + 1]! - offsets[row]!);
  }

  subset(indices: ArrayLike<number>): PairSource {
    const rows = Int32Array.from(indices, (index) => {
      checkInteger('documentPairs.subset', 'index', index, 0, this.length - 1);
      return this.#rows[index]!;
    });
    return new TokenPairs(this.maxLength, this.#pairs, this.#seconds, this.#documentOf, rows);
  }
}

/**
 * Pairs of what follows one another in documents, for `sentencePairs`: of each document as many texts as fit, two at the
 * least, divided between two texts near the middle; then the next ones. A last text that is alone is left out, and so is a
 * document of one text.
 *
 * @param documents texts of each, such as its sentences or paragraphs, in their order
 * @throws InvalidOptionError for options out of range and what is no list of documents; DataError where no document has two
 *   texts
 * Source: the segments of Devlin et al. 2018, arXiv:1810.04805, A.2, which fill a row with consecutive sentences.
 */
export function documentPairs(
  tokenizer: TextTokenizer,
  documents: Iterable<readonly string[]>,
  options: DocumentPairsOptions,
): PairSource {
  const where = 'documentPairs';
  const { maxLength } = checkOptions(where, options, optionNames);
  checkInteger(where, 'maxLength', maxLength, 5);
  if (typeof (documents as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function')
    throw new InvalidOptionError(where, 'documents', "lists of texts, such as [['a dog', 'it barks']]", documents);
  const { cls, sep } = tokenizer.specialIds;
  const pairs = new TokenSequences();
  const [seconds, documentOf]: [number[], number[]] = [[], []];
  let document = 0;
  for (const texts of documents) {
    const encoded = encodedTexts(where, tokenizer, texts);
    for (let at = 0; at + 1 < encoded.length;) {
      const { middle, end } = pairAt(encoded, at, maxLength - 3);
      const [first, second] = [encoded.slice(at, middle).flat(), encoded.slice(middle, end).flat()];
      const framed = framePair(first, second, { cls, sep, maxLength });
      pairs.push(framed.ids);
      seconds.push(framed.secondStart);
      documentOf.push(document);
      at = end;
    }
    document++;
  }
  if (seconds.length === 0)
    throw new DataError(`${where}: none of ${document} documents has two texts, and a pair takes two`);
  return new TokenPairs(maxLength, pairs, seconds, documentOf);
}

function encodedTexts(where: string, tokenizer: TextTokenizer, texts: readonly string[]): number[][] {
  if (!Array.isArray(texts))
    throw new InvalidOptionError(where, 'documents', "lists of texts, such as [['a dog', 'it barks']]", texts);
  return texts
    .map((text) => tokenizer.encode(text as string, { addSpecialTokens: false }))
    .filter((ids) => ids.length > 0);
}

/** Where the texts of a pair end that begins at one: two, and more while they fit; and where the second half begins. */
function pairAt(
  texts: readonly (readonly number[])[],
  start: number,
  room: number,
): { readonly middle: number; readonly end: number } {
  const size = (from: number, to: number): number => texts.slice(from, to).reduce((sum, text) => sum + text.length, 0);
  let end = start + 2;
  while (end < texts.length && size(start, end + 1) <= room) end++;
  let middle = start + 1;
  while (middle + 1 < end && 2 * size(start, middle + 1) <= size(start, end)) middle++;
  return { middle, end };
}
