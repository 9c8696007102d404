import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lexicographerFiles, loadWordnetGlosses } from './wordnet.js';

const licence = '  1 This software and database is being provided to you.  \n  2 By obtaining it you agree.  \n';
const excerpt = {
  noun: `${licence}00000100 03 n 01 thing 0 001 ~ 00000200 n 0000 | whatever there is  \n00000200 06 n 02 spoon 0 ladle 1 000 | a tool for soup; "pass me the spoon | please"  \n`,
  verb: `${licence}00000100 29 v 01 sniff 0 001 @ 00000200 v 0000 01 + 02 00 | draw air in through the nose  \n`,
  adj: `${licence}00000100 44 s 01 sniffed(p) 0 000 | drawn in  \n`,
  adv: `${licence}00000100 02 r 01 loudly 0 000 | with noise  \n`,
};
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-wordnet-'));
  for (const [name, text] of Object.entries(excerpt)) writeFileSync(join(directory, `data.${name}`), text);
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('loadWordnetGlosses', () => {
  it('reads glosses, classes and names', async () => {
    const { glosses, classes } = await loadWordnetGlosses(directory);
    expect(glosses).toEqual([
      { id: 'n00000100', text: 'whatever there is', label: 3 },
      { id: 'n00000200', text: 'a tool for soup; "pass me the spoon | please"', label: 6 },
      { id: 'v00000100', text: 'draw air in through the nose', label: 29 },
      { id: 'a00000100', text: 'drawn in', label: 44 },
      { id: 'r00000100', text: 'with noise', label: 2 },
    ]);
    expect(classes).toBe(lexicographerFiles);
    expect(classes.length).toBe(45);
    expect([3, 6, 28, 29, 43, 44].map((label) => lexicographerFiles[label])).toEqual([
      'noun.Tops',
      'noun.artifact',
      'noun.time',
      'verb.body',
      'verb.weather',
      'adj.ppl',
    ]);
  });

  it('reads all of the installed WordNet', async () => {
    const { glosses } = await loadWordnetGlosses();
    expect(glosses.length).toBe(117_791);
    expect(new Set(glosses.map(({ label }) => label)).size).toBe(45);
    expect(new Set(glosses.map(({ id }) => id)).size).toBe(glosses.length);
  });

  it.each([
    ['cut within a line', excerpt.verb.slice(0, -30), /truncated/],
    ['empty', '', /empty/],
    ['without a synset', licence, /no synset/],
    ['with a class beyond 44', excerpt.verb.replace(' 29 ', ' 45 '), /line 3/],
    ['without a gloss', excerpt.verb.replace('|', ' '), /line 3/],
    ['of another kind', 'hello\n', /line 1/],
  ])('refuses a file that is %s', async (_, text, message) => {
    writeFileSync(join(directory, 'data.verb'), text);
    await expect(loadWordnetGlosses(directory)).rejects.toThrow(DataError);
    await expect(loadWordnetGlosses(directory)).rejects.toThrow(message);
    await expect(loadWordnetGlosses(directory)).rejects.toThrow(/data\.verb/);
  });

  it('names a missing file', async () => {
    rmSync(join(directory, 'data.adj'));
    await expect(loadWordnetGlosses(directory)).rejects.toThrow(/data\.adj: no such file/);
    await expect(loadWordnetGlosses(directory)).rejects.toThrow(DataError);
  });
});
