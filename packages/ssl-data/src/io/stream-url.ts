import { crc32 } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import {
  displayUrl,
  ifUnchanged,
  numberIn,
  reasonOf,
  refused,
  startOf,
  totalOf,
  TransientError,
  validatorOf,
} from '../webdataset/http-answer.js';
import { adviceFor, type HttpOptions, retryWait, transferLimits } from '../webdataset/http-source.js';
import { TransferWatch } from './transfer-watch.js';

/** What was handed on so far, and what the first answer said of the file. */
interface Transfer {
  readonly url: string;
  bytes: number;
  /** CRC-32 of these bytes. */
  checksum: number;
  /** ETag or time of the last change; undefined where further bytes cannot be told to belong to the first ones. */
  validator: string | undefined;
  size: number | undefined;
}

/**
 * The bytes of a file on a server, once from its beginning to its end, as they are asked for: little is in memory, and the
 * connection waits while the reader works.
 *
 * A connection that breaks is taken up where it broke. Where the server gives no parts, or nothing that tells whether they
 * belong together, the file is read again to that place, and its beginning held against a checksum of what was handed on.
 *
 * @param options limits; time that the reader takes does not count
 * @throws DataError when the server has no such file, is not reached or too slow, and when the file changes meanwhile
 * Source: RFC 9110, sections 13.1.5 (If-Range) and 14 (range requests).
 */
export async function* streamUrl(url: string, options: HttpOptions): AsyncGenerator<Uint8Array> {
  const { retries = 4 } = options;
  const path = displayUrl(url);
  const transfer: Transfer = { url, bytes: 0, checksum: 0, validator: undefined, size: undefined };
  let limits = transferLimits(options);
  for (let tried = 0; ; tried++) {
    const watch = new TransferWatch(limits);
    const began = transfer.bytes;
    // A reader that fails, such as a decompressor, throws at the yield: that is no failure of the connection.
    let isAway = false;
    try {
      for await (const piece of rest(transfer, options, watch)) {
        watch.pause();
        isAway = true;
        yield piece;
        isAway = false;
        watch.resume();
      }
      return;
    } catch (cause) {
      if (isAway || DataError.isInstance(cause)) throw cause;
      watch.pause();
      // Progress earns new tries; of a server that trickles a few bytes more are none.
      const enough = watch.reason === undefined ? 0 : (limits.minBytesPerSecond * limits.timeoutMs) / 1000;
      if (transfer.bytes > began + enough) tried = 0;
      if (tried >= retries || watch.expired)
        throw new DataError(
          `cannot be read from byte ${transfer.bytes} on, tried ${tried + 1} times: ${watch.reason ?? reasonOf(cause)}; check the server, or ${adviceFor(watch)}`,
          { path, offset: transfer.bytes, cause },
        );
      limits = { ...limits, endsAt: performance.now() + watch.left };
      await new Promise((resolve) => setTimeout(resolve, retryWait(options, tried, cause)));
    } finally {
      watch.clear();
    }
  }
}

/** The bytes that are still to come, by one request. */
async function* rest(transfer: Transfer, options: HttpOptions, watch: TransferWatch): AsyncGenerator<Uint8Array> {
  const { url, validator } = transfer;
  const goesOn = transfer.bytes > 0 && validator !== undefined;
  const answer = await fetch(url, {
    headers: {
      ...options.headers,
      // A compressed answer would have other offsets.
      'accept-encoding': 'identity',
      ...(goesOn && { range: `bytes=${transfer.bytes}-`, ...ifUnchanged(validator) }),
    },
    signal: watch.signal,
  });
  watch.answered();
  let again = await begin(transfer, answer, goesOn);
  let checksum = 0;
  for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    watch.received(piece.length);
    const known = piece.subarray(0, again);
    checksum = crc32(known, checksum);
    again -= known.length;
    if (known.length > 0 && again === 0 && checksum !== transfer.checksum) throw changed(transfer);
    const own = piece.subarray(known.length);
    if (own.length === 0) continue;
    transfer.checksum = crc32(own, transfer.checksum);
    transfer.bytes += own.length;
    yield own;
  }
  const { size, bytes } = transfer;
  if (again > 0 || (size !== undefined && bytes < size))
    throw new TransientError(`the answer ended after ${bytes - again} of ${size ?? 'more'} bytes`);
}

/** Looks at the head of an answer; returns how many of its bytes were handed on before. */
async function begin(transfer: Transfer, answer: Response, goesOn: boolean): Promise<number> {
  const { url, bytes } = transfer;
  const isPart = goesOn && answer.status === 206 && startOf(answer) === bytes;
  if (!isPart && answer.status !== 200) {
    await answer.body?.cancel();
    // 206: another part than was asked for; 412 and 416: what was there is not there any more.
    throw [206, 412, 416].includes(answer.status) ? changed(transfer) : refused(url, answer);
  }
  // fetch() has unpacked it, so that its length is another, and so are places in it.
  const isPacked = (answer.headers.get('content-encoding') ?? 'identity') !== 'identity';
  const size = isPart ? totalOf(answer) : isPacked ? undefined : numberIn(answer.headers.get('content-length'));
  const validator = validatorOf(answer);
  const isOther =
    (transfer.size !== undefined && size !== undefined && size !== transfer.size) ||
    (transfer.validator !== undefined && validator !== undefined && validator !== transfer.validator);
  if (bytes > 0 && isOther) {
    await answer.body?.cancel();
    throw changed(transfer);
  }
  if (bytes === 0) [transfer.size, transfer.validator] = [size, isPacked ? undefined : validator];
  return isPart ? 0 : bytes;
}

function changed({ url, bytes }: Transfer): DataError {
  return new DataError('has changed while it was read; read it from the beginning', {
    path: displayUrl(url),
    offset: bytes,
  });
}
