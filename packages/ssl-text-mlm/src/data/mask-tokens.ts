import { checkOptions, type OptionNames, type RandomKey, RandomStream } from '@selfsup/ssl-tensor/host';

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

const maskingOptionNames: OptionNames<MaskingOptions> = {
  maskProbability: 'requiredNumber',
  maskTokenShare: 'requiredNumber',
  randomTokenShare: 'requiredNumber',
  wholeWords: 'requiredFlag',
};

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

/** Stretches of a block that are chosen as one: single tokens, or words within a row. */
interface Units {
  /** Where each begins, in ascending order. */
  readonly starts: number[];
  readonly lengths: number[];
  /** Index of the first unit of each row that has one, and last the number of units. */
  readonly rows: number[];
  /** All maskable tokens. */
  readonly tokens: number;
}

function unitsOf(
  ids: Int32Array,
  rowLength: number,
  vocabulary: MaskingVocabulary,
  wholeWords: boolean,
  texts?: Int32Array,
): Units {
  const starts: number[] = [];
  const lengths: number[] = [];
  const rows: number[] = [];
  let tokens = 0;
  let open = false;
  let [row, last] = [-1, -1];
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    const own = texts === undefined ? Math.floor(at / rowLength) : texts[at]!;
    if (own !== last || vocabulary.special[id] === 1) open = false;
    last = own;
    if (vocabulary.special[id] === 1) continue;
    tokens++;
    if (wholeWords && open && vocabulary.continues[id] === 1) {
      lengths[lengths.length - 1]!++;
      continue;
    }
    if (own !== row) rows.push(starts.length);
    row = own;
    starts.push(at);
    lengths.push(1);
    open = true;
  }
  rows.push(starts.length);
  return { starts, lengths, rows, tokens };
}

/** Number of the shortest unit of a row. */
function shortestOf({ lengths, rows }: Units, row: number): number {
  let shortest = rows[row]!;
  for (let unit = shortest + 1; unit < rows[row + 1]!; unit++) if (lengths[unit]! < lengths[shortest]!) shortest = unit;
  return shortest;
}

/**
 * What masking needs to know of one sequence.
 *
 * @returns `tokens`: how many may be masked, 0 for one of special tokens alone; `least`: how many have to be masked at
 * once, the pieces of its shortest word where words are chosen as a whole
 */
export function maskableTokens(
  ids: Int32Array,
  vocabulary: MaskingVocabulary,
  wholeWords: boolean,
): { readonly tokens: number; readonly least: number } {
  const units = unitsOf(ids, Math.max(1, ids.length), vocabulary, wholeWords);
  return { tokens: units.tokens, least: units.tokens === 0 ? 0 : units.lengths[shortestOf(units, 0)]! };
}

/**
 * Masks a block of token ids in place.
 *
 * Of the block's n maskable tokens `round(maskProbability * n)` are chosen without replacement, so that the number per
 * batch does not vary as it does with a coin per token. First one of each row, however short, as BERT's own
 * `max(1, round(...))` has it: short texts would teach nothing; the rest with the same chance each. So there are as many
 * as rows at the least. With whole words, words are drawn until no drawn word fits the remainder.
 *
 * @param ids `[rows * rowLength]`, changed in place
 * @param limit most positions to choose; rows that then go without one are drawn, so a cut is fair
 * @param texts number of the text of each place, ascending, where rows hold several: each then counts as a row of its own
 * @returns at most `limit` positions with their labels; none where the block has no maskable token
 * Source: `create_masked_lm_predictions` of google-research/bert (arXiv:1810.04805) for the one of each text.
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
  checkOptions('maskTokens', options, maskingOptionNames);
  const units = unitsOf(ids, rowLength, vocabulary, options.wholeWords, texts);
  const stream = new RandomStream(key);
  const target = Math.min(limit, Math.round(options.maskProbability * units.tokens));
  const chosen = oneOfEachRow(units, stream, limit);
  let count = chosen.reduce((sum, unit) => sum + units.lengths[unit]!, 0);
  const taken = new Set(chosen);
  const rest = Array.from(units.starts.keys()).filter((unit) => !taken.has(unit));
  for (let i = 0; i < rest.length && count < target; i++) {
    const j = i + stream.integer(rest.length - i);
    const unit = rest[j]!;
    rest[j] = rest[i]!;
    if (count + units.lengths[unit]! > target) continue;
    chosen.push(unit);
    count += units.lengths[unit]!;
  }
  const positions = chosen
    .flatMap((unit) => Array.from({ length: units.lengths[unit]! }, (_, piece) => units.starts[unit]! + piece))
    .sort((a, b) => a - b);
  const labels = positions.map((at) => ids[at]!);
  for (const at of positions) {
    const draw = stream.uniform();
    if (draw < options.maskTokenShare) ids[at] = vocabulary.maskId;
    else if (draw < options.maskTokenShare + options.randomTokenShare)
      ids[at] = vocabulary.ordinary[stream.integer(vocabulary.ordinary.length)]!;
  }
  return { positions, labels };
}

/** A unit of each row, drawn; the shortest of the row where the drawn one would leave too little for the other rows. */
function oneOfEachRow(units: Units, stream: RandomStream, limit: number): number[] {
  const { lengths, rows } = units;
  const shortest = Array.from({ length: rows.length - 1 }, (_, row) => shortestOf(units, row));
  let needed = shortest.reduce((sum, unit) => sum + lengths[unit]!, 0);
  let left = limit;
  const chosen: number[] = [];
  // In any order where all have their place.
  const order = needed > limit ? stream.permutation(shortest.length) : shortest.keys();
  for (const row of order) {
    const drawn = rows[row]! + stream.integer(rows[row + 1]! - rows[row]!);
    needed -= lengths[shortest[row]!]!;
    const unit = lengths[drawn]! + needed <= left ? drawn : shortest[row]!;
    if (lengths[unit]! > left) continue;
    chosen.push(unit);
    left -= lengths[unit]!;
  }
  return chosen;
}
