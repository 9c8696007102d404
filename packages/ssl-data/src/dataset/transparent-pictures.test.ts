import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../cli/main.js';
import { DataLoader, ImageFolderDataset, openSource, packLmdb, packWebDataset, sequentialSampler } from '../index.js';

const goldens = new URL('../../../../test/golden/images/alpha/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('alpha.json', goldens), 'utf8')) as {
  cases: { name: string; file: string; over: Record<'white' | 'black', string> }[];
};
const [transparent, opaque] = ['PNG, RGBA', 'PNG, RGBA that is opaque'].map((wanted) =>
  cases.find(({ name }) => name === wanted)!,
) as [(typeof cases)[0], (typeof cases)[0]];
const files = [transparent, opaque].map(({ file }) => Buffer.from(file, 'base64'));

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'ssl-data-alpha-'));
  await mkdir(join(base, 'folder'));
  for (const [index, file] of files.entries()) await writeFile(join(base, 'folder', `${index}.png`), file);
  await writeFile(join(base, 'table.csv'), 'path\nfolder/0.png\nfolder/1.png\n');
  await writeFile(join(base, 'list.lst'), 'folder/0.png\nfolder/1.png\n');
  const samples = files.map((png, index) => ({ key: `s${index}`, members: { png } }));
  await packWebDataset(samples, join(base, 'shards'));
  await packLmdb(await ImageFolderDataset.open(join(base, 'folder')), join(base, 'lmdb'));
});
afterAll(() => rm(base, { recursive: true }));

const places: Readonly<Record<string, string>> = {
  folder: 'folder',
  manifest: 'table.csv',
  list: 'list.lst',
  webdataset: 'shards',
  lmdb: 'lmdb',
  parquet: fileURLToPath(new URL('alpha.parquet', goldens)),
};
const placeOf = (kind: string): string => (kind === 'parquet' ? places[kind]! : join(base, places[kind]!));
const worstOf = (data: Uint8Array, expected: Uint8Array): number =>
  data.reduce((most, level, i) => Math.max(most, Math.abs(level - expected[i]!)), 0);

it.each(Object.keys(places))('are blended in a data set of kind %s, also in workers', async (kind) => {
  for (const background of ['white', 'black'] as const) {
    const decoding = background === 'white' ? {} : { decoding: { background } };
    const opened = await openSource(placeOf(kind), { content: 'images', ...decoding });
    const loader = new DataLoader({
      dataset: opened.dataset,
      batchSize: 2,
      workers: background === 'black' ? 1 : 0,
      sampler: sequentialSampler(2),
    });
    try {
      for (const [index, { over }] of [transparent, opaque].entries()) {
        const { image } = (await opened.dataset.get(index)) as { image: { data: Uint8Array } };
        expect(worstOf(image.data, Buffer.from(over[background], 'base64'))).toBeLessThanOrEqual(1);
      }
      for await (const { images } of loader.epoch(0)) {
        const both = [transparent, opaque].map(({ over }) => Buffer.from(over[background], 'base64'));
        expect(worstOf((images as { data: Uint8Array }).data, Buffer.concat(both))).toBeLessThanOrEqual(1);
      }
    } finally {
      await loader.close();
      await opened.close();
    }
  }
});

it.each(Object.keys(places))('are counted by inspect in a source of kind %s', async (kind) => {
  const inspect = async (...argv: string[]): Promise<string> => {
    let text = '';
    const status = await main(['inspect', placeOf(kind), ...argv], {
      stdout: { write: (part: string) => void (text += part) },
      stderr: { write: () => {} },
    });
    expect(status).toBe(0);
    return text;
  };
  expect(await inspect()).toContain(
    '\nalpha    1 of 2 samples have transparent pixels; blended over white (option background)\n',
  );
  expect(await inspect('--background', 'drop', '--check')).toContain('their alpha is dropped, not blended');
  const { transparent: found } = JSON.parse(await inspect('--json', '--background', '200,30,90')) as {
    transparent: unknown;
  };
  expect(found).toEqual({ samples: 1, background: [200, 30, 90] });
});
