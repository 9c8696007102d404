import { type NextTokens, type SearchLimits, withoutEarlyEnd } from './caption-search.js';

/** Chooses the next token of a picture's text, of log probabilities. */
export type Choose = (scores: Float32Array, picture: number, length: number) => number;

/** Writes each text token by token, until all have ended or are full. */
export async function oneByOne(
  pictures: number,
  next: NextTokens,
  limits: SearchLimits,
  choose: Choose,
): Promise<number[][]> {
  const texts = Array.from({ length: pictures }, () => [...limits.begin]);
  const isOpen = (ids: readonly number[]): boolean => ids.length === limits.begin.length || ids.at(-1) !== limits.end;
  for (let length = limits.begin.length; length < limits.maxLength; length++) {
    const open = texts.flatMap((ids, picture) => (isOpen(ids) ? [{ picture, ids }] : []));
    if (open.length === 0) break;
    const scores = await next(open);
    open.forEach(({ picture, ids }, at) =>
      ids.push(choose(withoutEarlyEnd(scores[at]!, length, limits), picture, length)),
    );
  }
  return texts;
}
