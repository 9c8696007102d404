import { readFileSync } from 'node:fs';
import { DataError } from 'ssl-core';
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
    const image = await decodeImage(bytesOf(file), range === undefined ? {} : { range });
    expect(image.shape).toEqual(shape);
    expect(worstOf(image.data, bytesOf(pixels))).toBeLessThanOrEqual(tolerance);
  });

  const profiled = cases.filter(({ profile }) => profile === true);
  it.each(profiled.map((golden) => [golden.name, golden] as const))('converts when asked: %s', async (name, golden) => {
    const image = await decodeImage(bytesOf(golden.file), { colorProfile: 'convert' });
    expect(image.shape).toEqual(golden.shape);
    // The profiles lead some levels far away.
    expect(worstOf(image.data, bytesOf(golden.pixels))).toBeGreaterThan(/grey/.test(name) ? 40 : 8);
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
