import { readFileSync } from 'node:fs';
import { DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.js';

interface GoldenPicture {
  readonly name: string;
  /** The file, base64. */
  readonly file: string;
  readonly range?: readonly [number, number];
  /** Whether the file has a colour profile. */
  readonly profile?: true;
  readonly refused?: true;
  readonly shape: readonly number[];
  /** Levels by which decoders may differ. */
  readonly tolerance: number;
  /** Bytes, base64. */
  readonly pixels: string;
}

const goldens = new URL('../../../../test/golden/images/kinds/kinds.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(goldens, 'utf8')) as { cases: readonly GoldenPicture[] };
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');
const worstOf = (data: Uint8Array, expected: Uint8Array): number =>
  data.reduce((most, level, i) => Math.max(most, Math.abs(level - expected[i]!)), 0);

describe('decodeImage', () => {
  const read = cases.filter(({ refused }) => refused !== true);
  it.each(read.map((golden) => [golden.name, golden] as const))('gives the levels of: %s', async (_, golden) => {
    const { file, shape, pixels, tolerance, range } = golden;
    const image = await decodeImage(bytesOf(file), { background: 'drop', ...(range === undefined ? {} : { range }) });
    expect(image.shape).toEqual(shape);
    expect(worstOf(image.data, bytesOf(pixels))).toBeLessThanOrEqual(tolerance);
  });

  const profiled = cases.filter(({ profile }) => profile === true);
  it.each(profiled.map((golden) => [golden.name, golden] as const))('converts when asked: %s', async (name, golden) => {
    const image = await decodeImage(bytesOf(golden.file), { background: 'drop', colorProfile: 'convert' });
    expect(image.shape).toEqual(golden.shape);
    // The profiles lead some levels far away.
    expect(worstOf(image.data, bytesOf(golden.pixels))).toBeGreaterThan(/grey/.test(name) ? 40 : 8);
  });

  it('converts to sRGB, by the equations of the profiles', async () => {
    const named = (name: string): Buffer => bytesOf(cases.find((golden) => golden.name === name)!.file);
    const convert = async (name: string): Promise<Uint8Array> =>
      (await decodeImage(named(name), { background: 'drop', colorProfile: 'convert' })).data;
    const stored = async (name: string): Promise<Uint8Array> =>
      (await decodeImage(named(name), { background: 'drop' })).data;
    // Linear light by gamma 2.2, from P3's primaries to those of sRGB (both at D50, as in profiles), sRGB's curve.
    const toXyz = [
      [0.5151, 0.292, 0.1571],
      [0.2412, 0.6922, 0.0666],
      [-0.0011, 0.0419, 0.7841],
    ];
    const fromXyz = [
      [3.1339, -1.6169, -0.4906],
      [-0.9788, 1.9161, 0.0335],
      [0.0719, -0.229, 1.4052],
    ];
    const times = (matrix: readonly number[][], vector: readonly number[]): number[] =>
      matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i]!, 0));
    const curve = (light: number): number =>
      light <= 0.0031308 ? 12.92 * Math.max(0, light) : 1.055 * Math.min(1, light) ** (1 / 2.4) - 0.055;
    const sRgb = (levels: Uint8Array): Uint8Array =>
      levels.map((_, i) => {
        const pixel = [0, 1, 2].map((channel) => (levels[i - (i % 3) + channel]! / 255) ** 2.2);
        return Math.round(255 * curve(times(fromXyz, times(toXyz, pixel))[i % 3]!));
      });
    for (const name of ['PNG, P3', 'TIFF, P3', 'WebP, P3', 'PNG with alpha, P3', 'PNG with a palette, P3'])
      expect(worstOf(await convert(name), sRgb(await stored(name)))).toBeLessThanOrEqual(1);
    // Brought to 8 bits, rounded, before the conversion.
    expect(worstOf(await convert('PNG of 16 bits, P3'), sRgb(await stored('PNG, P3')))).toBeLessThanOrEqual(6);
    for (const name of [
      'grey PNG, linear',
      'grey PNG of 16 bits, linear',
      'grey PNG with alpha, linear',
      'grey TIFF, linear',
    ]) {
      const lighter = (await stored(name)).map((level) => Math.round(255 * curve(level / 255)));
      // One level near black is 13 after it.
      expect(worstOf(await convert(name), lighter)).toBeLessThanOrEqual(13);
    }
    // Inks by a profile instead of the formula.
    expect(worstOf(await convert('CMYK TIFF'), await stored('CMYK TIFF'))).toBeGreaterThan(15);
  });

  const refused = cases.filter((golden) => golden.refused === true);
  it.each(refused.map((golden) => [golden.name, golden] as const))('refuses: %s', async (_, { file, range }) => {
    const error = await decodeImage(bytesOf(file), range === undefined ? {} : { range }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(/(?:a TIFF|a JPEG of|the BMP) .*; (?:convert|write|pass|develop)/);
  });

  it('names the type of a TIFF and the option that reads it, which then does', async () => {
    const golden = cases.find(({ name }) => name === 'grey TIFF of f4')!;
    await expect(decodeImage(bytesOf(golden.file))).rejects.toThrow(/32-bit float numbers.*pass range: \[low, high\]/);
    const image = await decodeImage(bytesOf(golden.file), { range: [0, 1] });
    expect([image.data[0], image.data.at(-1)]).toEqual([0, 255]);
  });
});
