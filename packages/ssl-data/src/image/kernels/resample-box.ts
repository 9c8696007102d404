import type { Image } from '../image.js';
import { imageSize } from '../image.js';
import type { AxisWeights, WeightsOf } from '../filter-weights.js';
import { newPixels } from '../pixel-memory.js';
import type { Box } from '../box.js';
import { aligned, reserve, slack } from './kernels.js';
import { lowBits } from './resize-kernels.js';

/** Bytes of the rows that are resized at a time: they stay in the cache of a core. */
const band = 1 << 17;
/** Bytes between the two passes; where there would be more, the result is made in parts. */
const maxBetween = 2 ** 26;

/**
 * Resizes a box of an image by the weights of both axes: a horizontal pass, rounded to 8 bits, then a vertical one; an
 * axis of unchanged length is left out.
 *
 * @param image `[h, w, c]`
 * @param box inside the image
 * @param weightsOf the weights from one length to another
 * @param part of the result, the only one that is made: the same levels at less cost. Default all of it
 * @returns `[part.height * part.width * c]`
 * @throws DataError for what takes more memory than there is for it
 */
export function resampleBox(
  image: Image,
  box: Box,
  height: number,
  width: number,
  weightsOf: WeightsOf,
  part: Box = { top: 0, left: 0, height, width },
): Uint8Array<ArrayBuffer> {
  const [, , channels] = imageSize(image, 'resampleBox');
  const out = newPixels(part.height * part.width * channels);
  const columns =
    box.width === width
      ? { taken: [part.left, part.width] as const }
      : axisOf(weightsOf(box.width, width, part.left, part.width));
  const rowsOf = (top: number, count: number): Axis =>
    box.height === height ? { taken: [top, count] } : axisOf(weightsOf(box.height, height, top, count));
  const make = (top: number, count: number): void => {
    const rows = rowsOf(top, count);
    if (rows.taken[1] * part.width * channels > maxBetween && count > 1) {
      const half = count >> 1;
      make(top, half);
      make(top + half, count - half);
      return;
    }
    const taken = {
      top: box.top + rows.taken[0],
      left: box.left + columns.taken[0],
      height: rows.taken[1],
      width: columns.taken[1],
    };
    const from = (top - part.top) * part.width * channels;
    resampleInto(out.subarray(from, from + count * part.width * channels), image, taken, columns, rows, part.width);
  };
  make(part.top, part.height);
  return out;
}

/** The first input that an axis takes and how many, and its weights unless its length stays. */
interface Axis {
  readonly taken: readonly [first: number, count: number];
  readonly weights?: AxisWeights;
}

function axisOf(weights: AxisWeights): Axis {
  const { starts, counts } = weights;
  const [first, last] = [starts[0]!, starts.length - 1];
  return { taken: [first, starts[last]! + counts[last]! - first], weights };
}

/** @param box what the axes take */
function resampleInto(
  result: Uint8Array,
  image: Image,
  box: Box,
  { weights: columns, taken: [firstColumn] }: Axis,
  { weights: rows, taken: [firstRow] }: Axis,
  width: number,
): void {
  const [, imageWidth, channels] = imageSize(image, 'resampleBox');
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
  const { bytes, words, kernels } = reserve(rows === undefined ? out : out + aligned(result.length + slack));
  if (columns === undefined) {
    for (let y = 0; y < box.height; y++)
      bytes.set(image.data.subarray(offset + y * stride, offset + y * stride + length), pass + y * length);
  } else if (groups !== undefined) {
    const [starts, lengths, weights] = placeTables(words, 0, groups, firstColumn);
    for (let first = 0; first < box.height; first += bandRows) {
      const count = Math.min(bandRows, box.height - first);
      for (let y = 0; y < count; y++) {
        const from = offset + (first + y) * stride;
        bytes.set(image.data.subarray(from, from + boxLength), source + y * boxLength);
      }
      const to = pass + first * length;
      kernels.resizeRows(source, boxLength, count, to, width, starts, lengths, weights, groups.taps);
    }
  } else {
    const from = offset - firstColumn * channels;
    resizeRows(image.data, from, stride, box.height, channels, columns, width, bytes, pass);
  }
  if (rows === undefined) result.set(bytes.subarray(pass, pass + result.length));
  else {
    const [starts, counts, weights] = placeTables(words, rowTables, rows, firstRow);
    kernels.resizeColumns(pass, length, out, result.length / length, starts, counts, weights, rows.taps);
    result.set(bytes.subarray(out, out + result.length));
  }
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

/** Puts weights into the kernels' memory, whose rows or columns begin with the input `first`. */
function placeTables(
  words: Int32Array,
  address: number,
  { starts, counts, weights }: AxisWeights,
  first: number,
): readonly [starts: number, counts: number, weights: number] {
  words.set(first === 0 ? starts : starts.map((start) => start - first), address / 4);
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
