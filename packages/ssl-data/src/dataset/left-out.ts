/** Files, records or members of one kind that a data set leaves out. */
export interface LeftOut {
  /** An ending such as `.heic`, `no ending`, or what is the matter, such as `links to nothing`. */
  readonly kind: string;
  readonly count: number;
  /** The first names by code unit, five at most. */
  readonly names: readonly string[];
}

const maxNames = 5;
/** Endings may come from strangers, and each is kept. */
const maxKinds = 256;
const others = 'other endings';
const longestEnding = 16;

/** The kind of a file that is left out for its name. */
export function endingOf(path: string): string {
  const ending = /[^/.]\.([^/.]+)$/.exec(path)?.[1];
  if (ending === undefined) return 'no ending';
  return ending.length > longestEnding ? others : `.${ending.toLowerCase()}`;
}

/** Counts what a data set leaves out, so that nothing vanishes without a word. */
export class LeftOutCounter {
  readonly #kinds = new Map<string, { count: number; names: string[] }>();

  add(kind: string, name: string): void {
    this.addAll(kind, 1, [name]);
  }

  /** Adds what another counter counted: `count`, the first of which are `names`. */
  addAll(kind: string, count: number, names: readonly string[]): void {
    const full = this.#kinds.size >= maxKinds && !this.#kinds.has(kind);
    const key = full ? others : kind;
    const entry = this.#kinds.get(key) ?? { count: 0, names: [] };
    this.#kinds.set(key, entry);
    entry.count += count;
    for (const name of names) {
      if (entry.names.length === maxNames && name >= entry.names[maxNames - 1]!) continue;
      entry.names.push(name);
      entry.names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      entry.names.length = Math.min(entry.names.length, maxNames);
    }
  }

  /** The kinds, the most frequent first. */
  finish(): readonly LeftOut[] {
    return [...this.#kinds]
      .map(([kind, { count, names }]) => ({ kind, count, names }))
      .sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
  }
}

/** What is left out, in a phrase: `3 .bmp, 1 no ending`. */
export function leftOutText(leftOut: readonly LeftOut[]): string {
  const most = 8;
  const more = leftOut.length > most ? `, and ${leftOut.length - most} more kinds` : '';
  return (
    leftOut
      .slice(0, most)
      .map(({ kind, count }) => `${count} ${kind}`)
      .join(', ') + more
  );
}
