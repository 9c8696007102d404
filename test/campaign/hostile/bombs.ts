import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { fileReaders } from '../../support/file-readers.js';
import { idxFile } from '../../support/file-seeds.js';
import type { Outcome, PlayCase } from '../kind.js';
import { mustRefuse, settle } from '../settled.js';
import { playNamed } from './named-cases.js';

const gigabyte = 2 ** 30;
/** By a limit that the bombs are beyond by far. */
const readers = fileReaders(2 ** 24);

/** Gzip of a head and then many times the same byte: compressed once, since flushed blocks may be repeated. */
function gzipBomb(head: Uint8Array, byte: number, bytes: number): Buffer {
  const flushed = { finishFlush: constants.Z_FULL_FLUSH };
  const piece = Buffer.alloc(2 ** 24, byte);
  const block = deflateRawSync(piece, flushed);
  const blocks = Array.from({ length: Math.ceil(bytes / piece.length) }, () => block);
  // An empty last block, and a checksum that nobody gets to.
  const end = Buffer.from('03000000000000000000', 'hex');
  return Buffer.concat([Buffer.from('1f8b08000000000000ff', 'hex'), deflateRawSync(head, flushed), ...blocks, end]);
}

/** A zstd frame of blocks that repeat one byte. Source: RFC 8878, sections 3.1.1.1 and 3.1.1.2. */
function zstdBomb(byte: number, bytes: number): Buffer {
  const block = 2 ** 17;
  const count = Math.ceil(bytes / block);
  const frame = Buffer.alloc(6 + 4 * count);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]);
  for (let index = 0; index < count; index++) {
    const header = (index === count - 1 ? 1 : 0) | (1 << 1) | (block << 3);
    frame.writeUIntLE(header, 6 + 4 * index, 3);
    frame[6 + 4 * index + 3] = byte;
  }
  return frame;
}

/** A zip of one deflated member; its directory may lie about the size. */
function zip(name: string, deflated: Buffer, size: number, sum: number): Buffer {
  const fields = Buffer.alloc(16);
  fields.writeUInt32LE(sum, 0);
  fields.writeUInt32LE(deflated.length, 4);
  fields.writeUInt32LE(size, 8);
  fields.writeUInt16LE(name.length, 12);
  const method = Buffer.from('140000000800000000000000'.slice(0, 20), 'hex');
  const local = Buffer.concat([Buffer.from('504b0304', 'hex'), method, fields, Buffer.from(name)]);
  const head = Buffer.from('504b01021400', 'hex');
  const central = Buffer.concat([head, method, fields, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + deflated.length, 16);
  return Buffer.concat([local, deflated, central, end]);
}

const idxHead = idxFile([0], 0x08, 1, [2 ** 32 - 256]);
const npyHead = ((text: string) =>
  Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.of(118, 0), Buffer.from(`${text.padEnd(117)}\n`)]))(
  "{'descr': '|u1', 'fortran_order': False, 'shape': (1073741824,), }",
);

/** Files that are small on the disk and large in memory. */
export async function openBombs(base: string): Promise<PlayCase> {
  const refused =
    (name: string, bytes: () => Uint8Array, read: (path: string) => unknown) =>
    async (folder: string): Promise<Outcome> => {
      const path = join(folder, name);
      await writeFile(path, bytes());
      return mustRefuse(() => read(path));
    };
  const zeros = Buffer.alloc(2 ** 26);
  return playNamed(base, {
    'gzip: IDX of 1 GB': refused('a.gz', () => gzipBomb(idxHead, 0, gigabyte), readers.idx.read),
    'gzip: npy of 1 GB': refused('a.npy.gz', () => gzipBomb(npyHead, 0, gigabyte), readers.npy.read),
    'gzip: NIfTI of 1 GB': refused('a.nii.gz', () => gzipBomb(Buffer.alloc(348), 0, gigabyte), readers.nifti.read),
    'gzip: CIFAR archive of 1 GB': refused(
      'a.tar.gz',
      () => gzipBomb(Buffer.alloc(0), 0, gigabyte),
      readers.cifar.read,
    ),
    'gzip: text of 1 GB in one line': refused(
      'a.gz',
      () => gzipBomb(Buffer.from('a'), 0x61, gigabyte),
      readers.text.read,
    ),
    'gzip: manifest of 1 GB': refused(
      'a.csv.gz',
      () => gzipBomb(Buffer.from('image,label\n'), 0x61, gigabyte),
      readers.manifest.read,
    ),
    'zstd: text of 4 GB in 128 kB': refused('a.zst', () => zstdBomb(0x61, 4 * gigabyte), readers.text.read),
    'zstd: empty lines, 1 GB': async (folder) => {
      const path = join(folder, 'a.zst');
      await writeFile(path, zstdBomb(0x0a, gigabyte));
      const settled = await settle(() => readers.text.read(path));
      return 'refused' in settled ? 'refused' : 'same';
    },
    'zip: npz whose member is larger than it says': refused(
      'a.npz',
      () => zip('a.npy', deflateRawSync(zeros), 200, crc32(zeros)),
      readers.npz.read,
    ),
    'Parquet: a page that claims 2 GB': refused(
      'a.parquet',
      () => Buffer.concat([Buffer.from('PAR1'), gzipSync(zeros), Buffer.from('00000000', 'hex'), Buffer.from('PAR1')]),
      readers.parquet.read,
    ),
  });
}
