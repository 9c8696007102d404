/** A piece that a text has at some place. */
export interface FoundPiece {
  readonly id: number;
  /** First code unit after it. */
  readonly end: number;
}

/**
 * Finds the longest of many pieces at a place in a text. The pieces are sorted, and the range of those that agree with
 * the text is narrowed code unit by code unit, so that a search takes time proportional to the longest piece at most,
 * whatever the pieces are.
 */
export class PieceTable {
  readonly #pieces: readonly string[];
  readonly #ids: Int32Array;
  readonly #prefixLength: number;

  /**
   * @param pieces with their ids
   * @param prefix only pieces that begin with it, whose rest is looked for. Default: all pieces as they are
   */
  constructor(pieces: Iterable<readonly [string, number]>, prefix = '') {
    const sorted = [...pieces]
      .filter(([piece]) => piece.startsWith(prefix) && piece.length > prefix.length)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    this.#pieces = sorted.map(([piece]) => piece);
    this.#ids = Int32Array.from(sorted, ([, id]) => id);
    this.#prefixLength = prefix.length;
  }

  /** The longest piece that the text has at `start`. */
  longestAt(text: string, start: number): FoundPiece | undefined {
    const pieces = this.#pieces;
    let [low, high] = [0, pieces.length];
    let found = -1;
    let end = start;
    for (let at = start, depth = this.#prefixLength; low < high; at++, depth++) {
      // The shortest of those that agree comes first.
      if (pieces[low]!.length === depth) {
        found = low++;
        end = at;
      }
      if (at === text.length || low === high) break;
      const unit = text.charCodeAt(at);
      low = this.#bound(low, high, depth, unit);
      high = this.#bound(low, high, depth, unit + 1);
    }
    return found < 0 ? undefined : { id: this.#ids[found]!, end };
  }

  /** First piece of a range whose code unit at `depth` is at least `unit`. */
  #bound(low: number, high: number, depth: number, unit: number): number {
    const pieces = this.#pieces;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (pieces[middle]!.charCodeAt(depth) < unit) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
