import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { DataLoader } from '../loader/data-loader.js';
import { datasetFromSource } from './dataset-from-source.js';
import { ManifestDataset } from './manifest-dataset.js';

const base = await mkdtemp(join(tmpdir(), 'manifest-'));
let root: string;
let count = 0;
beforeEach(async () => {
  root = join(base, String(count++));
  await mkdir(root);
});
afterAll(() => rm(base, { recursive: true }));

async function put(relative: string, bytes: Uint8Array | string): Promise<string> {
  const path = join(root, relative);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return path;
}
const gray = (value: number): Promise<Buffer> =>
  sharp(Buffer.from([value]), { raw: { width: 1, height: 1, channels: 1 } })
    .png()
    .toBuffer();
const names = (dataset: ManifestDataset): string[] =>
  Array.from({ length: dataset.length }, (_, index) => dataset.path(index).slice(root.length + 1));
async function refused(opening: Promise<unknown>): Promise<DataError> {
  const error = await opening.catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  return error;
}

describe('ManifestDataset', () => {
  it.each([
    ['data.csv', 'id,File Name,FILENAME,Label\n1,-,sub/a.png,dog\n2,-,"b, ""c"".png",Ape\n\n3,-,sub/../d.png,dog\n'],
    ['data.tsv', 'id\tfilename\tlabel\r\n1\tsub/a.png\tdog\r\n2\t"b, ""c"".png"\tApe\r\n3\t./d.png\tdog'],
    [
      'data.jsonl',
      '{"path":"sub/a.png","category":"dog"}\n\n{"category":"Ape","path":"b, \\"c\\".png"}\n{"path":"d.png","category":"dog"}',
    ],
  ])('reads %s, plain and gzip', async (name, text) => {
    for (const path of [await put(name, `\uFEFF${text}`), await put(`${name}.gz`, gzipSync(text))]) {
      const dataset = await ManifestDataset.open(path);
      expect(names(dataset)).toEqual(['sub/a.png', 'b, "c".png', 'd.png']);
      expect(dataset.classes).toEqual(['Ape', 'dog']);
      expect([...dataset.labels!]).toEqual([1, 0, 1]);
    }
  });

  it('reads Zstandard', async () => {
    const zstd = new URL('../../../../test/golden/data/zstd/manifest.zst', import.meta.url);
    const dataset = await ManifestDataset.open(await put('data.csv.zst', await readFile(zstd)));
    expect(names(dataset)).toEqual(Array.from({ length: 50 }, (_, i) => `images/${i}.png`));
    expect([...dataset.labels!]).toEqual(Array.from({ length: 50 }, (_, i) => (i * 7) % 10));
  });

  it('delivers images with labels, the same in workers', async () => {
    const rows = ['image,label'];
    for (let i = 0; i < 12; i++) {
      await put(`images/${i}.png`, await gray(20 * i));
      rows.push(`${i}.png,${(i * 5) % 7}`);
    }
    const path = await put('lists/data.csv', rows.join('\n'));
    const dataset = await ManifestDataset.open(path, { root: join(root, 'images'), channels: 1 });
    expect(dataset.classes).toEqual([]);
    expect(await dataset.get(3)).toEqual({ image: { data: Uint8Array.of(60), shape: [1, 1, 1] }, label: 1 });
    const again = await datasetFromSource(structuredClone(dataset.source));
    expect(await again.get(11)).toEqual({ image: { data: Uint8Array.of(220), shape: [1, 1, 1] }, label: 6 });
    const loader = new DataLoader({ dataset, batchSize: 12, seed: 1, workers: 1 });
    for await (const { images, labels, index } of loader.epoch(0)) {
      expect([...images.data]).toEqual([...index.data].map((i) => 20 * i));
      expect([...labels!.data]).toEqual([...index.data].map((i) => (i * 5) % 7));
    }
    await loader.close();
  });

  it.each(['1.5', 'NaN', '1e3', '-inf', '.5', '+1.'])(
    'refuses the number %s as a class, unless as a name',
    async (label) => {
      const path = await put('number.csv', `image,label\na.png,${label}\nb.png,\n`);
      await expect(ManifestDataset.open(path)).rejects.toThrow(
        `line 2 has the label ${label}, a number that is no class; classes are 0, 1, 2 and so on, -1 is no label, and labels: 'names' takes it as a name`,
      );
      const dataset = await ManifestDataset.open(path, { labels: 'names' });
      expect([dataset.classes, [...dataset.labels!]]).toEqual([[label], [0, -1]]);
    },
  );

  it('takes integers as they are, and as names when asked to', async () => {
    const path = await put('data.csv', 'image,label\na.png,10\nb.png,\nc.png,-1\nd.png,9.0\ne.png, 007\n');
    const integers = await ManifestDataset.open(path);
    expect([...integers.labels!]).toEqual([10, -1, -1, 9, 7]);
    expect(integers.classes).toEqual([]);
    const asNames = await ManifestDataset.open(path, { labels: 'names' });
    expect(asNames.classes).toEqual(['-1', '007', '10', '9.0']);
    expect([...asNames.labels!]).toEqual([2, -1, 0, 3, 1]);
    const none = await ManifestDataset.open(path, { labelColumn: false });
    expect([none.labels, none.classes]).toEqual([undefined, []]);
    const json = await put(
      'data.jsonl',
      '{"image":"a.png","label":4}\n{"image":"b.png"}\n{"image":"c.png","label":null}',
    );
    expect([...(await ManifestDataset.open(json)).labels!]).toEqual([4, -1, -1]);
  });

  it('takes chosen columns, delimiter and format', async () => {
    const path = await put('list.txt', 'image;path;kind\nno;a.png;x\nno;b.png;w\n');
    const options = { format: 'csv', delimiter: ';', imageColumn: 'path', labelColumn: 'kind' } as const;
    const dataset = await ManifestDataset.open(path, options);
    expect([names(dataset), [...dataset.labels!]]).toEqual([
      ['a.png', 'b.png'],
      [1, 0],
    ]);
    await expect(ManifestDataset.open(path)).rejects.toThrow(InvalidOptionError);
    await expect(ManifestDataset.open(path, { ...options, delimiter: '::' })).rejects.toThrow(/one character/);
  });

  it.each<[string, string, object, RegExp]>([
    ['a path above', 'image\na.png\n../x.png\n', {}, /data\.csv: line 3 names '\.\.\/x\.png', which lies outside/],
    ['a path above in between', 'image\na/../../x.png\n', {}, /line 2 names .* outside/],
    ['another root', 'image\n/etc/passwd\n', {}, /line 2 names '\/etc\/passwd', which lies outside/],
    ['the root', 'image\na/..\n', {}, /line 2 names 'a\/\.\.', which lies outside/],
    ['an address', 'image\nhttps://host/a.png\n', {}, /line 2 names 'https:\/\/host\/a\.png'; download/],
    ['an empty path', 'image,label\n,3\n', {}, /line 2 names no file/],
    ['NUL', 'image\na\0.png\n', {}, /line 2 names a file with a NUL/],
    ['Latin-1', Buffer.from('image\na\xe4.png\n', 'latin1').toString('latin1'), { latin: true }, /line 2 is not valid/],
    ['no known column', 'x,y\na,b\n', {}, /no column has a usual name for images; it has 'x', 'y'; pass imageColumn/],
    ['two columns', 'image,path\na,b\n', {}, /more than one column may be meant: 'image', 'path'; pass imageColumn/],
    ['a missing column', 'image,y\na,b\n', { labelColumn: 'z' }, /no column is named 'z', as labelColumn says/],
    ['a doubled column', 'image,y,y\na,b,c\n', { labelColumn: 'y' }, /2 columns are named 'y'/],
    ['a short row', 'image,label\na.png,1\nb.png\n', {}, /line 3 is no row of the table/],
    ['a stray quote', 'image,label\na"b.png,1\n', {}, /line 2 is no row of the table .*twice/],
    ['a quote without end', 'image,label\n"a.png,1\nb.png,2\n', {}, /is no row of the table .*Quote Not Closed/i],
    ['a long row', `image\na.png\n${'x'.repeat(102)}\n`, { maxLineBytes: 100 }, /line 3 is in a row of more than 100/],
    ['too many rows', 'image\na\nb\nc\n', { maxRows: 2 }, /line 4 is row 3, the limit is 2/],
    ['too many bytes', 'image\na\nb\nc\n', { maxBytes: 8 }, /is larger than 8 bytes/],
    ['a name among integers', 'image,label\na,1\nb,\nc,l2\n', {}, /line 4 has the label 'l2' among integers/],
    ['an integer among names', 'image,label\na,cat\nb,1\n', {}, /line 3 has the label 1 among names/],
    ['a name where integers are asked', 'image,label\na,cat\n', { labels: 'integers' }, /line 2 has the label 'cat'/],
    ['a large integer', 'image,label\na,2147483648\n', {}, /line 2 has the label 2147483648; .* 32 bits/],
    ['no rows', 'image,label\n', {}, /lists no images/],
    ['nothing', '', {}, /lists no images/],
  ])('refuses %s', async (_, text, { latin, ...options }: { latin?: boolean }, message) => {
    const path = await put('data.csv', latin === true ? Buffer.from(text, 'latin1') : text);
    const error = await refused(ManifestDataset.open(path, options));
    expect(error.message).toMatch(message);
    expect(error.path).toBe(path);
  });

  it.each<[string, string, RegExp]>([
    ['no string', '{"image":"a"}\n{"image":["b"]}\n', /line 2 has no string in 'image'/],
    ['a missing member', '{"image":"a"}\n{"file":"b"}\n', /line 2 has no string in 'image'/],
    [
      'a label that is none',
      '{"image":"a","label":1}\n{"image":"b","label":{}}\n',
      /line 2 has neither an integer nor/,
    ],
    ['a fraction', '{"image":"b","label":0.5}\n', /line 1 has neither an integer nor/],
    ['no JSON', '{"image":"b"\n', /line 1 is no JSON/],
  ])('refuses JSONL with %s', async (_, text, message) => {
    expect((await refused(ManifestDataset.open(await put('a.jsonl', text)))).message).toMatch(message);
  });

  it('says where in the file a row begins', async () => {
    const error = await refused(ManifestDataset.open(await put('a.csv', 'image\nä.png\n../b\n')));
    expect(error.offset).toBe(13);
  });

  it('bounds rows of nothing but delimiters', async () => {
    const path = await put('a.csv', `image\n${','.repeat(5_000_000)}\n`);
    expect((await refused(ManifestDataset.open(path))).message).toMatch(/line 2 is in a row of more than 65536 bytes/);
  });

  it('takes whole paths that lie under the root', async () => {
    const path = await put('a.csv', `image\n${join(root, 'x/y.png')}\n`);
    expect(names(await ManifestDataset.open(path))).toEqual(['x/y.png']);
  });

  it('names missing files and links that lead out when they are read', async () => {
    await writeFile(join(base, 'outside.png'), await gray(1));
    await symlink(join(base, 'outside.png'), join(root, 'link.png'));
    await put('in/a.png', await gray(2));
    await symlink(join(root, 'in'), join(root, 'alias'));
    const dataset = await ManifestDataset.open(await put('a.csv', 'image\nabsent.png\nlink.png\nalias/a.png\n'));
    expect((await refused(dataset.get(0))).message).toMatch(/absent\.png: no such file; check the list and its root/);
    expect((await refused(dataset.get(1))).message).toMatch(/link\.png: is a link that leads out of the data folder/);
    expect((await dataset.get(2)).image.data[0]).toBe(2);
    // Packing reads the files themselves.
    expect((await refused(dataset.checkedPath(1))).message).toMatch(/leads out/);
    expect(await dataset.checkedPath(2)).toBe(join(root, 'alias/a.png'));
  });
});
