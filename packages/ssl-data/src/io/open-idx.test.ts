import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIdx } from './open-idx.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'idx-'));
});
afterAll(() => rm(folder, { recursive: true }));

function idx(type: number, shape: readonly number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head[2] = type;
  head[3] = shape.length;
  shape.forEach((side, axis) => head.writeUInt32BE(side, 4 + 4 * axis));
  return Buffer.concat([head, data]);
}

async function stored(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const pixels = idx(
  8,
  [2, 3, 2],
  Uint8Array.from({ length: 12 }, (_, i) => i * 20),
);

describe('openIdx', () => {
  it.each([
    ['plain', pixels],
    ['gzip', gzipSync(pixels)],
  ])('reads uint8, %s', async (name, bytes) => {
    const array = await openIdx(await stored(name, bytes));
    expect(array.shape).toEqual([2, 3, 2]);
    expect(array.data).toBeInstanceOf(Uint8Array);
    expect([...array.data]).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220]);
  });

  it('reads big-endian int32 and float32', async () => {
    const integers = Buffer.alloc(12);
    [-2, 70000, 2147483647].forEach((value, i) => integers.writeInt32BE(value, i * 4));
    const whole = await openIdx(await stored('int32', idx(0x0c, [3], integers)));
    expect(whole).toEqual({ data: Int32Array.of(-2, 70000, 2147483647), shape: [3] });
    const floats = Buffer.alloc(8);
    [1.5, -0.25].forEach((value, i) => floats.writeFloatBE(value, i * 4));
    const real = await openIdx(await stored('float32', idx(0x0d, [1, 2], floats)));
    expect(real).toEqual({ data: Float32Array.of(1.5, -0.25), shape: [1, 2] });
  });

  it('reads int8, int16 and float64', async () => {
    const small = await openIdx(await stored('int8', idx(0x09, [3], Uint8Array.of(0x80, 0xff, 0x7f))));
    expect(small).toEqual({ data: Int32Array.of(-128, -1, 127), shape: [3] });
    const short = await openIdx(await stored('int16', idx(0x0b, [2], Uint8Array.of(0x80, 0, 0x01, 0x02))));
    expect(short).toEqual({ data: Int32Array.of(-32768, 258), shape: [2] });
    const doubles = Buffer.alloc(24);
    [0.1, -Infinity, NaN].forEach((value, i) => doubles.writeDoubleBE(value, i * 8));
    const real = await openIdx(await stored('float64', idx(0x0e, [3], doubles)));
    expect(real).toEqual({ data: Float32Array.of(0.1, -Infinity, NaN), shape: [3] });
    doubles.writeDoubleBE(1e300, 8);
    await expect(openIdx(await stored('beyond', idx(0x0e, [3], doubles)))).rejects.toThrow(
      /element 1 is 1e\+300, beyond float32/,
    );
  });

  it('reads a file of many chunks', async () => {
    const data = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) >> 3);
    for (const bytes of [idx(8, [3000, 1000], data), gzipSync(idx(8, [3000, 1000], data), { level: 1 })]) {
      const array = await openIdx(await stored('large', bytes));
      expect(Buffer.compare(Buffer.from(array.data as Uint8Array), Buffer.from(data))).toBe(0);
    }
  });

  it.each<[string, Uint8Array, RegExp, number | undefined]>([
    [
      'truncated',
      pixels.subarray(0, 20),
      /truncated: expected 28 bytes for shape \[2, 3, 2\], found 20; fetch the file again/,
      20,
    ],
    ['truncated-inside.gz', gzipSync(pixels.subarray(0, 20)), /truncated: expected 28 bytes .* found 20/, 20],
    ['truncated-stream.gz', gzipSync(pixels).subarray(0, 25), /gzip stream is damaged or truncated/, undefined],
    [
      'oversized',
      Buffer.concat([pixels, Buffer.alloc(3)]),
      /longer than its header says: expected 28 bytes .* found 31/,
      28,
    ],
    [
      'oversized.gz',
      gzipSync(Buffer.concat([pixels, Buffer.alloc(3)])),
      /longer than its header says: expected 28 bytes .* found at least 31/,
      28,
    ],
    ['header', pixels.subarray(0, 9), /header ends after 9 bytes/, 9],
    ['empty', new Uint8Array(), /header ends after 0 bytes/, 0],
    ['magic', Buffer.from('<!DOCTYPE html>'), /not an IDX file: it starts with 0x3c21/, 0],
    ['type', idx(0x0a, [1], new Uint8Array(8)), /element type 0x0a is not supported; expected 0x08 \(uint8\)/, 2],
    ['rank', Buffer.from([0, 0, 8, 0]), /rank is 0/, 3],
    ['huge', idx(8, [4e9, 4e9], new Uint8Array(4)), /announces 16000000000000000000 bytes .*maxBytes/, 4],
    ['claim', idx(8, [1_000_000_000], new Uint8Array(4)), /truncated: expected 1000000008 bytes .* found 12/, 12],
    [
      'claim.gz',
      gzipSync(idx(8, [1_000_000_000], new Uint8Array(4))),
      /truncated: expected 1000000008 bytes/,
      undefined,
    ],
  ])('refuses a bad file: %s', async (name, bytes, message, offset) => {
    const path = await stored(name, bytes);
    const error = await openIdx(path).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
    expect(error.path).toBe(path);
    expect(error.offset).toBe(offset);
  });

  it('refuses a missing file and a folder', async () => {
    await expect(openIdx(join(folder, 'absent'))).rejects.toThrow(/no such file \(ENOENT\); check the path/);
    await expect(openIdx(folder)).rejects.toThrow(/is a folder, not a file/);
  });
});
