import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
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
    const image = await decodeImage(pathOf(file), { background: 'drop' });
    const expected = Buffer.from(golden.pixels, 'base64');
    expect(image.shape).toEqual(golden.shape);
    expect(image.data).toHaveLength(expected.length);
    const worst = image.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(tolerance(golden));
    const grey = await decodeImage(bytes, { background: 'drop', channels: 1 });
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
  ['a Targa picture', `\0\0\x02${'\0'.repeat(9)}\x25\0\x17\0\x18\0`, /a Targa \(TGA\) file.*; convert it/],
  [
    'a Targa picture with a palette',
    `\0\x01\x01\0\0\0\x01\x18${'\0'.repeat(4)}\x25\0\x17\0\x08\0`,
    /a Targa \(TGA\) file/,
  ],
  ['an X bitmap', '#define im_width 5\n', /an X bitmap \(XBM\) file/],
  ['a PCX picture of 1 bit', '\n\x05\x01\x01\0\0', /a PCX file/],
  ['a cursor', '\0\0\x02\0\x01\0\x20\x20', /a Windows cursor \(CUR\) file/],
  ['an icon', '\0\0\x01\0\x01\0', /a Windows icon \(ICO\) file/],
  ['a floating-point map', 'PF\n1 1\n-1.0\n', /a floating-point map \(PFM\) file/],
  [
    'the page of a server that has no picture',
    '<!DOCTYPE html><html>',
    /an HTML file.*; fetch the picture itself again/,
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

it('resizes pictures of extreme proportions, or says how to', async () => {
  const line = await sharp({ create: { width: 1, height: 200_000, channels: 3, background: '#123456' } })
    .png()
    .toBuffer();
  const size = { width: 224, height: 224 };
  await expect(decodeImage(line, { resize: { ...size, fit: 'cover' } })).rejects.toThrow(
    /is 1 x 200000, too long to cover 224 x 224; resize with fit 'contain' or 'inside'/,
  );
  expect((await decodeImage(line, { resize: { ...size, fit: 'contain' } })).shape).toEqual([224, 224, 3]);
  expect((await decodeImage(line, { resize: { ...size, fit: 'inside' } })).shape).toEqual([224, 1, 3]);
});

it('names the size of a picture that is too large and the option, which then reads it', async () => {
  const reason = /is 26 x 18, 468 pixels, more than maxPixels \(400\); pass a larger maxPixels/;
  for (const name of ['color.jpg', 'color.png', 'color.webp', 'color.avif', 'color.tif', 'color.gif', 'cmyk.jpg']) {
    await expect(decodeImage(pathOf(name), { maxPixels: 400 })).rejects.toThrow(reason);
    expect((await decodeImage(pathOf(name), { maxPixels: 468 })).shape).toEqual([18, 26, 3]);
  }
});

it.each([
  ['channels', { channels: 2 }],
  ['maxPixels', { maxPixels: 0.5 }],
  ['colorProfile', { colorProfile: 'srgb' }],
  ['range', { range: [1, 1] }],
  ['range', { range: [0, Number.NaN] }],
  ['background', { background: 'transparent' }],
  ['background', { background: [0, 0] }],
  ['background', { background: [0, 0, 256] }],
  ['resize', { resize: { width: 0, height: 3, fit: 'cover' } }],
  ['resize', { resize: { width: 2 ** 20, height: 2 ** 20, fit: 'cover' } }],
  ['resize.fit', { resize: { width: 2, height: 3, fit: 'crop' } }],
])('refuses the option %s', async (option, decoding) => {
  const error = await decodeImage(pathOf('color.png'), decoding as never).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InvalidOptionError);
  expect(String(error)).toContain(option);
});

it('refuses a folder, and a pipe without waiting for a writer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'decode-image-'));
  try {
    await expect(decodeImage(folder)).rejects.toThrow(/is a folder, not a file/);
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [join(folder, 'pipe.jpg')]);
    await expect(decodeImage(join(folder, 'pipe.jpg'))).rejects.toThrow(/is a pipe, not a file/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('reads a large BMP, PNM and GIF by their paths', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'decode-image-'));
  try {
    const [width, height] = [4000, 2900];
    const header = Buffer.from(`P6\n${width} ${height}\n255\n`);
    writeFileSync(join(folder, 'large.ppm'), Buffer.concat([header, Buffer.alloc(3 * width * height, 9)]));
    const bmp = Buffer.alloc(54 + 3 * width * height, 7);
    bmp.fill(0, 0, 54);
    bmp.write('BM');
    bmp.writeUInt32LE(54, 10);
    bmp.writeUInt32LE(40, 14);
    bmp.writeInt32LE(width, 18);
    bmp.writeInt32LE(height, 22);
    bmp.writeUInt16LE(24, 28);
    writeFileSync(join(folder, 'large.bmp'), bmp);
    copyFileSync(pathOf('animated.gif'), join(folder, 'large.gif'));
    truncateSync(join(folder, 'large.gif'), 2 ** 25 + 1);
    for (const [name, level] of [
      ['large.ppm', 9],
      ['large.bmp', 7],
    ] as const) {
      const { data, shape } = await decodeImage(join(folder, name));
      expect([...shape, data[0], data.at(-1)]).toEqual([height, width, 3, level, level]);
    }
    expect(await decodeImage(join(folder, 'large.gif'))).toEqual(await decodeImage(pathOf('animated.gif')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
