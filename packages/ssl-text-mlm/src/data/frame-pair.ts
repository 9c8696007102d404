import { checkInteger, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link framePair}. */
export interface FramePairOptions {
  /** Id that begins the row. */
  readonly cls: number;
  /** Id that ends a text. */
  readonly sep: number;
  /** Longest row, tokens, frame included. */
  readonly maxLength: number;
  /** Separators between the texts: 1 as BERT, 2 as RoBERTa. Default 1. */
  readonly separators?: 1 | 2;
  /** Which text is cut where both are too long: the longer one token by token, or the second alone, as for questions. Default `longest`. */
  readonly cut?: 'longest' | 'second';
}

const optionNames: OptionNames<FramePairOptions> = {
  cls: 'requiredNumber',
  sep: 'requiredNumber',
  maxLength: 'requiredNumber',
  separators: 'optionalNumber',
  cut: 'optional',
};

/** Two texts in a row. */
export interface FramedPair {
  readonly ids: number[];
  /** 0 = frame and first text, 1 = second text and its end. Models without segments are not given these. */
  readonly tokenTypeIds: number[];
  /** Where the second text begins. */
  readonly secondStart: number;
  /** Tokens of the second text that are left. */
  readonly secondLength: number;
}

/**
 * Two texts as one row: `[CLS] first [SEP] second [SEP]`, what is too long cut as transformers cuts it.
 *
 * @param first ids without special tokens, as `encode(text, { addSpecialTokens: false })` gives them
 * @param second ids without special tokens
 * @throws InvalidOptionError for options out of range; where only the second may be cut, a first one that leaves no room
 *   for a token of it
 */
export function framePair(first: readonly number[], second: readonly number[], options: FramePairOptions): FramedPair {
  const where = 'framePair';
  const { cls, sep, maxLength, separators = 1, cut = 'longest' } = checkOptions(where, options, optionNames);
  checkInteger(where, 'separators', separators, 1, 2);
  const frame = 2 + separators;
  const least = frame + (cut === 'second' ? first.length + 1 : 2);
  checkInteger(where, 'maxLength', maxLength, least);
  let [ofFirst, ofSecond] = [first.length, second.length];
  const room = maxLength - frame;
  if (cut === 'second') ofSecond = Math.min(ofSecond, room - ofFirst);
  else if (ofFirst + ofSecond > room) {
    // One token after the other from the longer: the shorter keeps what it has up to half of the room.
    const half = Math.floor(room / 2);
    if (ofFirst <= half) ofSecond = room - ofFirst;
    else if (ofSecond <= half) ofFirst = room - ofSecond;
    else [ofFirst, ofSecond] = ofFirst > ofSecond ? [room - half, half] : [half, room - half];
  }
  const between = Array.from({ length: separators }, () => sep);
  const ids = [cls, ...first.slice(0, ofFirst), ...between, ...second.slice(0, ofSecond), sep];
  const secondStart = 1 + ofFirst + separators;
  return {
    ids,
    tokenTypeIds: ids.map((_, place) => (place >= secondStart ? 1 : 0)),
    secondStart,
    secondLength: ofSecond,
  };
}
