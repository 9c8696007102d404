import { DataError } from '@selfsup/ssl-core';
import type { TiffStructure } from './tiff-structure.js';

/** How the samples of a picture become levels. */
export type SampleKind =
  /** Unsigned integers: up to 8 bits scaled to 0..255, of 16 the upper 8. */
  | 'levels'
  /** Four inks. */
  | 'inks'
  /** Values that a range turns into levels. */
  | 'values';

/** What libtiff decodes here. Without: LZMA, Zstandard, JPEG XL, JPEG 2000, LERC and others. */
const compressions: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 50001]);
const compressionNames: Readonly<Record<number, string>> = {
  32809: 'ThunderScan',
  32946: 'deflate',
  34661: 'JBIG',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34892: 'lossy JPEG',
  34925: 'LZMA',
  50000: 'Zstandard',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
};
/** Samples that make up the colour, and how many may lie beside them (alpha and others, which are dropped). */
const sampleCounts: Readonly<Partial<Record<TiffStructure['colours'], readonly [colour: number, more: number]>>> = {
  grey: [1, 1],
  'white-is-zero': [1, 1],
  palette: [1, 1],
  rgb: [3, 2],
  ycbcr: [3, 0],
  cmyk: [4, 1],
};
const colourNames: Readonly<Record<number, string>> = {
  4: 'a transparency mask',
  8: 'CIE L*a*b* colours',
  9: 'ICC L*a*b* colours',
  10: 'ITU L*a*b* colours',
  32803: "a camera's raw data",
  32844: 'LogL luminance',
  32845: 'LogLuv colours',
  34892: "a camera's raw data",
};

/**
 * Says how the samples of a TIFF become levels.
 *
 * @param hasRange whether a range of values is given
 * @throws DataError for a type, compression, layout or kind of colours that is not read, with the way out
 */
export function checkTiff(tiff: TiffStructure, hasRange: boolean): SampleKind {
  const { bits, type, colours, photometric, compression, samples } = tiff;
  if (!compressions.has(compression))
    throw refused(
      `compressed by ${compressionNames[compression] ?? 'a method'} (${compression})`,
      'write it with LZW, deflate or no compression',
    );
  if (tiff.isPreview)
    throw refused(
      "that begins with a preview, as a camera's raw data (DNG and others) do",
      'develop it to PNG or JPEG',
    );
  if (colours === 'ycbcr' && compression !== 6 && compression !== 7)
    throw refused('with YCbCr colours that are not compressed by JPEG', 'convert it to RGB');
  if (bits < 8 && samples > 1)
    throw refused(`of ${samples} samples of ${bits} bits`, 'convert it to 8 bits per sample');
  if (colours === 'other')
    throw refused(`with ${colourNames[photometric] ?? 'colours'} (${photometric})`, 'convert it to RGB');
  const [colour, more] = sampleCounts[colours]!;
  if (samples > colour + more)
    throw refused(
      `of ${samples} channels, of which ${colour === 1 ? 'the first is' : `${colour} are`} the picture by its own word`,
      'write the one or three channels that you want to a file of their own',
    );
  if (tiff.planar && tiff.tiled)
    throw refused('with tiles of separate planes', 'write it with strips or with chunky pixels');
  if (colours === 'palette' && (bits > 8 || type !== 'unsigned'))
    throw refused(`with a palette for ${nameOf(tiff)}`, 'convert it to RGB');
  if (colours === 'cmyk' && samples < 4) throw refused(`with ${samples} inks`, 'convert it to RGB');
  if (type === 'unsigned' && ([1, 2, 4, 8].includes(bits) || (bits === 16 && (!hasRange || colours === 'cmyk'))))
    return colours === 'cmyk' ? 'inks' : 'levels';
  const readable =
    (colours === 'grey' || colours === 'rgb') &&
    { unsigned: [16, 32], signed: [8, 16, 32], float: [16, 32], complex: [] as number[] }[type].includes(bits) &&
    !(tiff.planar && type === 'float' && bits === 16);
  if (!readable)
    throw refused(
      `of ${nameOf(tiff)}${colours === 'white-is-zero' ? ' where 0 is white' : ''}`,
      'convert it to 8 or 16 unsigned bits, or to 32-bit float and pass range: [low, high] when decoding',
    );
  if (!hasRange)
    throw refused(
      `of ${nameOf(tiff)}, whose values have no fixed black and white`,
      'pass range: [low, high] when decoding, the values that become 0 and 255, or convert it to 8 or 16 unsigned bits',
    );
  return 'values';
}

function nameOf({ bits, type, planar }: TiffStructure): string {
  const planes = planar && type === 'float' ? ' in separate planes' : '';
  return type === 'float' || type === 'complex'
    ? `${bits}-bit ${type} numbers${planes}`
    : `${bits}-bit ${type} integers`;
}

function refused(what: string, wayOut: string): DataError {
  return new DataError(`cannot be decoded: a TIFF ${what}; ${wayOut}`);
}
