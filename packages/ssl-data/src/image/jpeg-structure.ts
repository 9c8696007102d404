/** What the markers of a JPEG say about it. */
export interface JpegStructure {
  /**
   * The compressed picture runs to the last byte without an end-of-image marker, as in a file whose tail was never
   * written: decoders take the zeros there for grey or repeated blocks.
   */
  readonly cut: boolean;
  /** Size of a plain picture; `undefined` for what needs more than a JPEG decoder, and where anything is in doubt. */
  readonly plain: PlainJpeg | undefined;
  /** What the first frame header says, as far as the markers could be followed. */
  readonly frame: JpegFrame | undefined;
  /** Whether a colour profile is embedded. A plain picture may have one: its pixels are the same without. */
  readonly hasProfile: boolean;
}

/** The size of a JPEG; 4 components are inks. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits of a sample. */
  readonly bits: number;
}

/**
 * A JPEG that is its pixels and nothing else: baseline or progressive, Huffman codes, 8 bits, of one or three
 * components, upright, and ending with its end-of-image marker.
 */
export interface PlainJpeg {
  readonly width: number;
  readonly height: number;
  readonly components: 1 | 3;
}

/** Passes over the picture at most; an encoder makes about ten, a file made to waste time thousands. */
const maxScans = 100;

/**
 * Walks the markers of a JPEG, each byte once, without decoding.
 *
 * @param bytes the whole file, which starts with a start-of-image marker
 * Source: ITU-T T.81, annex B; Exif 2.3, section 4.5 (orientation); ICC.1:2022, annex B.4 (profiles).
 */
export function jpegStructure(bytes: Uint8Array): JpegStructure {
  const { length } = bytes;
  let upright: PlainJpeg | undefined;
  let frame: JpegFrame | undefined;
  let [frames, scans, exifs] = [0, 0, 0];
  let [plain, hasProfile] = [true, false];
  const found = (cut: boolean, isPlain: boolean): JpegStructure => ({
    cut,
    plain: isPlain ? upright : undefined,
    frame,
    hasProfile,
  });
  for (let at = 2; ;) {
    if (bytes[at] !== 0xff) return found(false, false);
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === endOfImage) return found(false, plain && at === length && scans > 0 && scans <= maxScans);
    // Past the end, or a marker without a segment, which has no business here.
    if (marker === undefined || marker < 0xc0 || isRestart(marker) || marker === 0xd8) return found(false, false);
    const end = at + (bytes[at]! << 8) + bytes[at + 1]!;
    // Also where the length itself is missing and `end` is no number.
    if (!(end >= at + 2 && end <= length)) return found(false, false);
    const segment = bytes.subarray(at + 2, end);
    at = end;
    if (marker === startOfScan) {
      scans++;
      at = nextMarker(bytes, end);
      if (at < 0) return found(true, false);
    } else if (isFrame(marker)) {
      upright = plainFrame(marker, segment);
      frame ??= frameOf(segment);
      plain &&= ++frames === 1 && scans === 0;
    } else if (marker === 0xe1 && startsWith(segment, 'Exif')) plain &&= ++exifs === 1 && isUpright(segment);
    else if (marker === 0xe2 && startsWith(segment, 'ICC_PROFILE')) hasProfile = true;
  }
}

const endOfImage = 0xd9;
const startOfScan = 0xda;
const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;
/** Between them lie the tables (C4, CC) and a reserved marker (C8). */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Where compressed data end: the next marker but restarts; negative where there is none. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const after = bytes[at + 1];
    if (after === undefined) return -1;
    if (after !== 0 && after !== 0xff && !isRestart(after)) return at;
  }
  return -1;
}

/** Source: ITU-T T.81, B.2.2: precision, height, width, number of components, three bytes each. */
function frameOf(segment: Uint8Array): JpegFrame | undefined {
  if (segment.length < 6) return undefined;
  const [bits, high, low, left, right, components] = segment as Uint8Array & Record<0 | 1 | 2 | 3 | 4 | 5, number>;
  return { width: (left << 8) | right, height: (high << 8) | low, components, bits };
}

function plainFrame(marker: number, segment: Uint8Array): PlainJpeg | undefined {
  // Baseline, extended and progressive; later ones are lossless, hierarchical or coded arithmetically.
  const frame = frameOf(segment);
  if (marker > 0xc2 || frame === undefined || frame.bits !== 8) return undefined;
  const { height, width, components } = frame;
  // No height: it follows the first scan.
  if (height === 0 || width === 0 || (components !== 1 && components !== 3)) return undefined;
  return segment.length === 6 + 3 * components ? { width, height, components } : undefined;
}

/** Whether EXIF data are in order and call for no turn. */
function isUpright(segment: Uint8Array): boolean {
  if (!startsWith(segment, 'Exif\0\0')) return false;
  const tiff = new DataView(segment.buffer, segment.byteOffset + 6, segment.length - 6);
  const little = startsWith(segment.subarray(6), 'II*\0');
  if (tiff.byteLength < 8 || !(little || startsWith(segment.subarray(6), 'MM\0*'))) return false;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return false;
  const entries = tiff.getUint16(directory, little);
  if (directory + 2 + 12 * entries > tiff.byteLength) return false;
  for (let entry = 0, at = directory + 2; entry < entries; entry++, at += 12) {
    if (tiff.getUint16(at, little) !== 0x0112) continue;
    const isShort = tiff.getUint16(at + 2, little) === 3 && tiff.getUint32(at + 4, little) === 1;
    if (!isShort || tiff.getUint16(at + 8, little) !== 1) return false;
  }
  return true;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
