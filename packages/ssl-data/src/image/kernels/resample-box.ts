import type { Image } from '../image.js';
import { imageSize } from '../image.js';
import { copyPixels } from '../pixel-memory.js';
import type { Box } from '../resized-crop.js';
import { aligned, reserve, slack } from './kernels.js';
import { lowBits } from './resize-kernels.js';

/** Fixed-point weights of one axis: output `i` takes `counts[i]` inputs (at least one) from `starts[i]` on. */
export interface AxisWeights {
  /** Stride of `weights`, in elements. */
  readonly taps: number;
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** Of 2^22: 8-bit pixels times 22 bits, and their sum, stay within 32 signed bits. */
  readonly weights: Int32Array;
}

/** Bytes of the rows that are resized at a time: they stay in the cache of a core. */
const band = 1 << 17;

/**
 * Resizes a box of an image by the weights of both axes: a horizontal pass, rounded to 8 bits, then a vertical one; an
 * axis of unchanged length is left out.
 *
 * @param image `[h, w, c]`
 * @param box inside the image
 * @param weightsOf the weights from one length to another
 * @returns `[height * width * c]`
 */
export function resampleBox(
  image: Image,
  box: Box,
  height: number,
  width: number,
  weightsOf: (inputSize: number, outputSize: number) => AxisWeights,
): Uint8Array<ArrayBuffer> {
  const [, imageWidth, channels] = imageSize(image, 'resampleBox');
  const columns = box.width === width ? undefined : weightsOf(box.width, width);
  const rows = box.height === height ? undefined : weightsOf(box.height, height);
  const stride = imageWidth * channels;
  const offset = box.top * stride + box.left * channels;
  const length = width * channels;
  const boxLength = box.width * channels;
  const bandRows = Math.max(1, Math.min(box.height, Math.floor(band / boxLength)));
  const groups = columns === undefined || channels !== 3 ? undefined : inGroups(columns);
  const rowTables = tableBytes(groups);
  const source = rowTables + tableBytes(rows);
  const pass = source + (columns === undefined ? 0 : aligned(bandRows * boxLength + slack));
  const out = pass + aligned(box.height * length + slack);
  const { bytes, words, kernels } = reserve(rows === undefined ? out : out + aligned(height * length + slack));
  if (columns === undefined) {
    for (let y = 0; y < box.height; y++)
      bytes.set(image.data.subarray(offset + y * stride, offset + y * stride + length), pass + y * length);
  } else if (groups !== undefined) {
    const [starts, lengths, weights] = placeTables(words, 0, groups);
    for (let first = 0; first < box.height; first += bandRows) {
      const count = Math.min(bandRows, box.height - first);
      for (let y = 0; y < count; y++) {
        const from = offset + (first + y) * stride;
        bytes.set(image.data.subarray(from, from + boxLength), source + y * boxLength);
      }
      const to = pass + first * length;
      kernels.resizeRows(source, boxLength, count, to, width, starts, lengths, weights, groups.taps);
    }
  } else resizeRows(image.data, offset, stride, box.height, channels, columns, width, bytes, pass);
  if (rows === undefined) return copyPixels(bytes.subarray(pass, pass + height * length));
  const [starts, counts, weights] = placeTables(words, rowTables, rows);
  kernels.resizeColumns(pass, length, out, height, starts, counts, weights, rows.taps);
  return copyPixels(bytes.subarray(out, out + height * length));
}

const inGroupsOf = new WeakMap<AxisWeights, AxisWeights>();

/** Weights as the horizontal kernel takes them: `taps` a multiple of four, in place of counts the bytes of the groups. */
function inGroups(axis: AxisWeights): AxisWeights {
  const known = inGroupsOf.get(axis);
  if (known !== undefined) return known;
  const { taps, starts, counts, weights } = axis;
  const groups = Math.ceil(taps / 4);
  const halves = new Int16Array(8 * groups * starts.length);
  for (let i = 0; i < starts.length; i++) {
    for (let t = 0; t < counts[i]!; t++) {
      const weight = weights[i * taps + t]!;
      const to = 8 * (i * groups + (t >> 2)) + (t & 3);
      halves[to] = weight >> lowBits;
      halves[to + 4] = weight & ((1 << lowBits) - 1);
    }
  }
  const made: AxisWeights = {
    taps: 4 * groups,
    starts,
    counts: counts.map((count) => 16 * Math.ceil(count / 4)),
    weights: new Int32Array(halves.buffer),
  };
  inGroupsOf.set(axis, made);
  return made;
}

function tableBytes(axis: AxisWeights | undefined): number {
  return axis === undefined ? 0 : aligned(4 * (2 * axis.starts.length + axis.weights.length));
}

function placeTables(
  words: Int32Array,
  address: number,
  { starts, counts, weights }: AxisWeights,
): readonly [starts: number, counts: number, weights: number] {
  words.set(starts, address / 4);
  words.set(counts, address / 4 + starts.length);
  words.set(weights, address / 4 + 2 * starts.length);
  return [address, address + 4 * starts.length, address + 8 * starts.length];
}

/** The horizontal pass for any number of channels. */
function resizeRows(
  source: Uint8Array,
  offset: number,
  stride: number,
  rows: number,
  channels: number,
  { taps, starts, counts, weights }: AxisWeights,
  width: number,
  out: Uint8Array,
  target: number,
): void {
  let to = target;
  if (channels === 1) {
    // Small grey images are enlarged as a rule, from two pixels each.
    for (let y = 0; y < rows; y++) {
      const row = offset + y * stride;
      for (let x = 0; x < width; x++) {
        const from = row + starts[x]!;
        const count = counts[x]!;
        const first = x * taps;
        let sum = (1 << 21) + source[from]! * weights[first]!;
        for (let k = 1; k < count; k++) sum += source[from + k]! * weights[first + k]!;
        const level = sum >> 22;
        out[to++] = level < 0 ? 0 : level > 255 ? 255 : level;
      }
    }
    return;
  }
  for (let y = 0; y < rows; y++) {
    const row = offset + y * stride;
    for (let x = 0; x < width; x++) {
      const end = x * taps + counts[x]!;
      for (let channel = 0; channel < channels; channel++) {
        let from = row + starts[x]! * channels + channel;
        let sum = 1 << 21;
        for (let k = x * taps; k < end; k++, from += channels) sum += source[from]! * weights[k]!;
        const level = sum >> 22;
        out[to++] = level < 0 ? 0 : level > 255 ? 255 : level;
      }
    }
  }
}
