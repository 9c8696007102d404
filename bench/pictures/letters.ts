import { readFile } from 'node:fs/promises';
import { foldIn, type RandomKey, RandomStream, randomKey } from '@selfsup/ssl-core';
// Node takes its CommonJS file, whose exports are the default; the linter reads its ES module.
// oxlint-disable-next-line import/default
import opentype from 'opentype.js';
import { drawn } from './drawn.js';
import { packageFile } from './package-file.js';
import type { LabelledPictures, PictureSet } from './picture-set.js';

const alphabet = 'abcdefghijklmnopqrstuvwxyz';
/** Side of a picture, pixels. */
const size = 28;
/** Fonts of the training pictures, and drawings of each letter in each; the rest of the fonts is of the test. */
const [trainFonts, drawings] = [360, 2];

/**
 * The 26 letters, small and capital, white on black, in fonts of `@fontsource`: 360 for training, 120 others for the test;
 * each drawing is slanted, turned, thickened and placed at random. The fonts were drawn by lot, once, from those whose
 * regular face has all letters, without icon and decoration families.
 */
export async function letters(): Promise<PictureSet> {
  const specs = JSON.parse(await readFile(new URL('fonts.json', import.meta.url), 'utf8')) as string[];
  const fonts: opentype.Font[] = [];
  for (const spec of specs) {
    const id = spec.slice(0, spec.lastIndexOf('@'));
    const { buffer, byteOffset, length } = await packageFile(
      `@fontsource/${spec}`,
      `files/${id}-latin-400-normal.woff`,
    );
    fonts.push(opentype.parse(buffer.slice(byteOffset, byteOffset + length)));
    if (fonts.length % 40 === 0) process.stderr.write(`  ${fonts.length} of ${specs.length} fonts\n`);
  }
  return {
    classes: alphabet.length,
    train: await drawingsOf(fonts.slice(0, trainFonts), drawings, randomKey(0)),
    test: await drawingsOf(fonts.slice(trainFonts), 1, randomKey(1)),
  };
}

/** All letters in all fonts, in an order by lot. */
async function drawingsOf(fonts: readonly opentype.Font[], each: number, key: RandomKey): Promise<LabelledPictures> {
  const drawings = fonts.flatMap((font, f) =>
    Array.from(alphabet).flatMap((letter, label) =>
      Array.from({ length: each }, (_, version) => {
        const stream = new RandomStream(foldIn(foldIn(foldIn(key, f), label), version));
        const form = stream.uniform() < 0.5 ? letter : letter.toUpperCase();
        return { label, rank: stream.uniform(), body: outline(font, form, stream) };
      }),
    ),
  );
  drawings.sort((a, b) => a.rank - b.rank);
  return {
    images: await drawn(
      drawings.map(({ body }) => ({ viewBox: `0 0 ${size} ${size}`, body })),
      { size, channels: 1, background: '#000' },
    ),
    labels: Uint8Array.from(drawings, ({ label }) => label),
  };
}

/** A letter in white: its box scaled to 14 to 22 pixels, slanted, turned, thickened and moved by lot. */
function outline(font: opentype.Font, letter: string, stream: RandomStream): string {
  const path = font.getPath(letter, 0, 0, 100);
  const { x1, y1, x2, y2 } = path.getBoundingBox();
  const scale = stream.uniform(14, 22) / Math.max(x2 - x1, y2 - y1);
  const [slant, turn] = [stream.uniform(-0.3, 0.3), stream.uniform(-12, 12)];
  const stroke = stream.uniform(0, 1.6) / scale;
  const [x, y] = [size / 2 + stream.uniform(-2, 2), size / 2 + stream.uniform(-2, 2)];
  const place = `translate(${x} ${y}) rotate(${turn}) matrix(1 0 ${slant} 1 0 0) scale(${scale})`;
  const outlined = `<path d="${path.toPathData(2)}" fill="#fff" stroke="#fff" stroke-width="${stroke}"/>`;
  return `<g transform="${place} translate(${-(x1 + x2) / 2} ${-(y1 + y2) / 2})">${outlined}</g>`;
}
