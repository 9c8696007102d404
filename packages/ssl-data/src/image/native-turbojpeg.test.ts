import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { DataError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { jpegStructure } from './jpeg-structure.js';
import { nativeTurboJpeg, openTurboJpeg } from './native-turbojpeg.js';
import { ReusedMemory } from './pixel-memory.js';

const golden = new URL('../../../../test/golden/jpeg/jpeg.json', import.meta.url);
const { files } = JSON.parse(readFileSync(golden, 'utf8')) as {
  files: readonly { name: string; jpeg: string; pillow: string }[];
};
const native = await nativeTurboJpeg();

describe.skipIf(native === undefined)('with the library', () => {
  it('decodes to the pixels that Pillow reads, or leaves the picture', () => {
    const memory = new ReusedMemory();
    const decoded = files.map(({ name, jpeg, pillow }) => {
      memory.reset();
      const bytes = Buffer.from(jpeg, 'base64');
      const { plain } = jpegStructure(bytes);
      const image = plain === undefined ? undefined : native!.decode(bytes, plain, memory);
      if (image === undefined) return { name, pillow, hash: undefined };
      const { data, shape } = image;
      const rgb = Uint8Array.from({ length: (3 * data.length) / shape[2]! }, (_, i) =>
        shape[2] === 3 ? data[i]! : data[Math.floor(i / 3)]!,
      );
      return { name, pillow, hash: createHash('sha256').update(rgb).digest('hex') };
    });
    const left = decoded.filter(({ hash }) => hash === undefined);
    expect(decoded.filter(({ pillow, hash }) => hash !== undefined && hash !== pillow)).toEqual([]);
    expect(left.filter(({ name }) => !/4:4:0|4:1:1|4:1:0/.test(name))).toEqual([]);
    expect(left.length).toBeLessThan(files.length / 2);
  });

  it('takes no damaged picture that sharp refuses', async () => {
    const random = new RandomStream(randomKey(3));
    let [left, same, different] = [0, 0, 0];
    for (let round = 0; round < 400; round++) {
      const bytes = Buffer.from(files[random.integer(files.length)]!.jpeg, 'base64');
      bytes[2 + random.integer(bytes.length - 2)] = random.integer(256);
      const { plain } = jpegStructure(bytes);
      const image = plain === undefined ? undefined : native!.decode(bytes, plain);
      if (image === undefined) left++;
      else {
        const expected = await sharp(bytes, { failOn: 'error' }).toColourspace('srgb').raw().toBuffer();
        const step = image.shape[2] === 3 ? 1 : 3;
        if (expected.every((level, i) => level === image.data[Math.floor(i / step)])) same++;
        else different++;
      }
    }
    expect(left).toBeGreaterThan(100);
    expect(same).toBeGreaterThan(100);
    expect(different).toBeLessThan(0.15 * same);
  });
});

it('says what is wrong with a library that was asked for', async () => {
  const error = await openTurboJpeg('/nowhere/libturbojpeg.so').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DataError);
  expect(error).toMatchObject({ path: '/nowhere/libturbojpeg.so' });
  expect(String(error)).toMatch(/SSL_TURBOJPEG: cannot be used: .*install the package koffi, or unset SSL_TURBOJPEG/);
});

it('is left out when switched off', async () => {
  expect(await openTurboJpeg('off')).toBeUndefined();
});
