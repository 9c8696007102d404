import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { jpegStructure } from './jpeg-structure.js';

const folder = new URL('../../../../test/golden/images/', import.meta.url);
const file = (name: string): Buffer => readFileSync(new URL(name, folder));
const plainOf = (bytes: Uint8Array): unknown => jpegStructure(bytes).plain;
const size = { width: 26, height: 18, components: 3 };

const color = file('color.jpg');
/** With a segment after the start of the image. */
const withSegment = (marker: number, content: Buffer): Buffer =>
  Buffer.concat([
    color.subarray(0, 2),
    Buffer.from([0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255]),
    content,
    color.subarray(2),
  ]);
/** EXIF data with one entry. */
function exif(order: 'II' | 'MM', tag: number, type: number, value: number, entries = 1): Buffer {
  const bytes = Buffer.alloc(6 + 8 + 2 + 12 + 4);
  const little = order === 'II';
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  bytes.write(`Exif\0\0${order}`, 'latin1');
  view.setUint16(8, 42, little);
  view.setUint32(10, 8, little);
  view.setUint16(14, entries, little);
  view.setUint16(16, tag, little);
  view.setUint16(18, type, little);
  view.setUint32(20, 1, little);
  view.setUint16(24, value, little);
  return bytes;
}

describe('jpegStructure', () => {
  it('knows the size of plain pictures', () => {
    for (const name of ['color.jpg', 'subsampled.jpg', 'progressive.jpg', 'turned-1.jpg'])
      expect(jpegStructure(file(name))).toMatchObject({ cut: false, plain: size });
    expect(plainOf(file('grey.jpg'))).toEqual({ ...size, components: 1 });
  });

  it('leaves alone what must be turned, and four inks', () => {
    for (const turn of [2, 3, 4, 5, 6, 7, 8])
      expect(jpegStructure(file(`turned-${turn}.jpg`))).toMatchObject({ cut: false, plain: undefined });
    expect(jpegStructure(file('cmyk.jpg'))).toMatchObject({ plain: undefined, frame: { ...size, components: 4 } });
  });

  it.each([
    ['upright, least byte first', exif('II', 0x112, 3, 1), true],
    ['upright, most first', exif('MM', 0x112, 3, 1), true],
    ['another entry only', exif('MM', 0x100, 3, 6), true],
    ['turned', exif('II', 0x112, 3, 6), false],
    ['no orientation that exists', exif('II', 0x112, 3, 0), false],
    ['an orientation of another type', exif('II', 0x112, 4, 1), false],
    ['more entries than bytes', exif('II', 0x100, 3, 1, 9), false],
    ['a directory elsewhere', exif('II', 0x112, 3, 1).fill(0xff, 10, 14), false],
    ['an unknown order of bytes', exif('II', 0x112, 3, 1).fill('X', 6, 8), false],
    ['nothing', Buffer.from('Exif\0\0'), false],
    ['not even its header', Buffer.from('Exif'), false],
  ])('reads EXIF data: %s', (_, content, isPlain) => {
    expect(plainOf(withSegment(0xe1, content))).toEqual(isPlain ? size : undefined);
  });

  it('leaves alone two EXIF segments, and tells of profiles', async () => {
    const one = exif('II', 0x112, 3, 1);
    const both = Buffer.concat([one, Buffer.from([0xff, 0xe1, 0, one.length + 2]), one]);
    const twice = withSegment(0xe1, one);
    expect(
      plainOf(
        Buffer.concat([twice.subarray(0, 6 + one.length), both.subarray(one.length), twice.subarray(6 + one.length)]),
      ),
    ).toBeUndefined();
    const profiled = await sharp(color).withIccProfile('p3').jpeg().toBuffer();
    expect(jpegStructure(profiled)).toMatchObject({ plain: size, hasProfile: true });
    expect(jpegStructure(color)).toMatchObject({ plain: size, hasProfile: false });
    // Other data in the same kind of segment.
    expect(plainOf(withSegment(0xe2, Buffer.from('MPF\0')))).toEqual(size);
  });

  it('tells a picture without an end from one that ends early and from a broken one', () => {
    const zeros = Buffer.alloc(9);
    expect(jpegStructure(color.subarray(0, -2))).toMatchObject({ cut: true, plain: undefined });
    expect(jpegStructure(color.subarray(0, -1))).toMatchObject({ cut: true, plain: undefined });
    expect(jpegStructure(Buffer.concat([color.subarray(0, -2), zeros])).cut).toBe(true);
    // What follows the end, as a video in some phones' photos, is none of the picture.
    expect(jpegStructure(Buffer.concat([color, zeros]))).toMatchObject({ cut: false, plain: undefined });
    for (const end of [2, 3, 4, 5, 20, 100])
      expect(jpegStructure(color.subarray(0, end))).toMatchObject({ cut: false, plain: undefined });
  });

  it('leaves alone other processes, depths and counts, and no size', () => {
    const frame = color.indexOf(Buffer.from([0xff, 0xc0]));
    const changed = (at: number, ...values: number[]): Buffer => {
      const bytes = Buffer.from(color);
      bytes.set(values, frame + at);
      return bytes;
    };
    expect(plainOf(changed(1, 0xc1))).toEqual(size);
    for (const process of [0xc3, 0xc5, 0xc9, 0xca, 0xcf]) expect(plainOf(changed(1, process))).toBeUndefined();
    expect(plainOf(changed(4, 12))).toBeUndefined();
    expect(plainOf(changed(5, 0, 0))).toBeUndefined();
    expect(plainOf(changed(7, 0, 0))).toBeUndefined();
    expect(plainOf(changed(9, 2))).toBeUndefined();
    expect(plainOf(changed(9, 1))).toBeUndefined();
    expect(plainOf(changed(5, 0xff, 0xff))).toEqual({ ...size, height: 65535 });
  });

  it('leaves alone more passes than an encoder makes', () => {
    const scan = color.indexOf(Buffer.from([0xff, 0xda]));
    const passes = (count: number): Buffer =>
      Buffer.concat([
        color.subarray(0, scan),
        ...Array.from({ length: count }, () => color.subarray(scan, -2)),
        color.subarray(-2),
      ]);
    expect(plainOf(passes(100))).toEqual(size);
    expect(plainOf(passes(101))).toBeUndefined();
  });
});
