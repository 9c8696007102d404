import { readdirSync, readFileSync } from 'node:fs';
import { decodeImage } from 'ssl-data';
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

for (const [format, pattern] of Object.entries(formats))
  describeFuzz(
    format,
    readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => ({ name, bytes: readFileSync(new URL(name, folder)) })),
    expectImage,
    { maxAllocation: 8 * maxPixels, headerBytes: 256 },
  );
