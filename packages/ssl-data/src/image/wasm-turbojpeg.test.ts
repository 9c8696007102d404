import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { DataError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.js';

import type { Image } from './image.js';
import { jpegStructure } from './jpeg-structure.js';
import { decodeByWasm } from './wasm-turbojpeg.js';

interface GoldenJpeg {
  readonly name: string;
  readonly shape: readonly number[];
  /** The file, base64. */
  readonly jpeg: string;
  /** SHA-256 of the RGB pixels that Pillow reads, hexadecimal. */
  readonly pillow: string;
}

const goldens = new URL('../../../../test/golden/', import.meta.url);
const { files } = JSON.parse(readFileSync(new URL('jpeg/jpeg.json', goldens), 'utf8')) as {
  files: readonly GoldenJpeg[];
};
const golden = (wanted: string): Buffer => Buffer.from(files.find(({ name }) => name === wanted)!.jpeg, 'base64');

/** By the decoder of plain JPEGs alone. */
async function byTurbo(bytes: Uint8Array): Promise<Image | undefined> {
  const { plain } = jpegStructure(bytes);
  return plain === undefined ? undefined : await decodeByWasm(bytes, plain, undefined);
}

/** As everything else is decoded. */
const bySharp = (bytes: Uint8Array): Promise<Buffer> =>
  sharp(bytes, { failOn: 'error' }).autoOrient().removeAlpha().toColourspace('srgb').raw().toBuffer();

describe.each(files.map((file) => [file.name, file] as const))('%s', (_, { jpeg, shape, pillow }) => {
  const bytes = Buffer.from(jpeg, 'base64');

  it("is decoded bit for bit as by sharp's decoder and by Pillow", async () => {
    const fast = (await byTurbo(bytes))!;
    expect(fast.shape.slice(0, 2)).toEqual(shape.slice(0, 2));
    const image = await decodeImage(bytes);
    expect(image.shape).toEqual(shape);
    expect(Buffer.from(image.data)).toEqual(await bySharp(bytes));
    expect(createHash('sha256').update(image.data).digest('hex')).toBe(pillow);
    expect(image.data.filter((__, i) => fast.shape[2] === 3 || i % 3 === 0)).toEqual(fast.data);
  });

  it('is grey by the luma of its colours', async () => {
    const { data } = await decodeImage(bytes);
    const luma = Uint8Array.from({ length: data.length / 3 }, (__, i) =>
      Math.floor((data[3 * i]! * 19595 + data[3 * i + 1]! * 38470 + data[3 * i + 2]! * 7471) / 65536 + 0.5),
    );
    const grey = await decodeImage(bytes, { channels: 1 });
    expect(grey.shape).toEqual([...shape.slice(0, 2), 1]);
    expect(grey.data).toEqual(luma);
  });

  it('is refused wherever it is cut, also when zeros follow', async () => {
    const picture = bytes.indexOf(Buffer.from([0xff, 0xda]));
    for (let part = 0; part < 8; part++) {
      const end = Math.floor(picture + ((bytes.length - 2 - picture) * part) / 8);
      const cut = bytes.subarray(0, end);
      await expect(decodeImage(cut)).rejects.toThrow(DataError);
      await expect(decodeImage(Buffer.concat([cut, Buffer.alloc(bytes.length - end)]))).rejects.toThrow(DataError);
    }
  });
});

it('says where a picture without an end ends', async () => {
  const bytes = golden('4:2:0 baseline');
  const unwritten = Buffer.from(bytes).fill(0, bytes.length - 200);
  const error = await decodeImage(unwritten).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ path: 'image in memory', offset: bytes.length });
  expect(String(error)).toMatch(/picture has no end; replace or remove the file/);
});

it('takes no damaged picture that sharp refuses', async () => {
  const random = new RandomStream(randomKey(9));
  let [left, same, different] = [0, 0, 0];
  for (let round = 0; round < 600; round++) {
    const bytes = Buffer.from(files[random.integer(files.length)]!.jpeg, 'base64');
    for (let change = random.integer(2); change >= 0; change--)
      bytes[2 + random.integer(bytes.length - 2)] = random.integer(256);
    const fast = await byTurbo(bytes);
    if (fast === undefined) left++;
    else {
      const expected = await bySharp(bytes);
      const step = fast.shape[2] === 3 ? 1 : 3;
      if (expected.every((level, i) => level === fast.data[Math.floor(i / step)])) same++;
      else different++;
    }
  }
  expect(left).toBeGreaterThan(200);
  expect(same).toBeGreaterThan(200);
  // Damage that is a valid code for levels far outside 0..255: decoders with and without vector instructions, sharp's
  // own among them, clip those each in its way.
  expect(different).toBeLessThan(0.15 * same);
});

it('takes its pixels from no other picture that is decoded at the same time', async () => {
  const all = await Promise.all(files.map(({ jpeg }) => decodeImage(Buffer.from(jpeg, 'base64'))));
  all.forEach(({ data }, i) => expect(createHash('sha256').update(data).digest('hex')).toBe(files[i]!.pillow));
});

it('goes on after thousands of damaged pictures', async () => {
  const bytes = golden('4:2:0 baseline');
  const damaged = Buffer.from(bytes);
  // No quantization table: the decoder refuses the picture.
  damaged[damaged.indexOf(Buffer.from([0xff, 0xdb])) + 1] = 0xef;
  for (let i = 0; i < 3000; i++) expect(await byTurbo(damaged)).toBeUndefined();
  expect(await byTurbo(bytes)).toBeDefined();
});

it('leaves large pictures to sharp, and drops a decoder whose memory grew', { timeout: 60_000 }, async () => {
  const encode = (width: number, height: number): Promise<Buffer> =>
    sharp({ create: { width, height, channels: 3, background: '#4080c0' } })
      .jpeg({ progressive: true })
      .toBuffer();
  expect(await byTurbo(await encode(4097, 2048))).toBeUndefined();
  const largest = await encode(4096, 2048);
  for (let i = 0; i < 2; i++) {
    const image = (await byTurbo(largest))!;
    expect(image.shape).toEqual([2048, 4096, 3]);
    expect([...image.data.subarray(-3)]).toEqual([...(await bySharp(largest)).subarray(-3)]);
  }
});
