import type { MaskableTexts } from './mlm-plan.js';
import type { SourceDraws } from './token-source.js';

/**
 * What is known before of the sequences of any epoch: their lengths at the most, what there is to mask on average, and the
 * most of what has to be masked at once.
 *
 * @param texts of all sequences of the source
 */
export function drawnTexts(texts: MaskableTexts, draws: SourceDraws | undefined): MaskableTexts {
  if (draws === undefined) return texts;
  const { starts, candidates } = draws;
  const of = (values: Int32Array, combine: (own: Int32Array) => number): Int32Array =>
    Int32Array.from({ length: starts.length - 1 }, (_, place) =>
      combine(candidates.subarray(starts[place], starts[place + 1]).map((row) => values[row]!)),
    );
  return {
    lengths: draws.lengths,
    tokens: of(texts.tokens, (own) => Math.round(own.reduce((a, b) => a + b, 0) / own.length)),
    least: of(texts.least, (own) => own.reduce((a, b) => Math.max(a, b), 0)),
  };
}
