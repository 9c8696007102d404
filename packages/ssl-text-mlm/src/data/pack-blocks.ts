import { checkCount, InvalidOptionError, type RandomKey, RandomStream } from '@selfsup/ssl-tensor/host';

/** How blocks of one length are divided among texts: which lengths lie in each, not yet which texts. */
export interface BlockPattern {
  /** Places of each block. */
  readonly blockLength: number;
  /** `[blocks + 1]`: block i has the slots `starts[i] .. starts[i + 1])`. */
  readonly starts: Int32Array;
  /** Length of the text of each slot, `[texts]`. */
  readonly slotLengths: Int32Array;
}

/**
 * Divides blocks among texts by best fit, the longest first: each goes where it leaves the least room.
 *
 * The pattern depends on the lengths alone, so there are as many blocks in every epoch; {@link fillBlocks} says which text
 * of a length comes where. Takes time in proportion to texts times `blockLength` at the worst, and 16 bytes a text.
 *
 * @param lengths tokens of every text, 1 or more
 * @throws InvalidOptionError if a text is longer than a block
 * Source: best-fit decreasing of Johnson 1974; for pretraining Ding et al. 2024, arXiv:2404.10830.
 */
export function planBlocks(lengths: ArrayLike<number>, blockLength: number): BlockPattern {
  checkCount('planBlocks', { blockLength });
  const counts = countLengths(lengths, blockLength);
  // By room: the blocks that have so much left, as linked stacks.
  const newest = new Int32Array(blockLength + 1).fill(-1);
  const below = new Int32Array(lengths.length);
  const blockOf = new Int32Array(lengths.length);
  const sorted = new Int32Array(lengths.length);
  let [blocks, done] = [0, 0];
  for (let length = blockLength; length > 0; length--)
    for (let left = counts[length]!; left > 0; left--) {
      let room = length;
      while (room <= blockLength && newest[room] === -1) room++;
      const isNew = room > blockLength;
      const block = isNew ? blocks++ : newest[room]!;
      if (!isNew) newest[room] = below[block]!;
      const rest = (isNew ? blockLength : room) - length;
      below[block] = newest[rest]!;
      newest[rest] = block;
      blockOf[done] = block;
      sorted[done++] = length;
    }
  return { blockLength, ...byBlock(blockOf, sorted, blocks) };
}

/**
 * Which text lies in each slot of a pattern: each text in one of its length.
 *
 * @param lengths that the pattern was made for
 * @param key draws which; without one the texts of a length come in order
 * @returns `[texts]`, the text of each slot
 */
export function fillBlocks(pattern: BlockPattern, lengths: ArrayLike<number>, key?: RandomKey): Int32Array {
  const { slotLengths, blockLength } = pattern;
  const next = offsetsOf(countLengths(lengths, blockLength));
  const slots = new Int32Array(slotLengths.length);
  for (let slot = 0; slot < slotLengths.length; slot++) slots[next[slotLengths[slot]!]!++] = slot;
  const place = offsetsOf(countLengths(lengths, blockLength));
  const order = key === undefined ? undefined : new RandomStream(key).permutation(lengths.length);
  const texts = new Int32Array(slotLengths.length);
  for (let at = 0; at < lengths.length; at++) {
    const text = order === undefined ? at : order[at]!;
    texts[slots[place[lengths[text]!]!++]!] = text;
  }
  return texts;
}

/** How many texts there are of each length, `[blockLength + 1]`. */
function countLengths(lengths: ArrayLike<number>, blockLength: number): Int32Array {
  const counts = new Int32Array(blockLength + 1);
  for (let text = 0; text < lengths.length; text++) {
    const length = lengths[text]!;
    if (!(Number.isInteger(length) && length >= 1 && length <= blockLength)) {
      const advice = 'Encode with a smaller maxLength, or make the blocks longer';
      const expected = `at least the length of every text, which is 1 or more`;
      throw new InvalidOptionError(
        'planBlocks',
        'blockLength',
        `${expected}: text ${text} has ${length}`,
        blockLength,
        advice,
      );
    }
    counts[length]!++;
  }
  return counts;
}

/** Where each length begins when texts are sorted by it. */
function offsetsOf(counts: Int32Array): Int32Array {
  const offsets = new Int32Array(counts.length);
  for (let length = 1; length < counts.length; length++) offsets[length] = offsets[length - 1]! + counts[length - 1]!;
  return offsets;
}

function byBlock(blockOf: Int32Array, sorted: Int32Array, blocks: number): Omit<BlockPattern, 'blockLength'> {
  const starts = new Int32Array(blocks + 1);
  for (const block of blockOf) starts[block + 1]!++;
  for (let block = 0; block < blocks; block++) starts[block + 1]! += starts[block]!;
  const next = starts.slice();
  const slotLengths = new Int32Array(sorted.length);
  for (let at = 0; at < sorted.length; at++) slotLengths[next[blockOf[at]!]!++] = sorted[at]!;
  return { starts, slotLengths };
}
