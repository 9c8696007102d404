import { RandomStream, type RandomKey } from 'ssl-tensor/host';

/** What the collator must know of a vocabulary. */
export interface MaskingVocabulary {
  /** `[vocabSize]`, 1 = special token: never masked, never drawn as a replacement. */
  readonly special: Uint8Array;
  /** `[vocabSize]`, 1 = the piece continues a word. */
  readonly continues: Uint8Array;
  /** Ids that are not special: what a random replacement is drawn from. */
  readonly ordinary: Int32Array;
  readonly maskId: number;
}

/** Options of masked-language modelling. */
export interface MaskingOptions {
  /** Share of the tokens to predict. */
  readonly maskProbability: number;
  /** Share of those that become `[MASK]`. */
  readonly maskTokenShare: number;
  /** Share of those that become a random token; the rest stays as it is. */
  readonly randomTokenShare: number;
  /** Choose words instead of pieces: all pieces of a chosen word are predicted. */
  readonly wholeWords: boolean;
}

/** BERT's masking: 15 % of the tokens, of which 80 % `[MASK]`, 10 % random, 10 % unchanged (arXiv:1810.04805, A.1). */
export const bertMasking: MaskingOptions = {
  maskProbability: 0.15,
  maskTokenShare: 0.8,
  randomTokenShare: 0.1,
  wholeWords: false,
};

/** The positions to predict, in ascending order. */
export interface MaskedTokens {
  /** Flat indices into the block. */
  readonly positions: readonly number[];
  /** Tokens that stood there. */
  readonly labels: readonly number[];
}

/** Stretches of the block that are chosen as one: single tokens, or words within a row. */
function units(
  ids: Int32Array,
  rowLength: number,
  vocabulary: MaskingVocabulary,
  wholeWords: boolean,
): { starts: number[]; lengths: number[]; tokens: number } {
  const starts: number[] = [];
  const lengths: number[] = [];
  let tokens = 0;
  let open = false;
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    if (at % rowLength === 0 || vocabulary.special[id] === 1) open = false;
    if (vocabulary.special[id] === 1) continue;
    tokens++;
    if (wholeWords && open && vocabulary.continues[id] === 1) {
      lengths[lengths.length - 1]!++;
      continue;
    }
    starts.push(at);
    lengths.push(1);
    open = true;
  }
  return { starts, lengths, tokens };
}

/**
 * Masks a block of token ids in place.
 *
 * Exactly `round(maskProbability * n)` of the block's n maskable tokens are chosen, without replacement and each with
 * the same chance, so that the number per batch does not vary as it does with a coin per token. With whole words, words
 * are drawn until no drawn word fits the remainder.
 *
 * @param ids `[rows * rowLength]`, changed in place
 * @param limit most positions to choose; the choice is uniform, so a cut is fair
 * @returns at most `limit` positions with their labels
 */
export function maskTokens(
  ids: Int32Array,
  rowLength: number,
  vocabulary: MaskingVocabulary,
  options: MaskingOptions,
  key: RandomKey,
  limit: number,
): MaskedTokens {
  const { starts, lengths, tokens } = units(ids, rowLength, vocabulary, options.wholeWords);
  const target = Math.min(limit, Math.round(options.maskProbability * tokens));
  const stream = new RandomStream(key);
  const chosen: number[] = [];
  for (let i = 0; i < starts.length && chosen.length < target; i++) {
    const j = i + stream.integer(starts.length - i);
    const start = starts[j]!;
    const length = lengths[j]!;
    starts[j] = starts[i]!;
    lengths[j] = lengths[i]!;
    if (chosen.length + length > target) continue;
    for (let at = start; at < start + length; at++) chosen.push(at);
  }
  const positions = chosen.sort((a, b) => a - b);
  const labels = positions.map((at) => ids[at]!);
  for (const at of positions) {
    const draw = stream.uniform();
    if (draw < options.maskTokenShare) ids[at] = vocabulary.maskId;
    else if (draw < options.maskTokenShare + options.randomTokenShare)
      ids[at] = vocabulary.ordinary[stream.integer(vocabulary.ordinary.length)]!;
  }
  return { positions, labels };
}
