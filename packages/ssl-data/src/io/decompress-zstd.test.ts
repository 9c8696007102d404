import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/zstd.json' with { type: 'json' };
import { decompressZstd } from './decompress-zstd.js';

const packed = (name: string): Promise<Buffer> =>
  readFile(new URL(`../../../../test/golden/data/zstd/${name}.zst`, import.meta.url));

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decompressed(bytes: Uint8Array, piece = 1 << 20, milliseconds?: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of decompressZstd('a.zst', inPieces(bytes, piece), milliseconds)) parts.push(part);
  return Buffer.concat(parts);
}

async function refused(bytes: Uint8Array, milliseconds?: number): Promise<DataError> {
  const error = await decompressed(bytes, 1 << 20, milliseconds).catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  expect(error.path).toBe('a.zst');
  return error;
}

const magic = [0x28, 0xb5, 0x2f, 0xfd];
/** A frame with a window of 1 KiB shifted by `exponent`, and blocks. */
const frame = (exponent: number, ...blocks: number[][]): Buffer =>
  Buffer.of(...magic, 0, exponent << 3, ...blocks.flat());
const block = (last: boolean, type: number, size: number): number[] => {
  const header = (size << 3) | (type << 1) | Number(last);
  return [header & 255, (header >> 8) & 255, header >> 16];
};

describe('decompressZstd', () => {
  it.each(Object.entries(golden.files))('equals the reference: %s', async (name, { bytes, sha256 }) => {
    for (const piece of name === 'zeros' ? [1 << 20] : [1 << 20, 1000, 7]) {
      const plain = await decompressed(await packed(name), piece);
      expect(plain).toHaveLength(bytes);
      expect(createHash('sha256').update(plain).digest('hex')).toBe(sha256);
    }
  });

  it('refuses a wrong checksum', async () => {
    const whole = await packed('small');
    const text = Buffer.from(whole);
    text[whole.indexOf('x')] = 121;
    expect((await refused(text)).message).toMatch(/damaged \(its checksum is wrong\)/);
    whole[whole.length - 1]! ^= 1;
    expect((await refused(whole)).message).toMatch(/damaged \(its checksum is wrong\)/);
  });

  it('refuses what is cut off anywhere', async () => {
    const whole = await packed('small');
    for (let length = 1; length < whole.length; length++)
      expect((await refused(whole.subarray(0, length))).message).toMatch(/truncated|no frame begins here/);
    const large = await packed('level-19');
    expect((await refused(large.subarray(0, -1))).message).toMatch(/a\.zst: Zstandard stream is truncated/);
    expect((await refused((await packed('frames')).subarray(0, 10))).message).toMatch(/truncated/);
  });

  it.each<[string, Buffer, number, RegExp]>([
    [
      'bytes behind the last frame',
      Buffer.concat([frame(0, block(true, 0, 0)), Buffer.from('tail')]),
      9,
      /no frame begins/,
    ],
    ['a reserved bit', Buffer.of(...magic, 8, 0), 4, /reserved bit/],
    ['a dictionary', Buffer.of(...magic, 0x21, 7, 1, 1, 0, 0), 0, /needs a Zstandard dictionary/],
    ['a large window', frame(14, block(true, 0, 0)), 0, /asks for 16777216 bytes of window, the limit is 8388608/],
    ['a block of no kind', frame(0, block(true, 3, 0)), 6, /damaged \(a block is of no known kind/],
    ['a block beyond the window', frame(0, [...block(true, 1, 1025), 0]), 6, /or too large/],
    ['another size', Buffer.of(...magic, 0x20, 3, ...block(true, 1, 2), 65), 0, /a frame of 3 bytes gave 2/],
    [
      'literals by a table that is not there',
      frame(0, [...block(true, 2, 4), 3, 0, 0, 0]),
      6,
      /damaged \(invalid zstd data\)/,
    ],
  ])('refuses %s', async (_, bytes, offset, message) => {
    const error = await refused(bytes);
    expect(error.message).toMatch(message);
    expect(error.offset).toBe(offset);
  });

  it('refuses many blocks of little, which each cost a window', async () => {
    const empty = Array.from({ length: 400 }, () => block(false, 0, 0));
    expect((await refused(frame(13, ...empty, block(true, 0, 0)))).message).toMatch(/too small for their window/);
    const frames = Array.from({ length: 400 }, () => frame(13, block(true, 0, 0)));
    expect((await refused(Buffer.concat(frames))).message).toMatch(/too small for their window/);
  });

  it('ends a block that is made to take long', async () => {
    // 98,047 sequences in the mode of one symbol each: no literals, the longest match.
    const sequences = [0xff, 0xff, 0xff, 0x54, 0, 0, 52];
    const body = [0, ...sequences, ...new Array<number>(64).fill(0xff)];
    const error = await refused(frame(7, [...block(true, 2, body.length), ...body]), 200);
    expect(error.message).toMatch(/damaged \(Script execution timed out/);
  });
});
