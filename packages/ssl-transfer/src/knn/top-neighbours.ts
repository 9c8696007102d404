/** NaN is above every number, as in `tf.topk`: it must not hide. */
const isAbove = (a: number, b: number): boolean => a > b || (Number.isNaN(a) && !Number.isNaN(b));

/**
 * The `k` best matches of each of `queries` rows, kept as bounded heaps while candidates arrive by blocks. Of two equal
 * similarities the lower index is the better one, provided that equal ones arrive in ascending order of their index.
 */
export class TopNeighbours {
  readonly #k: number;
  readonly #queries: number;
  readonly #filled: Int32Array;
  /** `[queries, k]`, each row a heap with the worst kept match at its root. */
  readonly #similarities: Float32Array;
  readonly #indexes: Int32Array;

  constructor(queries: number, k: number) {
    this.#k = k;
    this.#queries = queries;
    this.#filled = new Int32Array(queries);
    this.#similarities = new Float32Array(queries * k);
    this.#indexes = new Int32Array(queries * k);
  }

  /** Offers one candidate for a query; false where `k` better ones are kept already. */
  offer(query: number, similarity: number, index: number): boolean {
    if (this.#filled[query]! < this.#k) {
      this.#push(query, similarity, index);
      return true;
    }
    const base = query * this.#k;
    if (!isAbove(similarity, this.#similarities[base]!)) return false;
    this.#sink(base, this.#k, 0, similarity, index);
    return true;
  }

  /** Sorted matches, best first: indexes and similarities `[queries, k]`. Empties the heaps. */
  finish(): { indexes: Int32Array; similarities: Float32Array } {
    for (let query = 0; query < this.#queries; query++) {
      const base = query * this.#k;
      for (let size = this.#filled[query]!; size > 1; size--) {
        const last = base + size - 1;
        const similarity = this.#similarities[last]!;
        const index = this.#indexes[last]!;
        this.#similarities[last] = this.#similarities[base]!;
        this.#indexes[last] = this.#indexes[base]!;
        this.#sink(base, size - 1, 0, similarity, index);
      }
    }
    this.#filled.fill(0);
    return { indexes: this.#indexes, similarities: this.#similarities };
  }

  #worse(a: number, b: number): boolean {
    const [first, second] = [this.#similarities[a]!, this.#similarities[b]!];
    return isAbove(second, first) || (!isAbove(first, second) && this.#indexes[a]! > this.#indexes[b]!);
  }

  #push(query: number, similarity: number, index: number): void {
    const base = query * this.#k;
    let slot = this.#filled[query]!;
    this.#filled[query] = slot + 1;
    this.#set(base + slot, similarity, index);
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!this.#worse(base + slot, base + parent)) return;
      const parentSimilarity = this.#similarities[base + parent]!;
      const parentIndex = this.#indexes[base + parent]!;
      this.#set(base + parent, similarity, index);
      this.#set(base + slot, parentSimilarity, parentIndex);
      slot = parent;
    }
  }

  /** Puts a match at `slot` of the heap of `size` entries at `base` and moves it down to its place. */
  #sink(base: number, size: number, slot: number, similarity: number, index: number): void {
    this.#set(base + slot, similarity, index);
    for (;;) {
      const left = 2 * slot + 1;
      if (left >= size) return;
      const right = left + 1;
      const child = right < size && this.#worse(base + right, base + left) ? right : left;
      if (!this.#worse(base + child, base + slot)) return;
      this.#set(base + slot, this.#similarities[base + child]!, this.#indexes[base + child]!);
      this.#set(base + child, similarity, index);
      slot = child;
    }
  }

  #set(position: number, similarity: number, index: number): void {
    this.#similarities[position] = similarity;
    this.#indexes[position] = index;
  }
}
