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
  /** Sorted by code unit. */
  readonly #pieces: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #prefixLength: number;
  /** The range of pieces that are looked for. */
  readonly #first: number;
  readonly #last: number;

  /** @param ids of the pieces */
  constructor(ids: ReadonlyMap<string, number>, of?: { readonly table: PieceTable; readonly prefix: string }) {
    this.#ids = ids;
    this.#prefixLength = of?.prefix.length ?? 0;
    // Without a function to compare them, which takes most of the time.
    this.#pieces = of === undefined ? [...ids.keys()].sort() : of.table.#pieces;
    [this.#first, this.#last] = [0, this.#pieces.length];
    for (let depth = 0; depth < this.#prefixLength; depth++) {
      const unit = of!.prefix.charCodeAt(depth);
      this.#first = this.#bound(this.#first, this.#last, depth, unit);
      this.#last = this.#bound(this.#first, this.#last, depth, unit + 1);
    }
    // The prefix by itself, and the empty piece.
    if (this.#first < this.#last && this.#pieces[this.#first]!.length === this.#prefixLength) this.#first++;
  }

  /** Only pieces that begin with a prefix, whose rest is looked for. */
  after(prefix: string): PieceTable {
    return new PieceTable(this.#ids, { table: this, prefix });
  }

  /** The longest piece that the text has at `start`. */
  longestAt(text: string, start: number): FoundPiece | undefined {
    let found = -1;
    let end = start;
    this.#search(text, start, (index, at) => {
      found = index;
      end = at;
    });
    return found < 0 ? undefined : { id: this.#ids.get(this.#pieces[found]!)!, end };
  }

  /** All pieces that the text has at `start`, the shortest first. */
  eachAt(text: string, start: number, visit: (id: number, end: number) => void): void {
    this.#search(text, start, (index, end) => visit(this.#ids.get(this.#pieces[index]!)!, end));
  }

  #search(text: string, start: number, visit: (index: number, end: number) => void): void {
    const pieces = this.#pieces;
    let [low, high] = [this.#first, this.#last];
    for (let at = start, depth = this.#prefixLength; low < high; at++, depth++) {
      // The shortest of those that agree comes first.
      if (pieces[low]!.length === depth) visit(low++, at);
      if (at === text.length || low === high) break;
      const unit = text.charCodeAt(at);
      // They are sorted: where the first and the last agree, all do.
      if (pieces[low]!.charCodeAt(depth) === unit && pieces[high - 1]!.charCodeAt(depth) === unit) continue;
      low = this.#bound(low, high, depth, unit);
      high = this.#bound(low, high, depth, unit + 1);
    }
  }

  /** First piece of a range whose code unit at `depth` is at least `unit`. */
  #bound(low: number, high: number, depth: number, unit: number): number {
    const pieces = this.#pieces;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // Of a piece that ends before, NaN: it comes first.
      const found = pieces[middle]!.charCodeAt(depth);
      if (found >= unit) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
