import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageFolderDataset, VolumeFolderDataset } from '../index.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'classes-'));
});
afterEach(() => rm(root, { recursive: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    if (!name.endsWith('/')) await writeFile(join(root, name), '');
  }
}

describe.each([
  ['ImageFolderDataset', 'png', ImageFolderDataset],
  ['VolumeFolderDataset', 'nii', VolumeFolderDataset],
] as const)('classes of %s', (_, ending, { open }) => {
  const opened = async (options: Parameters<typeof open>[1] = {}) => {
    const { classes, labels, length } = await open(root, options);
    return [length, classes, labels && [...labels]];
  };

  it('refuses class folders without files, and does what its message advises', async () => {
    await put(`cat/1.${ending}`, `cow/notes.txt`, `dog/deep/2.${ending}`);
    await mkdir(join(root, 'bee'));
    const error: unknown = await open(root).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toContain("the class folders 'bee', 'cow' hold nothing that can be read");
    expect(error.message).toMatch(/fill or remove them, or pass allowEmpty: true/);
    expect(error.path).toBe(root);
    expect(await opened({ allowEmpty: true })).toEqual([2, ['bee', 'cat', 'cow', 'dog'], [1, 3]]);
    expect(await opened({ labels: 'none' })).toEqual([2, [], undefined]);
    await rm(join(root, 'bee'), { recursive: true });
    await put(`cow/1.${ending}`);
    expect(await opened()).toEqual([3, ['cat', 'cow', 'dog'], [0, 1, 2]]);
  });

  it('numbers by a given list: of another data set, of a text, of JSON', async () => {
    await put(`cat/1.${ending}`, `dog/2.${ending}`);
    await writeFile(join(root, '..', 'c.txt'), '\ufeffdog\r\ncat\n\n');
    await writeFile(join(root, '..', 'c.json'), '["dog", "cat"]');
    for (const classes of [['dog', 'cat'], join(root, '../c.txt'), join(root, '../c.json')])
      expect(await opened({ classes })).toEqual([2, ['dog', 'cat'], [1, 0]]);
    await rm(join(root, '../c.txt'));
    await rm(join(root, '../c.json'));
    await expect(open(root, { classes: join(root, '../c.txt') })).rejects.toThrow(/c\.txt: no such file/);
    const { classes } = await open(root);
    await rm(join(root, 'cat'), { recursive: true });
    await expect(open(root, { classes })).rejects.toThrow(/has nothing of the classes 'cat' that the option classes/);
    expect(await opened({ classes, allowEmpty: true })).toEqual([1, ['cat', 'dog'], [1]]);
  });

  it('reads a list from Windows and of an old Macintosh, and refuses what is no UTF-8', async () => {
    await put(`été/1.${ending}`, `dog/2.${ending}`);
    const [text, json] = [join(root, '../w.txt'), join(root, '../w.json')];
    await writeFile(json, '\ufeff["dog", "été"]');
    for (const ends of ['\r', '\r\n', '\n']) {
      await writeFile(text, ['dog', 'été', ''].join(ends));
      for (const classes of [text, json]) expect(await opened({ classes })).toEqual([2, ['dog', 'été'], [0, 1]]);
    }
    for (const [bytes, at] of [
      [Buffer.from('dog\nété\n', 'latin1'), 4],
      [Buffer.from('dog\nété\n', 'utf16le'), 1],
      [Buffer.from('\ufeffdog\nété\n', 'utf16le'), 0],
    ] as const)
      for (const path of [text, json]) {
        await writeFile(path, bytes);
        const error: unknown = await open(root, { classes: path, allowEmpty: true }).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ path, offset: at });
        expect((error as Error).message).toContain('is not UTF-8 text, as a list of classes is; convert it to UTF-8');
      }
    await writeFile(text, 'dog\nété\n');
    expect(await opened({ classes: text })).toEqual([2, ['dog', 'été'], [0, 1]]);
    await rm(text);
    await rm(json);
  });

  it('refuses folders that are not in the list, and says what differs', async () => {
    await put(`Cat/1.${ending}`, `dog/2.${ending}`);
    await expect(open(root, { classes: ['cat', 'dog'] })).rejects.toThrow(
      /has the class folders 'Cat', not in the option classes; 'cat' in it differs by case; add them/,
    );
    await expect(open(root, { classes: ['Cat', 'cow'] })).rejects.toThrow(
      /has the class folders 'dog', not in the option classes; the list has 2: 'Cat', 'cow'/,
    );
    expect(await opened({ classes: ['dog', 'x', 'Cat'], allowEmpty: true })).toEqual([2, ['dog', 'x', 'Cat'], [2, 0]]);
  });

  it('takes names that Unicode writes in two ways for one, and sorts them alike on every system', async () => {
    const [composed, decomposed] = ['\u00e9', 'e\u0301'];
    await put(`${decomposed}/1.${ending}`, `f/2.${ending}`);
    // Sorted as they are stored, 'e' would come before 'f'.
    expect(await opened()).toEqual([2, ['f', composed], [1, 0]]);
    expect(await opened({ classes: [composed, 'f'] })).toEqual([2, [composed, 'f'], [0, 1]]);
    await put(`${composed}/3.${ending}`);
    // Some file systems take both names for one.
    const both = (await readdir(root)).length === 3;
    expect(await opened()).toEqual(both ? [3, ['f', composed], [1, 0, 1]] : [3, ['f', composed], [1, 1, 0]]);
  });

  it('keeps names apart by case, and passes hidden folders over', async () => {
    await put(`a/1.${ending}`, `A/2.${ending}`, `.git/3.${ending}`);
    await mkdir(join(root, '.cache'));
    // Some file systems take both names for one.
    const apart = (await readdir(root)).length === 4;
    expect((await opened())[1]).toEqual(apart ? ['A', 'a'] : ['a']);
  });

  it('takes a list with a byte order mark, and refuses one that is not UTF-8', async () => {
    await put(`b/1.${ending}`, `\u00e9/2.${ending}`);
    const list = join(root, '../marked.txt');
    await writeFile(list, '\ufeff\u00e9\r\nb\r\n');
    expect((await opened({ classes: list }))[1]).toEqual(['\u00e9', 'b']);
    await writeFile(`${list}.json`, '\ufeff["\u00e9", "b"]');
    expect((await opened({ classes: `${list}.json` }))[1]).toEqual(['\u00e9', 'b']);
    for (const encoding of ['latin1', 'utf16le'] as const) {
      await writeFile(list, `${encoding === 'utf16le' ? '\ufeff' : ''}\u00e9\nb\n`, encoding);
      await expect(open(root, { classes: list })).rejects.toThrow(
        /marked\.txt: is not UTF-8 text, .*; convert it to UTF-8/,
      );
    }
  });

  it.each([
    ['nothing', []],
    ['a name twice', ['a', 'b', 'a']],
    ['a name in two ways of writing', ['\u00e9', 'e\u0301']],
    ['an empty name', ['a', '']],
    ['a number', ['a', 1] as unknown as string[]],
    ['no list', { 0: 'a' } as unknown as string[]],
  ])('refuses a list of %s', async (_, classes) => {
    await put(`a/1.${ending}`);
    await expect(open(root, { classes })).rejects.toBeInstanceOf(InvalidOptionError);
  });
});
