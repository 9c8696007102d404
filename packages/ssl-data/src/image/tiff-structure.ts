import { DataError } from '@selfsup/ssl-core';

/** What the first directory of a TIFF says about its picture. */
export interface TiffStructure {
  readonly width: number;
  readonly height: number;
  /** Bits of each sample, the same for all. */
  readonly bits: number;
  /** Samples of a pixel, alpha and others included. */
  readonly samples: number;
  /** Samples of a pixel that are none of its colour. */
  readonly beside: number;
  /** Place of alpha among these, if there is one. */
  readonly alphaAfter: number | undefined;
  readonly type: 'unsigned' | 'signed' | 'float' | 'complex';
  readonly colours: 'grey' | 'white-is-zero' | 'rgb' | 'palette' | 'cmyk' | 'ycbcr' | 'other';
  /** Photometric interpretation and compression, by their numbers. */
  readonly photometric: number;
  readonly compression: number;
  /** Whether each channel lies by itself. */
  readonly planar: boolean;
  readonly tiled: boolean;
  /** Whether it is a smaller copy of another picture of the file, as camera's raw files begin with, or raw data. */
  readonly isPreview: boolean;
}

/** Gives bytes of the file; fewer where it ends. */
export type BytesAt = (offset: number, length: number) => Promise<Uint8Array>;

/** Entries of a directory that are read; writers put in some twenty. */
const maxEntries = 4096;
/** Samples of a pixel that are looked at. */
const maxSamples = 64;
const typeSizes: Readonly<Record<number, 1 | 2 | 4 | 8>> = { 1: 1, 3: 2, 4: 4, 16: 8 };
const colourNames: Readonly<Record<number, TiffStructure['colours']>> = {
  0: 'white-is-zero',
  1: 'grey',
  2: 'rgb',
  3: 'palette',
  5: 'cmyk',
  6: 'ycbcr',
};
/** Samples of the colour, by photometric interpretation, where it is not one. */
const colourSamples: Readonly<Record<number, number>> = { 2: 3, 5: 4, 6: 3 };
const types: Readonly<Record<number, TiffStructure['type']>> = { 2: 'signed', 3: 'float', 5: 'complex', 6: 'complex' };

/**
 * Reads a TIFF's or BigTIFF's first directory.
 *
 * @throws DataError for a directory that is missing, damaged or cut short
 * Source: TIFF 6.0, sections 2, 8 and 18; the BigTIFF proposal; DNG 1.7 for tag 50706.
 */
export async function tiffStructure(bytesAt: BytesAt): Promise<TiffStructure> {
  const fields = await readFields(bytesAt);
  const field = (tag: number, otherwise: number): number => fields.get(tag)?.[0] ?? otherwise;
  const [width, height] = [field(256, 0), field(257, 0)];
  const bits = field(258, 1);
  if (!(width > 0 && height > 0)) throw damaged('names no size');
  if (fields.get(258)?.some((other) => other !== bits) === true)
    throw new DataError(
      `cannot be decoded: a TIFF with samples of ${fields.get(258)!.join(', ')} bits; convert it to 8 bits per sample`,
    );
  const photometric = field(262, field(277, 1) >= 3 ? 2 : 1);
  const beside = field(277, 1) - (colourSamples[photometric] ?? 1);
  return {
    width,
    height,
    bits,
    samples: field(277, 1),
    beside,
    alphaAfter: alphaAfter(beside, fields.get(338)),
    type: types[field(339, 1)] ?? 'unsigned',
    colours: colourNames[photometric] ?? 'other',
    photometric,
    compression: field(259, 1),
    planar: field(284, 1) === 2,
    tiled: fields.has(322),
    isPreview: (field(254, 0) & 1) === 1 || fields.has(50706),
  };
}

/** Which of the samples beside the colour is alpha. Without a word about them a single one is, as Pillow and others take it. */
function alphaAfter(more: number, kinds: readonly number[] | undefined): number | undefined {
  if (more < 1) return undefined;
  if (kinds === undefined) return more === 1 ? 0 : undefined;
  const place = kinds.slice(0, more).findIndex((kind) => kind === 1 || kind === 2);
  return place < 0 ? undefined : place;
}

const wantedTags: ReadonlySet<number> = new Set([254, 256, 257, 258, 259, 262, 277, 284, 322, 338, 339, 50706]);

/** The wanted fields of the first directory, by tag. */
async function readFields(bytesAt: BytesAt): Promise<ReadonlyMap<number, readonly number[]>> {
  const head = await viewAt(bytesAt, 0, 8);
  const little = head.getUint8(0) === 0x49;
  const big = head.getUint16(2, little) === 43;
  const wide = big ? 8 : 4;
  const directory = valueAt(big ? await viewAt(bytesAt, 8, 8) : head, big ? 0 : 4, wide, little);
  const counted = await viewAt(bytesAt, directory, big ? 8 : 2);
  const count = valueAt(counted, 0, big ? 8 : 2, little);
  if (!(count > 0 && count <= maxEntries)) throw damaged(`has a directory of ${count} entries`);
  const [size, inline] = big ? [20, 8] : [12, 4];
  const entries = await viewAt(bytesAt, directory + counted.byteLength, count * size);
  const fields = new Map<number, readonly number[]>();
  for (let at = 0; at < entries.byteLength; at += size) {
    const tag = entries.getUint16(at, little);
    const width = typeSizes[entries.getUint16(at + 2, little)];
    if (!wantedTags.has(tag) || width === undefined || fields.has(tag)) continue;
    const length = Math.min(valueAt(entries, at + 4, wide, little), maxSamples);
    const place = at + size - inline;
    const values =
      length * width <= inline
        ? new DataView(entries.buffer, entries.byteOffset + place, inline)
        : await viewAt(bytesAt, valueAt(entries, place, wide, little), length * width);
    fields.set(
      tag,
      Array.from({ length }, (_, i) => valueAt(values, i * width, width, little)),
    );
  }
  return fields;
}

function valueAt(view: DataView, at: number, size: 1 | 2 | 4 | 8, little: boolean): number {
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, little);
  return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
}

async function viewAt(bytesAt: BytesAt, offset: number, length: number): Promise<DataView> {
  const bytes = Number.isSafeInteger(offset) ? await bytesAt(offset, length) : new Uint8Array(0);
  if (bytes.length < length) throw damaged('has a directory that is cut short');
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}

function damaged(what: string): DataError {
  return new DataError(`cannot be decoded: its TIFF ${what}; replace or remove the file`);
}
