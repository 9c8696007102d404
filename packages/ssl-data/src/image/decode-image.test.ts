import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError } from 'ssl-core';
import { describe, expect, it } from 'vitest';
import { grayscale } from './adjust-color.js';
import { decodeImage } from './decode-image.js';
import { imageFormat } from './image-format.js';

interface GoldenImage {
  readonly file: string;
  readonly shape: readonly number[];
  readonly lossy: boolean;
  /** Bytes, base64. */
  readonly pixels: string;
}

const folder = new URL('../../../../test/golden/images/', import.meta.url);
const { files } = JSON.parse(readFileSync(new URL('images.json', folder), 'utf8')) as { files: readonly GoldenImage[] };
const pathOf = (file: string): string => fileURLToPath(new URL(file, folder));

/** Levels by which decoders may differ. */
function tolerance({ file, lossy }: GoldenImage): number {
  // The two decoders enlarge AV1's halved chroma by different filters.
  if (file === 'subsampled.avif') return 12;
  return lossy ? 2 : 0;
}

describe.each(files.map((golden) => [golden.file, golden] as const))('%s', (file, golden) => {
  const bytes = readFileSync(pathOf(file));

  it('is decoded as by Pillow, from its path and from its bytes', async () => {
    const image = await decodeImage(pathOf(file));
    const expected = Buffer.from(golden.pixels, 'base64');
    expect(image.shape).toEqual(golden.shape);
    expect(image.data).toHaveLength(expected.length);
    const worst = image.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(tolerance(golden));
    const grey = await decodeImage(bytes, { channels: 1 });
    expect(grey.shape).toEqual([...golden.shape.slice(0, 2), 1]);
    expect(Buffer.from(grey.data)).toEqual(Buffer.from(grayscale(image).data.filter((_, i) => i % 3 === 0)));
  });

  it('is refused when it is cut short, and when it has more pixels than allowed', async () => {
    const [height, width] = golden.shape as [number, number];
    // Of several frames, the first may be whole.
    for (const part of /animated|pages/.test(file) ? [0.02, 0.1] : [0.02, 0.2, 0.5, 0.8])
      await expect(decodeImage(bytes.subarray(0, Math.floor(bytes.length * part)))).rejects.toThrow(DataError);
    await expect(decodeImage(bytes, { maxPixels: height * width - 1 })).rejects.toThrow(DataError);
    expect((await decodeImage(bytes, { maxPixels: height * width })).shape).toEqual(golden.shape);
  });
});

it('covers all formats and orientations', () => {
  const formats = files.map(({ file }) => String(imageFormat(readFileSync(pathOf(file)))));
  expect([...new Set(formats)].sort()).toEqual(['avif', 'gif', 'jpeg', 'png', 'tiff', 'webp']);
  expect(files.filter(({ file }) => /^turned-[1-8]\.(?:jpg|png|webp)$/.test(file))).toHaveLength(24);
  expect(files.filter(({ shape }) => shape[0] === 26)).toHaveLength(13);
});

it.each([
  ['a drawing', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5" height="5"/></svg>'],
  ['a document', '%PDF-1.4\n'],
  [
    "the decoder's own dump",
    '\xb6\xa6\xf2\x08aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  ],
  ['a HEIC photo', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', /a HEIC file, no JPEG.*; convert it to PNG or JPEG/],
  ['a HEIF picture', '\0\0\0\x18ftypmif1\0\0\0\0mif1heic', /a HEIC file/],
  ['a JPEG 2000 picture', '\0\0\0\x0cjP  \r\n\x87\n', /a JPEG 2000 file/],
  ['a JPEG XL picture', '\xff\n\0\0', /a JPEG XL file/],
  ['a Photoshop file', '8BPS\0\x01', /a Photoshop \(PSD\) file/],
  ['an icon', '\0\0\x01\0\x01\0', /a Windows icon \(ICO\) file/],
  ['a floating-point map', 'PF\n1 1\n-1.0\n', /a floating-point map \(PFM\) file/],
  [
    'the page of a server that has no picture',
    '<!DOCTYPE html><html>',
    /a HTML file.*; fetch the picture itself again/,
  ],
  ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
  ['text that begins as a BMP', 'BMW and other cars, a list of many', /no JPEG/],
  ['nothing', '', /empty; replace or remove/],
])('refuses %s', async (_, text, reason = /no JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP or PBM/) => {
  const error = await decodeImage(Buffer.from(text, 'latin1')).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(DataError);
  expect(error).toMatchObject({ path: 'image in memory', offset: 0 });
  expect(String(error)).toMatch(reason);
});

it('refuses an image whose header claims too many pixels, without decoding it', async () => {
  const bomb = Buffer.from(readFileSync(pathOf('color.png')));
  bomb.writeUInt32BE(100_000, 16);
  bomb.writeUInt32BE(100_000, 20);
  await expect(decodeImage(bomb)).rejects.toThrow(DataError);
  await expect(decodeImage(pathOf('none.png'))).rejects.toThrow(/none\.png/);
});

it('opens a file too large to be read at once by its path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'decode-image-'));
  try {
    const path = join(folder, 'large.jpg');
    // Followed by other data, as photos with a video are.
    copyFileSync(pathOf('color.jpg'), path);
    truncateSync(path, 2 ** 25 + 1);
    expect(await decodeImage(path)).toEqual(await decodeImage(pathOf('color.jpg')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
