/** Formats that are decoded. What else the decoder could open (drawings that name other files, its own dumps) stays closed. */
export type ImageFormat = 'avif' | 'bmp' | 'gif' | 'jpeg' | 'png' | 'pnm' | 'tiff' | 'webp';

/** What is known of a format before a file is opened. */
export interface ImageFormatNames {
  /** As people write it. */
  readonly name: string;
  /** Usual endings of file names, without the dot, in lower case. They find files; what a file holds is told by its first bytes. */
  readonly endings: readonly string[];
}

/** The formats that `decodeImage` reads. */
export const imageFormats: Readonly<Record<ImageFormat, ImageFormatNames>> = {
  jpeg: { name: 'JPEG', endings: ['jpg', 'jpeg', 'jpe', 'jfif'] },
  png: { name: 'PNG', endings: ['png', 'apng'] },
  webp: { name: 'WebP', endings: ['webp'] },
  avif: { name: 'AVIF', endings: ['avif', 'avifs'] },
  tiff: { name: 'TIFF', endings: ['tif', 'tiff'] },
  gif: { name: 'GIF', endings: ['gif'] },
  bmp: { name: 'BMP', endings: ['bmp', 'dib'] },
  pnm: { name: 'PBM/PGM/PPM/PAM', endings: ['ppm', 'pgm', 'pbm', 'pnm', 'pam'] },
};

/** Endings of all formats that are decoded, without the dot, in lower case. */
export const imageEndings: readonly string[] = Object.values(imageFormats).flatMap(({ endings }) => endings);

/** Endings of pictures that are not decoded, without the dot, in lower case: worth a word when they are left out. */
export const otherImageEndings: readonly string[] = (
  'heic heif hif jp2 j2k jpf jpx jxl jxr svg svgz ico cur icns tga pcx psd xcf dds exr hdr pfm qoi sgi rgb ras xbm xpm ' +
  'wmf emf eps dcm fits raw dng cr2 cr3 nef arw orf rw2 raf pef'
).split(' ');

/** Bytes that {@link imageFormat} needs to see. */
export const formatBytes = 32;

/**
 * The format of an image file by its first bytes, whatever the file is called.
 *
 * @param head first {@link formatBytes} bytes, or the whole file where it is shorter
 * @returns `undefined` for anything but the formats that are decoded
 * Source: ITU-T T.81, W3C PNG, GIF89a, TIFF 6.0 and BigTIFF, RFC 9649 (WebP), AOM AVIF 1.1 section 6, Microsoft's
 * BITMAPFILEHEADER, netpbm's pbm(5), pgm(5), ppm(5), pam(5).
 */
export function imageFormat(head: Uint8Array): ImageFormat | undefined {
  const text = (start: number, end: number): string => String.fromCharCode(...head.subarray(start, end));
  if (text(0, 3) === '\xff\xd8\xff') return 'jpeg';
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return 'webp';
  if (/^GIF8[79]a$/.test(text(0, 6))) return 'gif';
  if (['II*\0', 'II+\0', 'MM\0*', 'MM\0+'].includes(text(0, 4))) return 'tiff';
  // The header that follows the file's own has one of these sizes.
  if (text(0, 2) === 'BM' && [12, 16, 40, 52, 56, 64, 108, 124].includes(head[14]!) && text(15, 18) === '\0\0\0')
    return 'bmp';
  if (/^P[1-7][\s#]/.test(text(0, 3))) return 'pnm';
  if (text(4, 8) !== 'ftyp') return undefined;
  // The main brand, or one of the compatible ones that follow it.
  for (let at = 8; at < Math.min(head.length, formatBytes); at += 4)
    if (at !== 12 && /^avi[fs]$/.test(text(at, at + 4))) return 'avif';
  return undefined;
}
