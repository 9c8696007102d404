import { bareBitmap } from './bare-bitmap.js';

/** Starts of files that people take for pictures, or that stand where a picture should be. */
const starts: readonly (readonly [start: string | RegExp, name: string])[] = [
  [/^.{4}ftyp.{0,20}?(?:hei[cxms]|hev[cx])|^.{4}ftypm[is]f1/s, 'HEIC'],
  [/^.{4}ftyp/s, 'video or ISO media'],
  ['\0\0\0\x0cjP  ', 'JPEG 2000'],
  ['\xffO\xffQ', 'JPEG 2000'],
  ['\xff\n', 'JPEG XL'],
  ['\0\0\0\x0cJXL ', 'JPEG XL'],
  ['II\xbc', 'JPEG XR'],
  [/^\0\0\x01\0[^\0]/s, 'Windows icon (ICO)'],
  [/^\0\0\x02\0[^\0]\0/s, 'Windows cursor (CUR)'],
  // Without a mark of its own: no, or a, palette, a kind from 1 to 3 or 9 to 11, bits of a pixel.
  [/^.(?:\0[\x02\x03\x0a\x0b]\0{5}|\x01[\x01\x09].{4}[\x0f\x10\x18\x20]).{8}[\x08\x0f\x10\x18\x20]/s, 'Targa (TGA)'],
  ['icns', 'Apple icon (ICNS)'],
  ['8BPS', 'Photoshop (PSD)'],
  ['gimp xcf', 'GIMP (XCF)'],
  [/^P[Ff]\s/, 'floating-point map (PFM)'],
  ['v/1\x01', 'OpenEXR'],
  ['#?R', 'Radiance HDR'],
  ['DDS ', 'DirectDraw (DDS)'],
  ['qoif', 'QOI'],
  [/^\n[\0-\x05][\0\x01][\x01\x02\x04\x08]/, 'PCX'],
  ['\x01\xda', 'SGI'],
  ['SIMPLE  =', 'FITS'],
  ['BLP', 'Blizzard (BLP)'],
  ['DanM', 'Windows Paint (MSP)'],
  ['LinS', 'Windows Paint (MSP)'],
  ['#define ', 'X bitmap (XBM)'],
  ['/* XPM */', 'X pixmap (XPM)'],
  ['Image type: ', 'IFUNC (IM)'],
  ['\xb6\xa6\xf2\x08', 'libvips'],
  ['\x08\xf2\xa6\xb6', 'libvips'],
  // A smaller one is read.
  [bareBitmap, 'large headerless BMP (DIB)'],
  ['BA', 'OS/2 bitmap array'],
  ['%PDF', 'PDF'],
  ['%!PS', 'PostScript'],
  [/^(?:\xef\xbb\xbf)?\s*<(?:svg|\?xml)/i, 'SVG or other XML'],
  [/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)/i, 'HTML'],
  ['version https://git-lfs', 'Git LFS pointer'],
  ['\x1f\x8b', 'gzip'],
  ['\x28\xb5\x2f\xfd', 'Zstandard'],
  ['PK\x03\x04', 'ZIP'],
  ['\x89HDF', 'HDF5'],
  ['\x93NUMPY', 'NumPy'],
];

/** What is not a picture at all, where to fetch the right file helps more than to convert it. */
const notPictures: readonly string[] = ['HTML', 'Git LFS pointer'];

/**
 * What a file is by its first bytes, where that is known and `decodeImage` does not read it, with the way out.
 *
 * @param head the file's first bytes, `formatBytes` of them or the whole file where it is shorter
 */
export function foreignFormat(head: Uint8Array): { readonly name: string; readonly advice: string } | undefined {
  const text = String.fromCharCode(...head);
  const found = starts.find(([start]) => (typeof start === 'string' ? text.startsWith(start) : start.test(text)));
  if (found === undefined) return undefined;
  const [, name] = found;
  return {
    name,
    advice: notPictures.includes(name)
      ? 'fetch the picture itself again (of Git LFS: git lfs pull), or remove the file'
      : 'convert it to PNG or JPEG, or remove the file',
  };
}
