import { createContext, Script } from 'node:vm';
import { Decompress } from 'fzstd';
import { DataError } from '@selfsup/ssl-core';
import { ByteQueue } from './byte-queue.js';
import {
  isSkippable,
  littleEndian,
  maxZstdBlock,
  maxZstdHeader,
  parseZstdFrame,
  startsAsZstd,
  type ZstdFrame,
} from './zstd-frame.js';
import { Xxh64 } from './xxh64.js';

/**
 * The decoder moves its window for each block. Full blocks move 64 bytes per byte of output at most; streams of tiny
 * blocks are refused beyond these.
 */
const maxMovesPerByte = 512;
const spareMoves = 2 ** 28;

/** A block takes a millisecond, a crafted one minutes. */
const defaultBlockMilliseconds = 5000;

/**
 * Decompresses Zstandard, block by block, so that what is in memory is one window and one block. Frames' headers are
 * checked before the decoder sees them, sizes and checksums where there are any after it.
 *
 * @param path for messages
 * @param source the compressed bytes
 * @param blockMilliseconds after which a block counts as made to hang the reader
 * @throws DataError when the stream is damaged, truncated, or made to take much memory or time
 * Source: RFC 8878; the decoder is fzstd.
 */
export async function* decompressZstd(
  path: string,
  source: AsyncIterable<Uint8Array>,
  blockMilliseconds = defaultBlockMilliseconds,
): AsyncGenerator<Uint8Array> {
  const input = new ByteQueue(source);
  const totals: Totals = { moves: 0, bytes: 0 };
  try {
    for (;;) {
      const head = await input.peek(maxZstdHeader);
      if (head.length === 0) return;
      if (!startsAsZstd(head)) throw damaged(path, input.offset, 'no frame begins here');
      if (isSkippable(littleEndian(head, 0, 4))) {
        count(path, input.offset, totals, 0);
        if (head.length < 8 || !(await input.skip(8 + littleEndian(head, 4, 4)))) throw truncated(path, input.offset);
        continue;
      }
      const frame = parseZstdFrame(path, input.offset, head);
      if (frame === undefined) throw truncated(path, input.offset);
      yield* decompressFrame(path, input, frame, totals, blockMilliseconds);
    }
  } finally {
    await input.close();
  }
}

async function* decompressFrame(
  path: string,
  input: ByteQueue,
  frame: ZstdFrame,
  totals: Totals,
  blockMilliseconds: number,
): AsyncGenerator<Uint8Array> {
  const start = input.offset;
  const largest = Math.min(maxZstdBlock, frame.windowSize);
  let produced: Uint8Array[] = [];
  let size = 0;
  const hash = new Xxh64();
  let checksum: number | undefined;
  const decoder = new Decompress((bytes) => produced.push(bytes));
  decoder.push((await input.take(frame.length))!);
  for (let last = false; !last;) {
    const { offset } = input;
    const head = await input.peek(3);
    if (head.length < 3) throw truncated(path, offset);
    const header = littleEndian(head, 0, 3);
    last = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    const announced = header >> 3;
    if (type === 3 || announced > largest) throw damaged(path, offset, 'a block is of no known kind or too large');
    count(path, offset, totals, frame.windowSize);
    const block = await input.take(3 + (type === 1 ? 1 : announced) + (last && frame.checksum ? 4 : 0));
    if (block === undefined) throw truncated(path, offset);
    if (last && frame.checksum) checksum = littleEndian(block, block.length - 4, 4);
    try {
      if (type === 2) withinTime(() => decoder.push(block, last), blockMilliseconds);
      else decoder.push(block, last);
    } catch (cause) {
      throw damaged(path, offset, (cause as Error).message, cause);
    }
    const output = produced;
    produced = [];
    for (const bytes of output) {
      size += bytes.length;
      totals.bytes += bytes.length;
      if (frame.checksum) hash.update(bytes);
      if (bytes.length > 0) yield bytes;
    }
  }
  if (frame.contentSize !== undefined && size !== frame.contentSize)
    throw damaged(path, start, `a frame of ${frame.contentSize} bytes gave ${size}`);
  if (checksum !== undefined && checksum !== hash.digestLow()) throw damaged(path, start, 'its checksum is wrong');
}

interface Totals {
  moves: number;
  bytes: number;
}

function count(path: string, offset: number, totals: Totals, windowSize: number): void {
  totals.moves += windowSize + 1024;
  if (totals.moves > spareMoves + maxMovesPerByte * totals.bytes)
    throw new DataError('Zstandard blocks are too small for their window; compress the file anew', { path, offset });
}

let runner: { readonly context: { step?: () => void }; readonly script: Script } | undefined;

/** Ends `step` when it takes too long: fzstd follows a block's counts without a look at how many bytes they make. */
function withinTime(step: () => void, timeout: number): void {
  // Only the time limit of scripts can end a loop in the same thread.
  runner ??= { context: createContext({}), script: new Script('step()') };
  runner.context.step = step;
  runner.script.runInContext(runner.context, { timeout });
}

function damaged(path: string, offset: number, reason: string, cause?: unknown): DataError {
  return new DataError(`Zstandard stream is damaged (${reason}); fetch the file again`, { path, offset, cause });
}

function truncated(path: string, offset: number): DataError {
  return new DataError('Zstandard stream is truncated; fetch the file again', { path, offset });
}
