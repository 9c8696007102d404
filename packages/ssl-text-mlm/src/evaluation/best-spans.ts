import { checkCount, checkOptions, InvalidOptionError, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';

/** A stretch of tokens that may be the answer. */
export interface AnswerSpan {
  /** First token. */
  readonly start: number;
  /** Last token, itself of the answer. */
  readonly end: number;
  /** Sum of both scores. */
  readonly score: number;
}

/** Options of {@link bestSpans}. */
export interface BestSpansOptions {
  /** Longest answer, tokens. Default 15, as of transformers' pipeline. */
  readonly maxAnswerLength?: number;
  /** Answers that are wanted, best first. Default 1. */
  readonly count?: number;
  /** `[tokens]`, 1 = may be in an answer: those of the text and not of the question, special tokens or padding. Default: all. */
  readonly allowed?: ArrayLike<number>;
}

const optionNames: OptionNames<BestSpansOptions> = {
  maxAnswerLength: 'optionalNumber',
  count: 'optionalNumber',
  allowed: 'optional',
};

/**
 * The answers with the highest sum of scores, of those that end no earlier than they begin, are no longer than
 * `maxAnswerLength` and have allowed tokens at both ends. Of equal scores the earlier, then the shorter one is first.
 *
 * Whether there is an answer at all is told by comparing with the score of the first token, `start[0] + end[0]`
 * (arXiv:1806.03822).
 *
 * @param start `[tokens]`, scores of one row
 * @param end `[tokens]`
 * @returns at most `count` spans; none where no token is allowed
 * @throws ShapeError for scores or marks of another length; InvalidOptionError for options, and scores that are NaN
 * Source: Devlin et al. 2018, arXiv:1810.04805, section 4.2.
 */
export function bestSpans(
  start: ArrayLike<number>,
  end: ArrayLike<number>,
  options: BestSpansOptions = {},
): AnswerSpan[] {
  const where = 'bestSpans';
  const { maxAnswerLength = 15, count = 1, allowed } = checkOptions(where, options, optionNames);
  checkCount(where, { maxAnswerLength, count });
  const tokens = start.length;
  for (const [name, values] of Object.entries({ end, allowed }))
    if (values !== undefined && values.length !== tokens)
      throw new ShapeError(where, name, `[${tokens}]`, `[${values.length}]`);
  const isAllowed = (token: number): boolean => allowed === undefined || allowed[token] === 1;
  const best: AnswerSpan[] = [];
  for (let first = 0; first < tokens; first++) {
    if (!isAllowed(first)) continue;
    for (let last = first; last < Math.min(tokens, first + maxAnswerLength); last++) {
      if (!isAllowed(last)) continue;
      const score = start[first]! + end[last]!;
      if (Number.isNaN(score)) throw new InvalidOptionError(where, 'scores', 'numbers', score);
      // Places come in their order, so of equal scores those that were there stay before.
      let place = best.length;
      while (place > 0 && best[place - 1]!.score < score) place--;
      if (place >= count) continue;
      best.splice(place, 0, { start: first, end: last, score });
      if (best.length > count) best.pop();
    }
  }
  return best;
}
