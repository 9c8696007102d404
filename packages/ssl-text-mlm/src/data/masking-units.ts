import type { RandomStream } from '@selfsup/ssl-tensor/host';

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

/** Stretches of a block that are chosen as one: single tokens, or words within a row. */
export interface MaskingUnits {
  /** Where each begins, in ascending order. */
  readonly starts: number[];
  readonly lengths: number[];
  /** Index of the first unit of each row that has one, and last the number of units. */
  readonly rows: number[];
  /** All maskable tokens. */
  readonly tokens: number;
}

/**
 * @param texts number of the text of each place, ascending, where rows hold several: each then counts as a row of its own
 */
export function unitsOf(
  ids: Int32Array,
  rowLength: number,
  vocabulary: MaskingVocabulary,
  wholeWords: boolean,
  texts?: Int32Array,
): MaskingUnits {
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
function shortestOf({ lengths, rows }: MaskingUnits, row: number): number {
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

/** A unit of each row, drawn; the shortest of the row where the drawn one would leave too little for the other rows. */
export function oneOfEachRow(units: MaskingUnits, stream: RandomStream, limit: number): number[] {
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
