import { DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.js';

/** An uncompressed TIFF of 8 bits, `[2, 1]`, whose pixels are 0, 1, 2, ... channel by channel. */
function tiff(samples: number, photometric: number): Uint8Array {
  const [entries, data, bits] = [10, 138, 200];
  const bytes = Buffer.alloc(300);
  bytes.write('II*\0');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(entries, 8);
  const shorts = 3;
  const colours = photometric === 1 ? 1 : 3;
  const extra = samples - colours;
  const fields = [
    [256, shorts, 1, 1],
    [257, shorts, 1, 2],
    [258, shorts, samples, samples > 2 ? bits : 0x80008],
    [259, shorts, 1, 1],
    [262, shorts, 1, photometric],
    [273, 4, 1, data],
    [277, shorts, 1, samples],
    [278, shorts, 1, 2],
    [279, 4, 1, 2 * samples],
    // Unspecified ones, as of microscopes and satellites.
    [338, shorts, extra, extra > 2 ? 240 : 0],
  ];
  for (const [i, [tag, type, count, value]] of fields.entries()) {
    const at = 10 + 12 * i;
    bytes.writeUInt16LE(tag!, at);
    bytes.writeUInt16LE(type!, at + 2);
    bytes.writeUInt32LE(count!, at + 4);
    bytes.writeUInt32LE(value!, at + 8);
  }
  for (let sample = 0; sample < samples; sample++) bytes.writeUInt16LE(8, bits + 2 * sample);
  for (let value = 0; value < 2 * samples; value++) bytes[data + value] = value;
  return bytes;
}

const levels = async (samples: number, photometric: number): Promise<number[]> => [
  ...(await decodeImage(tiff(samples, photometric))).data,
];

describe('channels of a TIFF beside its picture', () => {
  it('are dropped as alpha is, one of grey and two of RGB', async () => {
    expect(await levels(2, 1)).toEqual([0, 0, 0, 2, 2, 2]);
    expect(await levels(4, 2)).toEqual([0, 1, 2, 4, 5, 6]);
    expect(await levels(5, 2)).toEqual([0, 1, 2, 5, 6, 7]);
  });

  it.each([
    [3, 1, 'the first is'],
    [5, 1, 'the first is'],
    [13, 1, 'the first is'],
    [6, 2, '3 are'],
    [13, 2, '3 are'],
  ])('are not dropped in silence where there are more: %i of kind %i', async (samples, photometric, part) => {
    const error: unknown = await levels(samples, photometric).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toContain(
      `a TIFF of ${samples} channels, of which ${part} the picture by its own word; write`,
    );
  });
});
