import { checkOptions, type RandomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { chooseSpans } from './mask-spans.js';
import { choosesWords, type MaskingOptions, maskingOptionNames, spanOptions } from './masking-options.js';
import { type MaskingUnits, type MaskingVocabulary, oneOfEachRow, unitsOf } from './masking-units.js';

/** The positions to predict, in ascending order. */
export interface MaskedTokens {
  /** Flat indices into the block. */
  readonly positions: readonly number[];
  /** Tokens that stood there. */
  readonly labels: readonly number[];
}

/**
 * Masks a block of token ids in place.
 *
 * Of the block's n maskable tokens `round(maskProbability * n)` are chosen without replacement, so that the number per
 * batch does not vary as it does with a coin per token. First one of each row, however short, as BERT's own
 * `max(1, round(...))` has it: short texts would teach nothing; the rest with the same chance each. So there are as many
 * as rows at the least. With whole words, words are drawn until no drawn word fits the remainder; with spans, stretches of
 * them, the first of each row from the word that is its own in any case.
 *
 * @param ids `[rows * rowLength]`, changed in place
 * @param limit most positions to choose; rows that then go without one are drawn, so a cut is fair
 * @param texts number of the text of each place, ascending, where rows hold several: each then counts as a row of its own
 * @returns at most `limit` positions with their labels; none where the block has no maskable token
 * Source: `create_masked_lm_predictions` of google-research/bert (arXiv:1810.04805) for the one of each text; spans as
 *   `chooseSpans` says, and one draw for a span of what becomes of it (arXiv:1907.10529, section 3.1).
 */
export function maskTokens(
  ids: Int32Array,
  rowLength: number,
  vocabulary: MaskingVocabulary,
  options: MaskingOptions,
  key: RandomKey,
  limit: number,
  texts?: Int32Array,
): MaskedTokens {
  const { maskProbability, maskTokenShare, randomTokenShare, spans } = checkOptions(
    'maskTokens',
    options,
    maskingOptionNames,
  );
  const units = unitsOf(ids, rowLength, vocabulary, choosesWords(options), texts);
  const stream = new RandomStream(key);
  const target = Math.min(limit, Math.round(maskProbability * units.tokens));
  const firsts = oneOfEachRow(units, stream, limit);
  const parts =
    spans === undefined
      ? placesOf(units, chooseUnits(units, firsts, stream, target)).map((at) => [at])
      : chooseSpans(units, firsts, stream, target, spanOptions('maskTokens', spans)).map((span) =>
          placesOf(units, span),
        );
  const positions = parts.flat();
  const labels = positions.map((at) => ids[at]!);
  for (const part of parts) {
    const draw = stream.uniform();
    for (const at of part)
      if (draw < maskTokenShare) ids[at] = vocabulary.maskId;
      else if (draw < maskTokenShare + randomTokenShare)
        ids[at] = vocabulary.ordinary[stream.integer(vocabulary.ordinary.length)]!;
  }
  return { positions, labels };
}

/** Units beside the first ones, each with the same chance, until no drawn one fits. */
function chooseUnits(
  { starts, lengths }: MaskingUnits,
  firsts: readonly number[],
  stream: RandomStream,
  target: number,
): number[] {
  const chosen = [...firsts];
  let count = firsts.reduce((sum, unit) => sum + lengths[unit]!, 0);
  const taken = new Set(firsts);
  const rest = Array.from(starts.keys()).filter((unit) => !taken.has(unit));
  for (let i = 0; i < rest.length && count < target; i++) {
    const j = i + stream.integer(rest.length - i);
    const unit = rest[j]!;
    rest[j] = rest[i]!;
    if (count + lengths[unit]! > target) continue;
    chosen.push(unit);
    count += lengths[unit]!;
  }
  return chosen;
}

/** Places of the tokens of units, ascending. */
function placesOf({ starts, lengths }: MaskingUnits, chosen: readonly number[]): number[] {
  return chosen
    .flatMap((unit) => Array.from({ length: lengths[unit]! }, (_, piece) => starts[unit]! + piece))
    .sort((a, b) => a - b);
}
