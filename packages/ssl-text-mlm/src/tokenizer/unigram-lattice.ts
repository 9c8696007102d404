/** All ways to spell one word: pieces from one place to another. Places are code units. */
export class UnigramLattice {
  /** Of each node: where it begins and ends, the piece, its score. The order is that of the library. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #ids: number[] = [];
  readonly #scores: number[] = [];
  /** Nodes that end at a place. */
  readonly #ending: number[][];
  readonly #length: number;

  constructor(length: number) {
    this.#length = length;
    this.#ending = Array.from({ length: length + 1 }, () => []);
  }

  /** Nodes are added by their beginnings, and of one beginning the shortest first. */
  add(start: number, end: number, id: number, score: number): void {
    this.#ending[end]!.push(this.#starts.length);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#ids.push(id);
    this.#scores.push(score);
  }

  /**
   * Adds how often each piece is expected to occur, for a word that occurs `count` times.
   *
   * Source: `populate_marginal` of Hugging Face `tokenizers`.
   */
  addExpected(count: number, expected: Float64Array): void {
    const nodes = this.#starts.length;
    // Logarithms of what leads to a place, and of what leads on from it.
    const before = new Float64Array(this.#length + 1);
    const after = new Float64Array(this.#length + 1);
    for (let place = 1; place <= this.#length; place++)
      this.#ending[place]!.forEach((node, index) => {
        const reached = before[this.#starts[node]!]! + this.#scores[node]!;
        before[place] = index === 0 ? reached : logSum(before[place]!, reached);
      });
    const seen = new Uint8Array(this.#length + 1);
    for (let node = nodes - 1; node >= 0; node--) {
      const start = this.#starts[node]!;
      const reached = after[this.#ends[node]!]! + this.#scores[node]!;
      after[start] = seen[start] === 0 ? reached : logSum(after[start]!, reached);
      seen[start] = 1;
    }
    const all = before[this.#length]!;
    for (let node = 0; node < nodes; node++) {
      const share = before[this.#starts[node]!]! + this.#scores[node]! + after[this.#ends[node]!]! - all;
      expected[this.#ids[node]!]! += count * Math.exp(share);
    }
  }

  /**
   * Pieces of the best ways, the best one first; fewer ways where there are no more.
   *
   * @param ways 1 or 2
   */
  best(ways: 1 | 2): number[][] {
    // Of each place the best ways to it: score, the last node, and which of the ways to its beginning.
    const reached: { score: number; node: number; way: number }[][] = [[{ score: 0, node: -1, way: 0 }]];
    for (let place = 1; place <= this.#length; place++) {
      const list: { score: number; node: number; way: number }[] = [];
      for (const node of this.#ending[place]!)
        reached[this.#starts[node]!]!.forEach(({ score: before }, way) => {
          const score = before + this.#scores[node]!;
          let at = list.length;
          while (at > 0 && score > list[at - 1]!.score) at--;
          if (at >= ways) return;
          list.splice(at, 0, { score, node, way });
          if (list.length > ways) list.pop();
        });
      reached.push(list);
    }
    return reached[this.#length]!.map((last) => {
      const ids: number[] = [];
      for (let step = last; step.node >= 0; step = reached[this.#starts[step.node]!]![step.way]!)
        ids.push(this.#ids[step.node]!);
      return ids.reverse();
    });
  }
}

/** log(exp(a) + exp(b)). */
function logSum(a: number, b: number): number {
  const [low, high] = a > b ? [b, a] : [a, b];
  return high > low + 50 ? high : high + Math.log(Math.exp(low - high) + 1);
}
