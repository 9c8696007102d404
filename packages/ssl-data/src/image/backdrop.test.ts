import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { wasTransparent } from './backdrop.js';
import { decodeImage, type ImageDecoding } from './decode-image.js';

interface GoldenPicture {
  readonly name: string;
  /** The file, base64, and all pixels below. */
  readonly file: string;
  readonly shape: readonly number[];
  /** Levels by which decoders may differ. */
  readonly tolerance: number;
  /** The colours without their alpha. */
  readonly hidden: string;
  readonly isOpaque: boolean;
  readonly range?: readonly [number, number];
  /** Pillow's `alpha_composite` over each background. */
  readonly over: Readonly<Record<'white' | 'black' | 'colour', string>>;
}

const goldens = new URL('../../../../test/golden/images/alpha/alpha.json', import.meta.url);
const { cases, backgrounds } = JSON.parse(readFileSync(goldens, 'utf8')) as {
  readonly cases: readonly GoldenPicture[];
  readonly backgrounds: Readonly<Record<string, readonly [number, number, number]>>;
};
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');
const worstOf = (data: Uint8Array, expected: Uint8Array): number =>
  data.reduce((most, level, i) => Math.max(most, Math.abs(level - expected[i]!)), 0);
const named = (name: string): GoldenPicture => cases.find((golden) => golden.name === name)!;

describe('decodeImage blends transparent pixels', () => {
  it.each(cases.map((golden) => [golden.name, golden] as const))('of: %s', async (_, golden) => {
    const { file, shape, over, tolerance, isOpaque, range } = golden;
    const decode = async (more: ImageDecoding): Promise<Uint8Array> => {
      const image = await decodeImage(bytesOf(file), { ...more, ...(range === undefined ? {} : { range }) });
      expect(image.shape).toEqual(shape);
      expect(wasTransparent(image.data)).toBe(!isOpaque);
      return image.data;
    };
    expect(worstOf(await decode({}), bytesOf(over.white))).toBeLessThanOrEqual(tolerance);
    expect(worstOf(await decode({ background: 'black' }), bytesOf(over.black))).toBeLessThanOrEqual(tolerance);
    const background = backgrounds['colour']!;
    expect(worstOf(await decode({ background }), bytesOf(over.colour))).toBeLessThanOrEqual(tolerance);
  });

  const opaque = cases.filter(({ isOpaque }) => isOpaque);
  it.each(opaque.map((golden) => [golden.name, golden] as const))(
    'and leaves alone: %s',
    async (_, { file, range }) => {
      const decode = async (background?: 'drop'): Promise<Uint8Array> =>
        (await decodeImage(bytesOf(file), { ...(background && { background }), ...(range && { range }) })).data;
      expect(await decode()).toEqual(await decode('drop'));
    },
  );
});

describe('blending', () => {
  /** Left opaque red, right hidden green. */
  const halves = async (width: number, height: number): Promise<Buffer> => {
    const raw = Buffer.alloc(4 * width * height);
    for (let at = 0; at < width * height; at++)
      raw.set(at % width < width / 2 ? [255, 0, 0, 255] : [0, 255, 0, 0], 4 * at);
    return sharp(raw, { raw: { width, height, channels: 4 } })
      .png()
      .toBuffer();
  };

  it.each(['cover', 'contain', 'stretch', 'inside'] as const)(
    'leaves nothing of hidden colours when resized: %s',
    async (fit) => {
      const { data, shape } = await decodeImage(await halves(16, 16), { resize: { width: 8, height: 8, fit } });
      expect(shape).toEqual([8, 8, 3]);
      for (let at = 0; at < data.length; at += 3) {
        // Between red and white, green and blue are alike.
        expect(Math.abs(data[at + 1]! - data[at + 2]!)).toBeLessThanOrEqual(1);
        expect(data[at]).toBeGreaterThanOrEqual(254);
      }
      expect([...data.subarray(0, 3), ...data.subarray(21, 24)]).toEqual([255, 0, 0, 255, 255, 255]);
    },
  );

  it('comes before grey, and pads with black as before', async () => {
    const grey = await decodeImage(await halves(4, 4), { channels: 1, background: [0, 0, 255] });
    // The luma of red and of blue.
    expect([...grey.data.subarray(0, 4)]).toEqual([76, 76, 29, 29]);
    const padded = await decodeImage(await halves(8, 4), { resize: { width: 8, height: 8, fit: 'contain' } });
    expect([...padded.data.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect([...padded.data.subarray(8 * 3 * 4 - 3, 8 * 3 * 4)]).toEqual([255, 255, 255]);
  });

  it('does not take a fourth sample that is no alpha for one, also when resized', async () => {
    const { file, hidden } = named('TIFF, no word on the fourth sample');
    const resize = { width: 6, height: 4, fit: 'stretch' } as const;
    const alone = await sharp(bytesOf(hidden), { raw: { width: 12, height: 8, channels: 3 } })
      .png()
      .toBuffer();
    const [image, expected] = [await decodeImage(bytesOf(file), { resize }), await decodeImage(alone, { resize })];
    expect(worstOf(image.data, expected.data)).toBeLessThanOrEqual(1);
  });

  it.each(
    cases
      .filter(({ range, isOpaque }) => range === undefined && !isOpaque)
      .map((golden) => [golden.name, golden] as const),
  )('does not weigh levels by an alpha that is dropped, also when resized: %s', async (_, { file, shape }) => {
    const [height, width] = shape as [number, number, number];
    const resize = { width: Math.ceil(width / 2), height: Math.ceil(height / 2), fit: 'stretch' } as const;
    const { data } = await decodeImage(bytesOf(file), { background: 'drop' });
    const alone = sharp(data, { raw: { width, height, channels: 3 } });
    const expected = await decodeImage(await alone.png().toBuffer(), { resize });
    const image = await decodeImage(bytesOf(file), { background: 'drop', resize });
    expect(worstOf(image.data, expected.data)).toBeLessThanOrEqual(1);
  });

  it('leaves the levels of a map of labels alone with drop', async () => {
    // Label 2 lies below full transparency, as some annotation tools write what is not shown.
    const labels = await sharp(Buffer.from([1, 1, 1, 255, 2, 2, 2, 0]), { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(labels, { channels: 1, background: 'drop' })).data]).toEqual([1, 2]);
  });
});
