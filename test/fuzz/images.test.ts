import { readdirSync, readFileSync } from 'node:fs';
import { decodeImage } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';

const folder = new URL('../golden/images/', import.meta.url);
const maxPixels = 2 ** 16;

/** The decoder works outside JavaScript; what it hands over is bounded by its limit on pixels. */
async function expectImage(path: string): Promise<void> {
  const { data, shape } = await decodeImage(path, { maxPixels });
  const [height, width, channels] = shape as [number, number, number];
  expect(channels).toBe(3);
  expect(height * width).toBeLessThanOrEqual(maxPixels);
  expect(data).toHaveLength(height * width * 3);
}

const formats = { JPEG: /\.jpg$/, PNG: /\.png$/, WebP: /\.webp$/, AVIF: /\.avif$/, TIFF: /\.tif$/, GIF: /\.gif$/ };

const kinds = JSON.parse(readFileSync(new URL('kinds/kinds.json', folder), 'utf8')) as {
  cases: readonly { readonly name: string; readonly file: string; readonly refused?: true }[];
};
/** Kinds of pictures that are read, by the beginning of their names. */
const seedsOf = (names: RegExp): { name: string; bytes: Buffer }[] =>
  kinds.cases
    .filter(({ name, refused }) => names.test(name) && refused !== true && !name.includes('range'))
    .map(({ name, file }) => ({ name: `${name.replaceAll(/\W+/g, '-')}.bin`, bytes: Buffer.from(file, 'base64') }));
const more = {
  'kinds of TIFF': /TIFF/,
  'kinds of GIF': /GIF/,
  BMP: /BMP/,
  PNM: /^(?:PBM|PGM|PPM|PAM)/,
  'kinds of PNG': /PNG/,
};
for (const [format, names] of Object.entries(more))
  describeFuzz(format, seedsOf(names), expectImage, { maxAllocation: 32 * maxPixels, headerBytes: 256 });

for (const [format, pattern] of Object.entries(formats))
  describeFuzz(
    format,
    readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => ({ name, bytes: readFileSync(new URL(name, folder)) })),
    expectImage,
    { maxAllocation: 8 * maxPixels, headerBytes: 256 },
  );
