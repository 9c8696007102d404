import type { RandomStream } from '@selfsup/ssl-tensor/host';
import type { SpanOptions } from './masking-options.js';
import type { MaskingUnits } from './masking-units.js';

/**
 * Draws the number of words of a span: n has the share p (1 - p)^(n - 1) of those up to the longest, 3.8 on average for
 * 0.2 and 10.
 *
 * Source: Joshi et al. 2019, arXiv:1907.10529, section 3.1. Its "clip at 10" is a law cut off at 10 and scaled to 1, as the
 * authors' code has it: only so is the mean the 3.8 that the paper gives (of min(n, 10) it would be 4.5).
 */
export function drawSpanLength(stream: RandomStream, { probability, longest }: Required<SpanOptions>): number {
  if (probability === 0) return 1 + stream.integer(longest);
  const rest = 1 - probability;
  const tail = 1 - stream.uniform() * (1 - rest ** longest);
  return Math.min(longest, 1 + Math.floor(Math.log(tail) / Math.log(rest)));
}

/**
 * Chooses spans until the budget is spent. Each begins at a word that is drawn, with the same chance for all, and goes on to
 * the right for as many words as are drawn, at most to the end of its text, a special token or another span, or until the
 * budget is spent.
 *
 * @param units words
 * @param firsts words that begin a span in any case
 * @param target tokens to choose; no less than those of `firsts`
 * @returns words of each span, ascending
 */
export function chooseSpans(
  units: MaskingUnits,
  firsts: readonly number[],
  stream: RandomStream,
  target: number,
  spans: Required<SpanOptions>,
): number[][] {
  const { starts, lengths, rows } = units;
  const rowStarts = new Set(rows);
  const taken = new Uint8Array(starts.length);
  const chosen: number[][] = [];
  let count = 0;
  const take = (unit: number): void => {
    taken[unit] = 1;
    count += lengths[unit]!;
  };
  const follows = (unit: number): boolean =>
    unit < starts.length &&
    taken[unit] === 0 &&
    !rowStarts.has(unit) &&
    starts[unit] === starts[unit - 1]! + lengths[unit - 1]! &&
    count + lengths[unit]! <= target;
  const grow = (first: number): void => {
    const span = [first];
    const length = drawSpanLength(stream, spans);
    for (let unit = first + 1; span.length < length && follows(unit); unit++) {
      take(unit);
      span.push(unit);
    }
    chosen.push(span);
  };
  firsts.forEach(take);
  // Where the budget does not suffice for all, who goes without more than a word is drawn.
  for (const index of stream.permutation(firsts.length)) grow(firsts[index]!);
  const rest = Array.from(starts.keys()).filter((unit) => taken[unit] === 0);
  for (let i = 0; i < rest.length; i++) {
    if (count >= target) break;
    const j = i + stream.integer(rest.length - i);
    const unit = rest[j]!;
    rest[j] = rest[i]!;
    if (taken[unit] === 1 || count + lengths[unit]! > target) continue;
    take(unit);
    grow(unit);
  }
  return chosen.sort(([a], [b]) => a! - b!);
}
