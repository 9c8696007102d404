import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/arrays.json' with { type: 'json' };
import { openNpz } from './open-npz.js';

const arrays = fileURLToPath(new URL('../../../../test/golden/data/arrays/', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npz-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function stored(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

interface Member {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  readonly flags?: number;
  readonly method?: number;
  /** What the directory says in place of the truth. */
  readonly bytes?: number;
  readonly crc?: number;
}

/** A zip archive, with the lies that a test asks for. */
function zip(members: readonly Member[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const {
    name,
    data,
    deflate = false,
    flags = 0,
    method = deflate ? 8 : 0,
    bytes = data.length,
    crc,
  } of members) {
    const body = deflate ? deflateRawSync(data) : data;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc ?? crc32(data), 10);
    fields.writeUInt32LE(method === 0 && bytes !== data.length ? bytes : body.length, 14);
    fields.writeUInt32LE(bytes, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), fields, Buffer.from(name), body]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('504b0102', 'hex'), Buffer.of(20, 0), fields, tail, Buffer.from(name));
    bodies.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32BE(0x504b0506, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, list, end]);
}

function npy(count: number, data: Uint8Array): Buffer {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${count},), }\n`;
  return Buffer.concat([Buffer.from('934e554d50590100', 'hex'), Buffer.of(text.length, 0), Buffer.from(text), data]);
}

async function errorOf(work: Promise<unknown>): Promise<DataError> {
  const error = await work.catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  return error;
}

describe('openNpz', () => {
  it.each(['stored.npz', 'deflated.npz'])('reads what NumPy wrote: %s', async (name) => {
    const npz = await openNpz(join(arrays, name));
    expect(npz.names).toEqual(['images', 'labels', 'planes']);
    for (const [key, { shape, values }] of Object.entries(golden.npz)) {
      const array = await npz.get(key);
      expect(array.shape).toEqual(shape);
      expect([...array.data]).toEqual(key === 'planes' ? values.map(Math.fround) : values);
      expect(array.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });

  it('names what is there when asked for what is not', async () => {
    const npz = await openNpz(join(arrays, 'stored.npz'));
    await expect(npz.get('x')).rejects.toThrow(/has no array 'x'; it has images, labels, planes/);
  });

  it('passes over files that are no arrays', async () => {
    const path = await stored('mixed.npz', zip([{ name: 'notes.txt', data: Buffer.from('hello') }, one]));
    expect((await openNpz(path)).names).toEqual(['a']);
  });

  it('refuses a bomb before it unfolds', async () => {
    const bomb = zip([{ name: 'a.npy', data: npy(10_000_000, new Uint8Array(10_000_000)), deflate: true }]);
    expect(bomb.length).toBeLessThan(20_000);
    const npz = await openNpz(await stored('bomb.npz', bomb), { maxBytes: 1_000_000 });
    await expect(npz.get('a')).rejects.toThrow(/announces 10000000 bytes .* the limit is 1000000/);
  });

  it('allocates no more than the compressed bytes can unfold to', async () => {
    const lie = zip([
      { name: 'a.npy', data: npy(1_000_000_000, new Uint8Array(8)), deflate: true, bytes: 1_000_000_077 },
    ]);
    const error = await errorOf((await openNpz(await stored('lie.npz', lie))).get('a'));
    expect(error.message).toMatch(/truncated: .* the compressed file is too short for that/);
    expect(error.path).toBe(`${join(folder, 'lie.npz')}:a.npy`);
  });

  const one: Member = { name: 'a.npy', data: npy(4, Buffer.of(1, 2, 3, 4)) };
  it.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(), /is no zip archive/],
    ['text', Buffer.from('hello '.repeat(20)), /is no zip archive that can be read: End of central directory/],
    ['cut', zip([one]).subarray(0, -30), /is no zip archive/],
    ['twice', zip([one, one]), /holds two arrays named 'a'/],
    ['encrypted', zip([{ ...one, deflate: true, flags: 1 }]), /is encrypted or compressed by another method/],
    ['method', zip([{ ...one, method: 12 }]), /is encrypted or compressed by another method/],
    ['escape', zip([{ ...one, name: '../a.npy' }]), /invalid relative path/],
    ['beyond', zip([{ ...one, bytes: 1_000_000 }]), /overflows file bounds/],
  ])('refuses a bad archive: %s', async (name, bytes, message) => {
    const path = await stored(name, bytes);
    const error = await errorOf(openNpz(path));
    expect(error.message).toMatch(message);
    expect(error.path).toBe(path);
  });

  it.each<[string, Member, RegExp]>([
    ['checksum', { ...one, crc: 7 }, /damaged inside the archive \(its checksum differs\)/],
    ['checksum-deflated', { ...one, deflate: true, crc: 7 }, /its checksum differs/],
    ['more', { ...one, deflate: true, bytes: one.data.length - 1 }, /more than the 71 bytes that the directory says/],
    ['less', { ...one, deflate: true, bytes: one.data.length + 1 }, /longer than its header says/],
    ['no-deflate', { ...one, method: 8 }, /not an \.npy file/],
  ])('refuses a damaged array when it is read: %s', async (name, member, message) => {
    const npz = await openNpz(await stored(name, zip([member])));
    const error = await errorOf(npz.get('a'));
    expect(error.message).toMatch(message);
  });

  it('limits the number of files', async () => {
    const many = zip([one, { ...one, name: 'b.npy' }, { ...one, name: 'c.txt' }]);
    const path = await stored('many.npz', many);
    await expect(openNpz(path, { maxArrays: 2 })).rejects.toThrow(/more than 2 files; raise maxArrays/);
    expect((await openNpz(path, { maxArrays: 3 })).names).toEqual(['a', 'b']);
  });

  it('reads zip64 directories', async () => {
    // NumPy asks for zip64 in local headers only; this moves the offset of a member into the extra field, too.
    const plain = await readFile(join(arrays, 'stored.npz'));
    const start = plain.readUInt32LE(plain.length - 6);
    const nameLength = plain.readUInt16LE(start + 28);
    const extra = Buffer.alloc(12);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(8, 2);
    extra.writeBigUInt64LE(BigInt(plain.readUInt32LE(start + 42)), 4);
    const before = Buffer.from(plain.subarray(0, start + 46 + nameLength));
    before.writeUInt16LE(plain.readUInt16LE(start + 30) + 12, start + 30);
    before.writeUInt32LE(0xffff_ffff, start + 42);
    const npz = await openNpz(
      await stored('zip64.npz', Buffer.concat([before, extra, plain.subarray(start + 46 + nameLength)])),
    );
    expect([...(await npz.get('images')).data]).toEqual(golden.npz.images.values);
  });

  it('refuses a missing file and a folder', async () => {
    await expect(openNpz(join(folder, 'absent.npz'))).rejects.toThrow(/no such file \(ENOENT\); check the path/);
    await expect(openNpz(folder)).rejects.toThrow(DataError);
  });
});

it('notices every flipped bit of a name, in the directory or beside the array', async () => {
  const bytes = await readFile(join(arrays, 'stored.npz'));
  const names = (await openNpz(join(arrays, 'stored.npz'))).names;
  const marks = names.map((name) => `${name}.npy`);
  let places = 0;
  for (const mark of marks)
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1))
      for (const bit of [0, 3, 6]) {
        const damaged = Buffer.from(bytes);
        damaged[at + (places % mark.length)]! ^= 1 << bit;
        places++;
        const path = await stored('flipped.npz', damaged);
        await expect(openNpz(path)).rejects.toThrow(DataError);
      }
  // Each name stands in the file twice.
  expect(places).toBeGreaterThanOrEqual(2 * 3 * names.length);
});
