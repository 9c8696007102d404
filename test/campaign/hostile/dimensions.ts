import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import {
  DataLoader,
  decodeImage,
  evaluationViews,
  ImageFolderDataset,
  openIdx,
  openNifti,
  openNpy,
  ParquetImageDataset,
  TextLineDataset,
} from '@selfsup/ssl-data';
import { loadSafetensors } from '@selfsup/ssl-nn';
import type { Outcome, PlayCase } from '../kind.js';
import { mustRefuse, settle } from '../settled.js';
import { playNamed } from './named-cases.js';

/** Refuses a file of these bytes. */
const file =
  (name: string, bytes: () => Uint8Array, read: (path: string) => unknown) =>
  async (folder: string): Promise<Outcome> => {
    const path = join(folder, name);
    await writeFile(path, bytes());
    return mustRefuse(() => read(path));
  };

function safetensors(header: unknown, dataBytes = 0): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
}

function idxHeader(shape: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * shape.length);
  bytes.writeUInt32BE(0x0d00 + shape.length);
  shape.forEach((side, axis) => bytes.writeUInt32BE(side, 4 + 4 * axis));
  return bytes;
}

function npyHeader(shape: string): Buffer {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.of(118, 0), Buffer.from(`${text}\n`)]);
}

function niftiHeader(sides: readonly number[]): Buffer {
  const bytes = Buffer.alloc(352);
  bytes.writeInt32LE(348, 0);
  [sides.length, ...sides].forEach((side, axis) => bytes.writeInt16LE(side, 40 + 2 * axis));
  bytes.writeInt16LE(64, 70);
  bytes.writeInt16LE(64, 72);
  bytes.writeFloatLE(352, 108);
  bytes.write('n+1\0', 344, 'latin1');
  return bytes;
}

/** A PNG of a header that claims sides, and hardly any pixels. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.alloc(100_000));
  const parts = [chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]);
}

function gif(width: number, height: number): Buffer {
  const bytes = Buffer.from('474946383961000000000000002c000000000000000000024401003b', 'hex');
  for (const at of [6, 15 + 4]) {
    bytes.writeUInt16LE(width, at - (at === 6 ? 0 : 1));
    bytes.writeUInt16LE(height, at + 2 - (at === 6 ? 0 : 1));
  }
  return bytes;
}

async function flat(path: string, width: number, height: number): Promise<void> {
  const picture = sharp({ create: { width, height, channels: 3, background: 'grey' }, limitInputPixels: false });
  await picture.toColourspace('b-w').png({ compressionLevel: 1 }).toFile(path);
}

/** Refused, or answered within the limits of the kind. */
async function answered(read: () => unknown): Promise<Outcome> {
  return 'refused' in (await settle(read)) ? 'refused' : 'same';
}

const tensor = (shape: readonly number[], end: number): unknown => ({
  a: { dtype: 'F32', shape, data_offsets: [0, end] },
});

/** Files whose headers claim what no memory holds, and pictures that no view can use. */
export async function openHugeDimensions(base: string): Promise<PlayCase> {
  return playNamed(base, {
    'IDX of 2^96 elements': file(
      'a',
      () => idxHeader([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]),
      (path) => openIdx(path),
    ),
    'IDX of 1 GB in no bytes': file(
      'a',
      () => idxHeader([2 ** 28]),
      (path) => openIdx(path),
    ),
    'npy of 10^15 elements': file(
      'a.npy',
      () => npyHeader('(1000000000000000,)'),
      (path) => openNpy(path),
    ),
    'npy of many sides': file(
      'a.npy',
      () => npyHeader('(99999, 99999, 99999, 99999)'),
      (path) => openNpy(path),
    ),
    'NIfTI of 32767^4 voxels': file(
      'a.nii',
      () => niftiHeader([32767, 32767, 32767, 32767]),
      (path) => openNifti(path),
    ),
    'PNG of 2^31 - 1 squared': file(
      'a.png',
      () => png(2 ** 31 - 1, 2 ** 31 - 1),
      (path) => decodeImage(path),
    ),
    'PNG of 50,000 squared': file(
      'a.png',
      () => png(50_000, 50_000),
      (path) => decodeImage(path),
    ),
    'GIF of 65,535 squared': file(
      'a.gif',
      () => gif(65_535, 65_535),
      (path) => decodeImage(path),
    ),
    'safetensors of 2^62 bytes': file(
      'a.safetensors',
      () => safetensors(tensor([2 ** 31, 2 ** 31], 2 ** 53)),
      (path) => loadSafetensors(path),
    ),
    'safetensors of a side beyond the integers': file(
      'a.safetensors',
      () => safetensors('{"a":{"dtype":"F32","shape":[18446744073709551617,0],"data_offsets":[0,0]}}'),
      (path) => loadSafetensors(path),
    ),
    'safetensors with a header of 90 MB': async (folder) => {
      const path = join(folder, 'a.safetensors');
      const name = 'x'.repeat(86);
      const entries = Array.from(
        { length: 600_000 },
        (_, at) => `"${name}${at}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`,
      );
      await writeFile(path, safetensors(`{${entries.join(',')}}`));
      entries.length = 0;
      return answered(() => loadSafetensors(path).then(({ tensors }) => tensors.size));
    },
    'Parquet with a footer of 4 GB': file(
      'a.parquet',
      () => Buffer.from('PAR1\xff\xff\xff\xffPAR1', 'latin1'),
      (path) => ParquetImageDataset.open(path),
    ),
    'a picture of 30,000 x 1 in a view': async (folder) => {
      await flat(join(folder, 'a.png'), 1, 30_000);
      return answered(() => viewed(folder, 1));
    },
    'a picture of 16,000 x 1 in a view': async (folder) => {
      await flat(join(folder, 'a.png'), 16_000, 1);
      return answered(() => viewed(folder, 1));
    },
    'eight pictures of 7,000 x 7,000 in one batch': async (folder) => {
      await flat(join(folder, '0.png'), 7000, 7000);
      const { copyFile } = await import('node:fs/promises');
      for (let index = 1; index < 8; index++) await copyFile(join(folder, '0.png'), join(folder, `${index}.png`));
      return answered(() => viewed(folder, 8));
    },
    'a text of 40 million empty lines': async (folder) => {
      const path = join(folder, 'a.txt');
      await writeFile(path, `one${'\n'.repeat(40_000_000)}two\n`);
      return answered(async () => (await TextLineDataset.open(path)).length);
    },
  });
}

async function viewed(folder: string, batchSize: number): Promise<unknown> {
  const dataset = await ImageFolderDataset.open(folder, { labels: 'none' });
  const loader = new DataLoader({
    dataset,
    views: evaluationViews({ size: 224 }),
    batchSize,
    decodeMemory: 2 ** 29,
    workers: 0,
    shuffle: false,
  });
  try {
    const shapes: unknown[] = [];
    for await (const batch of loader.epoch(0)) shapes.push(batch);
    return shapes.length;
  } finally {
    await loader.close();
  }
}
