import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManifestDataset, type ManifestOptions } from './manifest-dataset.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'table-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function open(text: string | Uint8Array, options: ManifestOptions = {}, name = 'table.csv') {
  await writeFile(join(folder, name), text);
  const dataset = await ManifestDataset.open(join(folder, name), options);
  return [dataset.length, dataset.path(0).slice(folder.length + 1), dataset.classes, [...(dataset.labels ?? [])]];
}

describe('the character between columns', () => {
  it.each([
    ['semicolons', ';', 'table.csv'],
    ['tabs', '\t', 'table.csv'],
    ['bars', '|', 'table.csv'],
    ['commas', ',', 'table.tsv'],
    ['semicolons', ';', 'table.tsv'],
  ])('is told by the header: %s', async (_, between, name) => {
    const rows = ['Path;label', 'a.png;dog', '"b;,|\t.png";cat'].map((row) => row.replace(/;(?!,)/, between));
    for (const text of [rows.join('\n'), `\ufeff${rows.join('\r\n')}`, gzipSync(`\n\n${rows.join('\n')}\n`)])
      expect(await open(text, {}, name)).toEqual([2, 'a.png', ['cat', 'dog'], [1, 0]]);
  });

  it('stays the usual one where the header has it, or has no other', async () => {
    expect(await open('path,label;note\na.png,1\n', { labelColumn: 'label;note' })).toEqual([1, 'a.png', [], [1]]);
    expect(await open('"path"\n"a;b.png"\n')).toEqual([1, 'a;b.png', [], []]);
    expect(await open('path;label\na.png;x,y\n')).toEqual([1, 'a.png', ['x,y'], [0]]);
  });

  it('is named where nothing tells it, and the advice works', async () => {
    const text = 'path;a|b\na.png;1\n';
    const error: unknown = await open(text).catch((reason: unknown) => reason);
    const advised = /pass imageColumn, or delimiter: '(.)' if that is between columns/.exec(String(error))?.[1];
    expect(await open(text, { delimiter: advised! })).toEqual([1, 'a.png', [], []]);
    await expect(open(text, { imageColumn: 'path' })).rejects.toThrow(/no column is named 'path'.*delimiter: ';'/);
  });
});

describe('labels', () => {
  it('follow a given list of classes', async () => {
    const names = 'path,label\na.png,dog\nb.png,\nc.png,cat\n';
    const classes = ['dog', 'cat'];
    expect(await open(names, { classes })).toEqual([3, 'a.png', classes, [0, -1, 1]]);
    await expect(open(names, { classes: ['dog'] })).rejects.toThrow(
      /line 4 has the label 'cat', not in the option classes; the list has one: 'dog'; add them/,
    );
    await expect(open(names, { classes: [...classes, 'bee'] })).rejects.toThrow(/nothing of the classes 'bee'/);
    expect((await open(names, { classes: ['bee', ...classes], allowEmpty: true }))[3]).toEqual([1, -1, 2]);
    const numbers = 'path,label\na.png,1\nb.png,0\n';
    expect(await open(numbers, { classes })).toEqual([2, 'a.png', classes, [1, 0]]);
    await expect(open('path,label\na.png,2\n', { classes })).rejects.toThrow(/has the label 2, and .* lists 2 classes/);
    // Digits that are names.
    expect(await open(numbers, { classes: ['1', '0'] })).toEqual([2, 'a.png', ['1', '0'], [0, 1]]);
    expect((await open('path,label\na.png,e\u0301\n', { classes: ['\u00e9'] }))[3]).toEqual([0]);
  });
});
