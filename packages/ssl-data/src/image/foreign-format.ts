import { isBareBitmap } from './bare-bitmap.js';

type Test = (head: Uint8Array) => boolean;

/** Icons and cursors count their pictures; a Targa picture without palette has zeros there. */
const counts =
  (kind: number): Test =>
  ([a, b, c, d, low, high]) =>
    a === 0 && b === 0 && c === kind && d === 0 && (low! > 0 || high! > 0);
/** Without a mark of its own: a palette or none, a kind, bits of the palette's colours and of a pixel. */
const isTarga: Test = (head) => {
  const [palette, kind, bits] = [head[1], head[2]!, head[16]!];
  const colours = head.subarray(3, 8);
  return palette === 0
    ? [2, 3, 10, 11].includes(kind) && colours.every((byte) => byte === 0) && [8, 15, 16, 24, 32].includes(bits)
    : palette === 1 && [1, 9].includes(kind) && [15, 16, 24, 32].includes(head[7]!) && [8, 16].includes(bits);
};
const isPcx: Test = ([mark, version, packed, bits]) =>
  mark === 10 && version! <= 5 && packed! <= 1 && [1, 2, 4, 8].includes(bits!);

/** Starts of files that people take for pictures, or that stand where a picture should be. */
const starts: readonly (readonly [start: string | RegExp | Test, name: string])[] = [
  [/^.{4}ftyp.{0,20}?(?:hei[cxms]|hev[cx])|^.{4}ftypm[is]f1/s, 'HEIC'],
  [/^.{4}ftyp/s, 'video or ISO media'],
  ['\0\0\0\x0cjP  ', 'JPEG 2000'],
  ['\xffO\xffQ', 'JPEG 2000'],
  ['\xff\n', 'JPEG XL'],
  ['\0\0\0\x0cJXL ', 'JPEG XL'],
  ['II\xbc', 'JPEG XR'],
  [counts(1), 'Windows icon (ICO)'],
  [counts(2), 'Windows cursor (CUR)'],
  [isTarga, 'Targa (TGA)'],
  ['icns', 'Apple icon (ICNS)'],
  ['8BPS', 'Photoshop (PSD)'],
  ['gimp xcf', 'GIMP (XCF)'],
  [/^P[Ff]\s/, 'floating-point map (PFM)'],
  ['v/1\x01', 'OpenEXR'],
  ['#?R', 'Radiance HDR'],
  ['DDS ', 'DirectDraw (DDS)'],
  ['qoif', 'QOI'],
  [isPcx, 'PCX'],
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
  [isBareBitmap, 'large headerless BMP (DIB)'],
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
  const found = starts.find(([start]) =>
    typeof start === 'string' ? text.startsWith(start) : typeof start === 'function' ? start(head) : start.test(text),
  );
  if (found === undefined) return undefined;
  const [, name] = found;
  return {
    name,
    advice: notPictures.includes(name)
      ? 'fetch the picture itself again (of Git LFS: git lfs pull), or remove the file'
      : 'convert it to PNG or JPEG, or remove the file',
  };
}
