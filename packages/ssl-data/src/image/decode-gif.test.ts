import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.js';

/** A GIF of two colours, red and blue, whose one frame shows indices of 3 bits. */
function gif(frame: { width: number; height: number; indices: readonly number[]; transparent?: number }): Uint8Array {
  const { width, height, indices, transparent } = frame;
  const [clear, end] = [4, 5];
  // Cleared before every pixel, codes stay as short as they begin.
  const codes = [...indices.flatMap((index) => [clear, index]), end];
  const bits = codes.flatMap((code) => [code & 1, (code >> 1) & 1, code >> 2]);
  const data = Array.from({ length: Math.ceil(bits.length / 8) }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((sum, bit, place) => sum + (bit << place), 0),
  );
  const control = transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, transparent, 0];
  const parts = [
    [...Buffer.from('GIF89a')],
    [3, 0, 1, 0, 0x80, 0, 0],
    [255, 0, 0, 0, 0, 255],
    control,
    [0x2c, 0, 0, 0, 0, width, 0, height, 0, 0],
    [2, data.length, ...data, 0, 0x3b],
  ];
  return Buffer.from(parts.flat());
}

describe('a GIF', () => {
  it('is black where an index or the colour around the frame is beyond its palette, as in Pillow', async () => {
    const { data } = await decodeImage(gif({ width: 3, height: 1, indices: [0, 1, 3] }));
    expect([...data]).toEqual([255, 0, 0, 0, 0, 255, 0, 0, 0]);
    const file = gif({ width: 2, height: 1, indices: [1, 0], transparent: 200 });
    const small = await decodeImage(file, { background: 'drop' });
    expect([...small.data]).toEqual([0, 0, 255, 255, 0, 0, 0, 0, 0]);
    expect([...(await decodeImage(file)).data]).toEqual([0, 0, 255, 255, 0, 0, 255, 255, 255]);
  });

  it('is refused where its first frame has no pixels, which would be an empty screen', async () => {
    for (const [width, height] of [
      [0, 1],
      [3, 0],
      [0, 0],
    ] as const)
      await expect(decodeImage(gif({ width, height, indices: [] }))).rejects.toThrow(/first frame of \d x \d/);
  });
});
