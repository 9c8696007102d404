import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ImageFolderDataset,
  LmdbDataset,
  ManifestDataset,
  packLmdb,
  packWebDataset,
  WebDataset,
  WebDatasetWriter,
} from '@selfsup/ssl-data';
import sharp from 'sharp';
import type { Outcome, PlayCase } from '../kind.js';
import { mustRefuse, settle } from '../settled.js';
import { playNamed } from './named-cases.js';

/** A tar of one member. */
function tar(name: string, bytes: Uint8Array, type = '0', link = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${(type === '0' ? bytes.length : 0).toString(8).padStart(11, '0')}\0`, 124);
  header.write(`        ${type}${link}`, 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = type === '0' ? [bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)] : [];
  return Buffer.concat([header, ...body, Buffer.alloc(1024)]);
}

/** Packs what a tar holds, and looks that nothing was written outside of the target. */
async function packed(folder: string, archive: Buffer, to: 'tar' | 'lmdb'): Promise<Outcome> {
  const inside = join(folder, 'inside');
  await mkdir(inside);
  await writeFile(join(inside, 'a.tar'), archive);
  const settled = await settle(async () => {
    const dataset = await WebDataset.open(join(inside, 'a.tar'), { label: 'none' });
    try {
      if (to === 'tar') await packWebDataset(dataset, join(inside, 'out'));
      else await packLmdb(dataset, join(inside, 'out'));
      return dataset.length;
    } finally {
      await dataset.close();
    }
  });
  const outside = (await readdir(folder)).filter((name) => name !== 'inside');
  if (outside.length > 0 || existsSync('/escaped.png')) throw new RangeError(`written outside: ${outside.join(', ')}`);
  return 'refused' in settled ? 'refused' : 'same';
}

/** Names that lead out of the folder in which they stand. */
export async function openEscapes(base: string): Promise<PlayCase> {
  const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const manifest =
    (name: string, text: (folder: string) => string) =>
    async (folder: string): Promise<Outcome> => {
      const inside = join(folder, 'inside');
      await mkdir(inside);
      await writeFile(join(folder, 'secret.png'), png);
      await writeFile(join(inside, name), text(folder));
      return mustRefuse(async () => (await ManifestDataset.open(join(inside, name))).get(0));
    };
  return playNamed(base, {
    'tar: ../ in a name, packed to tar': (folder) => packed(folder, tar('../escaped.png', png), 'tar'),
    'tar: an absolute name, packed to LMDB': (folder) => packed(folder, tar('/escaped.png', png), 'lmdb'),
    'tar: a symbolic link': (folder) => packed(folder, tar('a.png', png, '2', '/etc/passwd'), 'tar'),
    'manifest: ../ in CSV': manifest('a.csv', () => 'image,label\n../secret.png,1\n'),
    'manifest: an absolute path in JSONL': manifest(
      'a.jsonl',
      (folder) => `{"image":"${folder}/secret.png","label":1}\n`,
    ),
    'manifest: a URL': manifest('a.csv', () => 'image,label\nfile:///etc/passwd,1\n'),
    'list: ../ in a name': async (folder) => {
      const inside = join(folder, 'inside');
      await mkdir(inside);
      await writeFile(join(folder, 'secret.png'), png);
      await writeFile(join(inside, 'list.txt'), '../secret.png 1\n');
      return mustRefuse(async () => (await ImageFolderDataset.fromList(join(inside, 'list.txt'))).get(0));
    },
    'writer: ../ in a key': async (folder) => {
      const writer = await WebDatasetWriter.create(join(folder, 'out'));
      try {
        return await mustRefuse(() => writer.write({ key: '../escaped', members: { png } }));
      } finally {
        await writer.abort();
      }
    },
    'LMDB: a link in place of the database': async (folder) => {
      const precious = join(folder, 'precious');
      await writeFile(precious, 'mine');
      await mkdir(join(folder, 'out'));
      await symlink(precious, join(folder, 'out', 'data.mdb'));
      await mkdir(join(folder, 'photos'));
      await writeFile(join(folder, 'photos', 'a.png'), png);
      const dataset = await ImageFolderDataset.open(join(folder, 'photos'), { labels: 'none' });
      const settled = await settle(async () => {
        await packLmdb(dataset, join(folder, 'out'), { overwrite: true });
        await (await LmdbDataset.open(join(folder, 'out'))).close();
      });
      if ((await readFile(precious, 'utf8')) !== 'mine') throw new RangeError('wrote over a file through a link');
      return 'refused' in settled ? 'refused' : 'same';
    },
  });
}
