import { DataError } from '@selfsup/ssl-core';

/** What the headers of a BMP say. */
export interface BmpStructure {
  readonly width: number;
  readonly height: number;
  /** Whether the first row in the file is the upper one. */
  readonly topDown: boolean;
  readonly bits: 1 | 2 | 4 | 8 | 16 | 24 | 32;
  /** Run-length codes, of which an index takes 4 or 8 bits; `undefined` for plain rows. */
  readonly runs: 4 | 8 | undefined;
  /** Bits of red, green and blue in a pixel of 16 bits or more. */
  readonly masks: readonly [red: number, green: number, blue: number];
  /** Bits of alpha in a pixel, 0 where there is none. */
  readonly alphaMask: number;
  /** Colours of up to 8 bits, blue first; `step` bytes each. */
  readonly palette: Uint8Array;
  readonly step: 3 | 4;
  /** Where the pixels begin. */
  readonly start: number;
}

const depths: readonly number[] = [1, 2, 4, 8, 16, 24, 32];
const compressions: Readonly<Record<number, string>> = { 4: 'JPEG', 5: 'PNG', 11: 'CMYK', 12: 'CMYK', 13: 'CMYK' };

/**
 * Reads the headers of a BMP.
 *
 * @param bytes the file, at least its headers and palette
 * @throws DataError for a header that is damaged, cut short or of a kind that is not read
 * Source: Microsoft's BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER; OS/2's header
 * of 64 or 16 bytes.
 */
export function bmpStructure(bytes: Uint8Array): BmpStructure {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const need = (end: number): void => {
    if (end > bytes.length) throw refused('is cut short in its header; replace or remove the file', bytes.length);
  };
  need(26);
  const [start, header] = [view.getUint32(10, true), view.getUint32(14, true)];
  need(14 + header);
  const isCore = header === 12;
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const rows = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isCore ? 24 : 28, true);
  const compression = header >= 40 ? view.getUint32(30, true) : 0;
  const height = Math.abs(rows);
  if (width <= 0 || height === 0) throw refused(`claims ${width} x ${height} pixels; replace or remove the file`, 18);
  if (!depths.includes(bits)) throw refused(`has pixels of ${bits} bits; convert it to 24 bits`, 28);
  const runs = compression === 1 && bits === 8 ? 8 : compression === 2 && bits === 4 ? 4 : undefined;
  const isPlain = compression === 0 || ((compression === 3 || compression === 6) && bits >= 16);
  if (!isPlain && (runs === undefined || rows < 0))
    throw refused(
      `is compressed by ${compressions[compression] ?? `method ${compression}`} at ${bits} bits; convert it to PNG or to an uncompressed BMP`,
      30,
    );
  let masks: [number, number, number] = bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  let alphaMask = 0;
  // After a header of 40 bytes, inside a longer one, at the same place.
  let after = 14 + header;
  if (compression === 3 || compression === 6) {
    need(66);
    const given = [54, 58, 62].map((at) => view.getUint32(at, true)) as [number, number, number];
    if (given.some((mask) => mask !== 0)) masks = given;
    if (header === 40) after += compression === 3 ? 12 : 16;
    if (header >= 56 || compression === 6) {
      need(70);
      alphaMask = view.getUint32(66, true);
      if (!isRun(alphaMask)) alphaMask = 0;
    }
    if (!masks.every(isRun)) throw refused('has colour masks with gaps; convert it to 24 bits', 54);
  }
  const step = isCore ? 3 : 4;
  const wanted = header >= 40 ? view.getUint32(46, true) : 0;
  const colours = bits > 8 ? 0 : Math.min(wanted === 0 ? 2 ** bits : wanted, 2 ** bits);
  const pixelsFrom = start === 0 ? after + step * colours : start;
  const palette = bytes.subarray(after, Math.min(after + step * colours, Math.max(pixelsFrom, after)));
  return {
    width,
    height,
    topDown: rows < 0,
    bits: bits as BmpStructure['bits'],
    runs,
    masks,
    alphaMask,
    palette,
    step,
    start: pixelsFrom,
  };
}

/** Whether the bits of a mask are one run of at least one. */
function isRun(mask: number): boolean {
  if (mask === 0) return false;
  return Number.isInteger(Math.log2(mask / ((mask & -mask) >>> 0) + 1));
}

function refused(what: string, offset: number): DataError {
  return new DataError(`cannot be decoded: the BMP ${what}`, { offset });
}
