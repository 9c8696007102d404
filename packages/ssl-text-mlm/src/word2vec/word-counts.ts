import { DataError } from '@selfsup/ssl-tensor/host';
import { TokenSequences } from '../data/token-sequences.js';

/** Words by falling count, and the texts as their numbers. */
export interface CountedTexts {
  readonly words: readonly string[];
  readonly counts: Float64Array;
  /** Numbers of all words that are kept, text after text. */
  readonly tokens: Int32Array;
  /** `[texts + 1]`: text i is `tokens[offsets[i] .. offsets[i + 1])`. */
  readonly offsets: Int32Array;
}

/** Counts words and keeps the texts as numbers, 4 bytes a word. */
export class WordCounts {
  readonly #ids = new Map<string, number>();
  readonly #counts: number[] = [];
  readonly #sequences = new TokenSequences();

  push(words: readonly string[]): void {
    this.#sequences.push(
      words.map((word) => {
        let id = this.#ids.get(word);
        if (id === undefined) {
          id = this.#ids.size;
          this.#ids.set(word, id);
          this.#counts.push(0);
        }
        this.#counts[id]!++;
        return id;
      }),
    );
  }

  /**
   * Leaves rare words out; of words of equal count the one that came first is first.
   *
   * @throws DataError where fewer than two words are left
   */
  finish(where: string, minCount: number): CountedTexts {
    const all = [...this.#ids.keys()];
    const kept = [...all.keys()].filter((id) => this.#counts[id]! >= minCount);
    if (kept.length < 2)
      throw new DataError(
        `${where}: ${kept.length} of ${all.length} words come ${minCount} times or more, and it takes two; give more text or a smaller minCount`,
      );
    kept.sort((a, b) => this.#counts[b]! - this.#counts[a]! || a - b);
    const numbers = new Int32Array(all.length).fill(-1);
    kept.forEach((id, number) => (numbers[id] = number));
    const given = this.#sequences.arrays;
    const offsets = new Int32Array(given.offsets.length);
    const tokens = given.tokens;
    let end = 0;
    for (let text = 0; text + 1 < offsets.length; text++) {
      for (let at = given.offsets[text]!; at < given.offsets[text + 1]!; at++) {
        const number = numbers[tokens[at]!]!;
        // In place: what is written lies never beyond what is read.
        if (number >= 0) tokens[end++] = number;
      }
      offsets[text + 1] = end;
    }
    return {
      words: kept.map((id) => all[id]!),
      counts: Float64Array.from(kept, (id) => this.#counts[id]!),
      tokens: tokens.subarray(0, end),
      offsets,
    };
  }
}
