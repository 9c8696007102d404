import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome, PlayCase } from '../kind.js';

/** A case by its name; gets a folder of its own. */
export type NamedCases = Readonly<Record<string, (folder: string) => Promise<Outcome>>>;

/** Plays cases in the order of their names here. */
export function playNamed(base: string, cases: NamedCases): PlayCase {
  const entries = Object.entries(cases);
  return async (_, number, describe) => {
    const entry = entries[number];
    if (entry === undefined) throw new RangeError(`there are ${entries.length} cases, from 0 on`);
    describe(entry[0]);
    return entry[1](await mkdtemp(join(base, 'case-')));
  };
}
