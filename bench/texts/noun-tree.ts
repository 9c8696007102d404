import { join } from 'node:path';
import { foldIn, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import { readText } from '@selfsup/ssl-data/text';
import { loadWordnetGlosses, wordNetDirectory } from '../../apps/benchmark/src/data/wordnet.js';

/** WordNet's nouns as a tree, or nearly one: some have several hypernyms. Ids are those of `loadWordnetGlosses`. */
export class NounTree {
  readonly #parents: ReadonlyMap<string, readonly string[]>;
  readonly #children = new Map<string, string[]>();

  private constructor(parents: ReadonlyMap<string, readonly string[]>) {
    this.#parents = parents;
    for (const [id, above] of parents)
      for (const parent of above) this.#children.set(parent, [...(this.#children.get(parent) ?? []), id]);
  }

  /** Reads hypernyms (`@`) and those of instances (`@i`) from data.noun, wndb(5WN). */
  static async read(): Promise<NounTree> {
    const text = await readText(join(wordNetDirectory(), 'data.noun'), { maxBytes: 2 ** 26 });
    const parents = new Map<string, readonly string[]>();
    for (const line of text.split('\n')) {
      const [pointers = ''] = line.split('|', 1);
      if (!/^\d{8} /.test(line)) continue;
      parents.set(
        `n${line.slice(0, 8)}`,
        Array.from(pointers.matchAll(/ @i? (\d{8}) n /g), ([, offset]) => `n${offset}`),
      );
    }
    return new NounTree(parents);
  }

  /** `1 / (1 + steps)` of the shortest way over hypernyms: NLTK's `path_similarity`. */
  similarity(first: string, second: string): number {
    const above = this.#ancestors(first);
    let least = Infinity;
    for (const [id, steps] of this.#ancestors(second)) least = Math.min(least, steps + (above.get(id) ?? Infinity));
    return 1 / (1 + least);
  }

  /** A noun that has a hypernym in common: `up` steps up, and down by lot. */
  relative(id: string, up: number, stream: RandomStream): string {
    const oneOf = (ids: readonly string[] = []): string | undefined => ids[stream.integer(Math.max(1, ids.length))];
    let at = id;
    for (let step = 0; step < up; step++) at = oneOf(this.#parents.get(at)) ?? at;
    for (let step = 0; step < up || stream.bernoulli(0.5); step++) {
      const below = oneOf(this.#children.get(at));
      if (below === undefined) break;
      at = below;
    }
    return at;
  }

  /** Steps up to everything above a noun, itself among it. */
  #ancestors(id: string): ReadonlyMap<string, number> {
    const steps = new Map([[id, 0]]);
    // A map is walked in the order in which it grows, so nearer ones come first.
    for (const [at, distance] of steps)
      for (const parent of this.#parents.get(at) ?? []) if (!steps.has(parent)) steps.set(parent, distance + 1);
    return steps;
  }
}

/** A gloss without its examples. */
export const definitionOf = (gloss: string): string => gloss.split('; "', 1)[0]!;

/** Two definitions and how near the nouns are. */
export interface GlossPair {
  readonly first: string;
  readonly second: string;
  readonly similarity: number;
}

/**
 * Pairs of definitions of nouns, half of them of relatives that are one to four steps up and down, half of any two; the
 * same for the same key.
 */
export async function glossPairs(count: number, key: RandomKey): Promise<readonly GlossPair[]> {
  const tree = await NounTree.read();
  const { glosses } = await loadWordnetGlosses();
  const definitions = new Map(
    glosses.filter(({ id }) => id.startsWith('n')).map(({ id, text }) => [id, definitionOf(text)]),
  );
  const ids = [...definitions.keys()];
  const stream = new RandomStream(foldIn(key, 'gloss-pairs'));
  const any = (): string => ids[stream.integer(ids.length)]!;
  const pairs: GlossPair[] = [];
  while (pairs.length < count) {
    const one = any();
    const other = stream.bernoulli(0.5) ? any() : tree.relative(one, 1 + stream.integer(4), stream);
    const [first, second] = [definitions.get(one)!, definitions.get(other)!];
    if (first !== second) pairs.push({ first, second, similarity: tree.similarity(one, other) });
  }
  return pairs;
}
