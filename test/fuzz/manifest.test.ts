import { readFileSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ImageFolderDataset, ManifestDataset, TextLineDataset } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';

const maxBytes = 2 ** 20;
const golden = (name: string): Buffer => readFileSync(new URL(`../golden/data/zstd/${name}`, import.meta.url));

const csv = Buffer.from(
  'id,image,label\n1,"a ""b"", c.png",12\n2,sub/d.png,-1\n3,./e.jpg,\n4,sub/../f.webp,3.0\n5,"g\nh.png",7\n',
);
const tsv = Buffer.from('file_name\tclass\na.png\tdog\nsub/b.png\tape\nc.png\tdog\n');
const jsonl = Buffer.from(
  '{"image":"a.png","label":1,"size":[3,4]}\n{"image":"sub\\/b\\u00e4.png","label":null}\n\n{"label":2,"image":"c.png"}\n',
);

function expectImages(path: string, dataset: ImageFolderDataset | ManifestDataset): void {
  expect(dataset.length).toBeGreaterThan(0);
  for (let index = 0; index < dataset.length; index++)
    expect(dataset.path(index).startsWith(dirname(path) + sep)).toBe(true);
  const { labels, classes } = dataset;
  if (labels === undefined) expect(classes).toEqual([]);
  else expect(labels).toHaveLength(dataset.length);
  if (classes.length > 0) expect(labels!.every((label) => label >= -1 && label < classes.length)).toBe(true);
}

function expectTexts(dataset: TextLineDataset): void {
  expect(dataset.length).toBeGreaterThan(0);
  for (let index = 0; index < dataset.length; index++) expect(dataset.get(index)).toMatch(/[^\0- ]/);
}

describeFuzz(
  'manifest',
  [
    { name: 'a.csv', bytes: csv },
    { name: 'b.csv.gz', bytes: csv, wrap: gzipSync },
    { name: 'c.tsv', bytes: tsv },
    { name: 'd.jsonl', bytes: jsonl },
    { name: 'e.jsonl.gz', bytes: gzipSync(jsonl) },
    { name: 'f.csv.zst', bytes: golden('manifest.zst') },
  ],
  async (path) => expectImages(path, await ManifestDataset.open(path, { maxBytes })),
  { maxAllocation: 2 ** 25, headerBytes: 200 },
);

describeFuzz(
  'list of images',
  [
    { name: 'names.txt', bytes: Buffer.from('a.png\tdog\nsub/b c.JPG\tape\n\nd.webp\n') },
    { name: 'integers.txt', bytes: Buffer.from('a.png 3\n./b.png,12\nc.png\n') },
  ],
  async (path) => expectImages(path, await ImageFolderDataset.fromList(path)),
  { maxAllocation: 2 ** 22, headerBytes: 60 },
);

describeFuzz(
  'text',
  [
    { name: 'a.txt', bytes: Buffer.from('\uFEFFone\r\ntwo äöü\n\n漢字 🦊\n') },
    { name: 'b.gz', bytes: gzipSync('one\ntwo\n'.repeat(50)) },
    { name: 'small.zst', bytes: golden('small.zst') },
    { name: 'frames.zst', bytes: golden('frames.zst') },
    { name: 'words.zst', bytes: golden('level-19.zst') },
  ],
  async (path) => expectTexts(await TextLineDataset.open(path, { maxBytes })),
  { maxAllocation: 2 ** 26, headerBytes: 700 },
);

describeFuzz(
  'JSONL text',
  [
    { name: 'a.jsonl', bytes: Buffer.from('{"text":"one"}\n{"n":[1,{"a":"b"}],"text":"zw\\u00f6lf\\n"}\n') },
    { name: 'b.jsonl', bytes: Buffer.from('{"text":"one"}\n'.repeat(20)), wrap: gzipSync },
  ],
  async (path) => expectTexts(await TextLineDataset.open(path, { field: 'text', maxBytes })),
  { maxAllocation: 2 ** 23, headerBytes: 100 },
);
