import {
  checkChoice,
  checkInteger,
  checkLabels,
  checkOptions,
  DataError,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { pushPieces } from './push-pieces.js';
import { TokenSequences } from './token-sequences.js';
import type { TokenSample, TokenSource } from './token-source.js';

/** Options of {@link TokenDataset.fromTexts}. */
export interface TokenDatasetOptions {
  /** Longest sequence with the special tokens; longer texts are cut. */
  readonly maxLength: number;
  /** Class of every text, an integer of 0 or more; -1 = no label. */
  readonly labels?: ArrayLike<number>;
  /**
   * What becomes of a text of more than `maxLength` tokens: its rest is cut off, or it is split into as few sequences as
   * hold it, of like length, each with `[CLS]` and `[SEP]`. A split text has no label. Default `cut`.
   */
  readonly longTexts?: 'cut' | 'split';
}

const tokenDatasetOptionNames: OptionNames<TokenDatasetOptions> = {
  maxLength: 'requiredNumber',
  labels: 'optional',
  longTexts: 'optional',
};

/** An encoded corpus, kept flat: one array of ids, and where each sequence begins. */
export class TokenDataset implements TokenSource {
  /** Ids of all sequences, one after the other. */
  readonly tokens: Int32Array;
  /** `[length + 1]`: sequence i is `tokens[offsets[i] .. offsets[i + 1])`. */
  readonly offsets: Int32Array;
  /** `[length]`, -1 = no label; where there are labels. */
  readonly labels: Int32Array | undefined;

  /**
   * @throws ShapeError if the offsets or labels do not fit; DataError for a label that is neither a class nor -1, or a
   * negative id
   */
  constructor(tokens: Int32Array, offsets: Int32Array, labels?: Int32Array) {
    if (!((tokens as unknown) instanceof Int32Array && (offsets as unknown) instanceof Int32Array)) {
      const advice = 'Of texts it is TokenDataset.fromTexts(tokenizer, texts, { maxLength })';
      throw new InvalidOptionError(
        'TokenDataset',
        'tokens',
        'an Int32Array of ids, and one of offsets',
        tokens,
        advice,
      );
    }
    if (offsets.length < 1 || offsets[0] !== 0 || offsets.at(-1) !== tokens.length) {
      throw new ShapeError(
        'TokenDataset',
        'offsets',
        `[length + 1] from 0 to ${tokens.length}`,
        `[${offsets.length}] from ${String(offsets[0])} to ${String(offsets.at(-1))}`,
      );
    }
    if (offsets.some((offset, index) => index > 0 && offset < offsets[index - 1]!))
      throw new ShapeError('TokenDataset', 'offsets', 'in ascending order', 'a descent');
    if (labels !== undefined && labels.length !== offsets.length - 1)
      throw new ShapeError('TokenDataset', 'labels', `[${offsets.length - 1}]`, `[${labels.length}]`);
    if (labels !== undefined) checkLabels('TokenDataset', 'labels', labels, { unlabelled: true });
    const negative = tokens.findIndex((id) => id < 0);
    if (negative >= 0)
      throw new DataError(`TokenDataset: tokens[${negative}] is ${tokens[negative]}; ids are integers from 0 on`);
    this.tokens = tokens;
    this.offsets = offsets;
    this.labels = labels;
  }

  /**
   * Encodes texts, one sequence each; of a long text several where it is split.
   *
   * @throws InvalidOptionError for a text that is none, one text in the place of several, or labels of texts that are split
   */
  static fromTexts(tokenizer: TextTokenizer, texts: Iterable<string>, options: TokenDatasetOptions): TokenDataset {
    const where = 'TokenDataset.fromTexts';
    const { maxLength, labels, longTexts = 'cut' } = checkOptions(where, options, tokenDatasetOptionNames);
    checkChoice(where, 'longTexts', longTexts, ['cut', 'split']);
    if (longTexts === 'split' && labels !== undefined)
      throw new InvalidOptionError(where, 'labels', "left out with longTexts: 'split'", labels);
    // By its type a string is several texts, of one character each.
    if (typeof texts === 'string')
      throw new InvalidOptionError(
        'TokenDataset.fromTexts',
        'texts',
        'an iterable of texts, such as [text]',
        'one text',
      );
    if (typeof (texts as Partial<Iterable<string>> | undefined)?.[Symbol.iterator] !== 'function') {
      const advice =
        'Write fromTexts(tokenizer, texts, { maxLength }); of a data set of lines the texts are read by get(index)';
      throw new InvalidOptionError(
        'TokenDataset.fromTexts',
        'texts',
        'an iterable of texts, such as [text]',
        texts,
        advice,
      );
    }
    const sequences = new TokenSequences();
    for (const text of texts) {
      if (longTexts === 'cut') sequences.push(tokenizer.encode(text, { maxLength }));
      else pushPieces(sequences, tokenizer.encode(text, { addSpecialTokens: false }), maxLength, tokenizer.specialIds);
    }
    // Before a fraction or NaN becomes an integer.
    if (labels !== undefined) checkLabels('TokenDataset', 'labels', labels, { unlabelled: true });
    const { tokens, offsets } = sequences.arrays;
    return new TokenDataset(
      tokens.slice(),
      offsets.slice(),
      labels === undefined ? undefined : Int32Array.from(labels),
    );
  }

  /**
   * Packs sequences that are encoded already.
   *
   * @throws DataError for an id that is no integer from 0 on; else as the constructor
   */
  static fromSequences(sequences: readonly ArrayLike<number>[], labels?: ArrayLike<number>): TokenDataset {
    const offsets = new Int32Array(sequences.length + 1);
    sequences.forEach((sequence, index) => (offsets[index + 1] = offsets[index]! + sequence.length));
    const tokens = new Int32Array(offsets[sequences.length]!);
    sequences.forEach((sequence, index) => {
      // Before a fraction or NaN becomes an id.
      for (let at = 0; at < sequence.length; at++) {
        const id = sequence[at]!;
        if (!(Number.isInteger(id) && id >= 0 && id < 2 ** 31))
          throw new DataError(
            `TokenDataset: sequences[${index}][${at}] is ${String(id)}; ids are integers from 0 on, of at most 31 bits`,
          );
      }
      tokens.set(sequence, offsets[index]!);
    });
    // Before a fraction or NaN becomes an integer.
    if (labels !== undefined) checkLabels('TokenDataset', 'labels', labels, { unlabelled: true });
    return new TokenDataset(tokens, offsets, labels === undefined ? undefined : Int32Array.from(labels));
  }

  /** Number of sequences. */
  get length(): number {
    return this.offsets.length - 1;
  }

  get largestId(): number {
    return this.tokens.reduce((largest, id) => Math.max(largest, id), 0);
  }

  get(index: number): TokenSample {
    checkInteger('TokenDataset.get', 'index', index, 0, this.length - 1);
    const ids = this.tokens.subarray(this.offsets[index], this.offsets[index + 1]);
    return this.labels === undefined ? { ids } : { ids, label: this.labels[index]! };
  }

  /** Length of every sequence, in tokens. */
  lengths(): Int32Array {
    return Int32Array.from({ length: this.length }, (_, index) => this.offsets[index + 1]! - this.offsets[index]!);
  }

  /** The sequences at `indices`, in that order, as a data set of their own. */
  subset(indices: ArrayLike<number>): TokenDataset {
    const samples = Array.from(indices, (index) => this.get(index));
    return TokenDataset.fromSequences(
      samples.map((sample) => sample.ids),
      this.labels === undefined ? undefined : samples.map((sample) => sample.label!),
    );
  }

  /**
   * Sets sequences aside at random; the same key sets the same ones aside.
   *
   * @param heldOut how many
   */
  split(heldOut: number, key: RandomKey): { readonly train: TokenDataset; readonly heldOut: TokenDataset } {
    checkInteger('TokenDataset.split', 'heldOut', heldOut, 1, this.length - 1);
    const order = new RandomStream(foldIn(key, 'token-dataset-split')).permutation(this.length);
    return { train: this.subset(order.slice(heldOut).sort()), heldOut: this.subset(order.slice(0, heldOut).sort()) };
  }
}
