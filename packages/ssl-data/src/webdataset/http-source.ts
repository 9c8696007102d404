import { checkInteger, DataError, type OptionNames } from '@selfsup/ssl-core';
import { type TransferLimits, TransferWatch } from '../io/transfer-watch.js';
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
} from './http-answer.js';

/** How shards are fetched; plain data. */
export interface HttpOptions {
  /** Sent with every request, such as `{ authorization: 'Bearer ...' }`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest time without a byte, ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** Least bytes per second, on average over `timeoutMs`; a server that trickles is given up. 0 waits. Default 1,000. */
  readonly minBytesPerSecond?: number;
  /** Longest time for one file or part, further tries included, seconds. Default 86,400, a day. */
  readonly maxSeconds?: number;
  /** Further tries after a failed connection, a broken-off answer, or a status 408, 429 or 5xx. Default 4. */
  readonly retries?: number;
  /** Wait before the first further try, ms; doubles each time, at most 10 s. Default 200. */
  readonly retryDelayMs?: number;
}

/** Names of {@link HttpOptions}. */
export const httpOptionNames: OptionNames<HttpOptions> = {
  headers: 'optional',
  timeoutMs: 'optionalNumber',
  minBytesPerSecond: 'optionalNumber',
  maxSeconds: 'optionalNumber',
  retries: 'optionalNumber',
  retryDelayMs: 'optionalNumber',
};

/** What a server says about a file. */
export interface HttpFile {
  readonly url: string;
  /** Bytes, where the server tells. */
  readonly size: number | undefined;
  /** ETag, or the time of the last change where there is none. */
  readonly validator: string | undefined;
  /** Whether parts can be asked for. */
  readonly ranges: boolean;
}

const maxDelayMs = 10_000;

/** Wait before a further try, ms. */
export function retryWait({ retryDelayMs = 200 }: HttpOptions, tried: number, cause: unknown): number {
  const asked = cause instanceof TransientError ? cause.waitMs : undefined;
  return Math.min(maxDelayMs, asked ?? retryDelayMs * 2 ** tried);
}

/** Throws {@link InvalidOptionError} for an option that is not accepted. */
export function checkHttpOptions(where: string, options: HttpOptions): void {
  const { timeoutMs = 1, retries = 0, retryDelayMs = 0, minBytesPerSecond = 0, maxSeconds = 1 } = options;
  const check = (option: string, value: number, least: number): void => {
    checkInteger(where, `http.${option}`, value, least, 2 ** 31 - 1);
  };
  check('timeoutMs', timeoutMs, 1);
  check('retries', retries, 0);
  check('retryDelayMs', retryDelayMs, 0);
  check('minBytesPerSecond', minBytesPerSecond, 0);
  check('maxSeconds', maxSeconds, 1);
}

/**
 * Reads files over HTTP with time limits and further tries. Connections are Node's: kept open and used again.
 *
 * Source: RFC 9110, sections 13 (conditional requests) and 14 (range requests).
 */
export class HttpSource {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions = {}) {
    this.#options = options;
  }

  /** Asks for the first byte, which tells more than HEAD: servers and signed URLs may refuse that. */
  async probe(url: string): Promise<HttpFile> {
    return this.#attempts(url, async (watch) => {
      const answer = await this.#ask(url, watch, { range: 'bytes=0-0' });
      await answer.body?.cancel();
      if (answer.status !== 200 && answer.status !== 206 && answer.status !== 416) throw refused(url, answer);
      const ranges = answer.status === 206;
      const size = ranges
        ? totalOf(answer)
        : answer.status === 416
          ? 0
          : numberIn(answer.headers.get('content-length'));
      return { url, size, validator: validatorOf(answer), ranges: ranges && size !== undefined };
    });
  }

  /**
   * Reads a part of a file.
   *
   * @throws DataError when the file has vanished, has changed since it was probed, or cannot be fetched
   */
  async range(file: HttpFile, offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const { url } = file;
    return this.#attempts(url, async (watch) => {
      const answer = await this.#ask(url, watch, {
        range: `bytes=${offset}-${offset + length - 1}`,
        ...ifUnchanged(file.validator),
      });
      if (answer.status !== 206 || hasChanged(file, answer) || startOf(answer) !== offset) {
        await answer.body?.cancel();
        // All of the file in place of a part: If-Range did not hold.
        throw answer.status < 400 || answer.status === 412 || answer.status === 416
          ? changed(url)
          : refused(url, answer);
      }
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      for await (const piece of pieces(answer, watch)) {
        if (done + piece.length > length)
          throw new DataError('the server sent more bytes than were asked for', { path: displayUrl(url), offset });
        bytes.set(piece, done);
        done += piece.length;
      }
      if (done < length) throw new TransientError(`the answer ended after ${done} of ${length} bytes`);
      return bytes;
    });
  }

  /**
   * Reads a whole small file.
   *
   * @returns `undefined` when the server has none or refuses it, and when it is longer than `maxBytes`
   */
  async small(url: string, maxBytes: number): Promise<Uint8Array | undefined> {
    return this.#attempts(url, async (watch) => {
      const answer = await this.#ask(url, watch, {});
      if (answer.status >= 500 || answer.status === 429) {
        await answer.body?.cancel();
        throw refused(url, answer);
      }
      if (answer.status !== 200 || (numberIn(answer.headers.get('content-length')) ?? 0) > maxBytes) {
        await answer.body?.cancel();
        return undefined;
      }
      const parts: Uint8Array[] = [];
      let total = 0;
      for await (const piece of pieces(answer, watch)) {
        total += piece.length;
        if (total > maxBytes) return undefined;
        parts.push(piece);
      }
      return Buffer.concat(parts, total);
    });
  }

  /**
   * Reads a whole file in order. A further try goes on where the last one stopped, if the server can.
   *
   * @param write called with each piece and its place; a place of 0 after others starts afresh
   * @returns bytes of the file
   */
  async download(
    file: HttpFile,
    maxBytes: number,
    write: (piece: Uint8Array, offset: number) => Promise<void>,
  ): Promise<number> {
    const { url, size } = file;
    const resumable = file.ranges && file.validator !== undefined;
    let done = 0;
    return this.#attempts(url, async (watch) => {
      if (!resumable) done = 0;
      if (size !== undefined && done === size) return done;
      const conditions = done > 0 ? { range: `bytes=${done}-`, ...ifUnchanged(file.validator) } : {};
      const answer = await this.#ask(url, watch, conditions);
      const isRest = done > 0 && answer.status === 206 && startOf(answer) === done;
      if (hasChanged(file, answer) || (!isRest && (done > 0 || answer.status !== 200))) {
        await answer.body?.cancel();
        throw answer.status < 400 ? changed(url) : refused(url, answer);
      }
      const expected = size ?? numberIn(answer.headers.get('content-length'));
      for await (const piece of pieces(answer, watch)) {
        if (done + piece.length > (expected ?? maxBytes) || done + piece.length > maxBytes)
          throw new DataError(
            `has more than the ${Math.min(expected ?? maxBytes, maxBytes)} bytes that were expected`,
            {
              path: displayUrl(url),
              offset: done,
            },
          );
        await write(piece, done);
        done += piece.length;
      }
      if (expected !== undefined && done < expected)
        throw new TransientError(`the answer ended after ${done} of ${expected} bytes`);
      return done;
    });
  }

  async #ask(url: string, watch: TransferWatch, headers: Record<string, string>): Promise<Response> {
    // A compressed answer would have other offsets.
    const sent = { ...this.#options.headers, 'accept-encoding': 'identity', ...headers };
    const answer = await fetch(url, { headers: sent, signal: watch.signal });
    watch.answered();
    return answer;
  }

  async #attempts<T>(url: string, attempt: (watch: TransferWatch) => Promise<T>): Promise<T> {
    const { retries = 4 } = this.#options;
    const limits = transferLimits(this.#options);
    for (let tried = 0; ; tried++) {
      const watch = new TransferWatch(limits);
      try {
        return await attempt(watch);
      } catch (cause) {
        if (DataError.isInstance(cause)) throw cause;
        if (tried >= retries || watch.expired)
          throw new DataError(
            `cannot be fetched, tried ${tried + 1} times: ${watch.reason ?? reasonOf(cause)}; check the server, or ${adviceFor(watch)}`,
            { path: displayUrl(url), cause },
          );
        const backoff = retryWait(this.#options, tried, cause);
        await new Promise((resolve) => setTimeout(resolve, backoff));
      } finally {
        watch.clear();
      }
    }
  }
}

async function* pieces(answer: Response, watch: TransferWatch): AsyncGenerator<Uint8Array> {
  if (answer.body === null) return;
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
    watch.received(piece.length);
    yield piece;
  }
}

/** Limits of a transfer that begins now. */
export function transferLimits(options: HttpOptions): TransferLimits {
  const { timeoutMs = 30_000, minBytesPerSecond = 1000, maxSeconds = 86_400 } = options;
  return { timeoutMs, minBytesPerSecond, endsAt: performance.now() + 1000 * maxSeconds };
}

/** The option that gives a transfer more time. */
export function adviceFor({ expired, reason }: TransferWatch): string {
  if (expired) return 'raise http.maxSeconds';
  return reason?.includes('minBytesPerSecond') === true ? 'lower http.minBytesPerSecond' : 'raise http.retries';
}

function hasChanged({ validator, size }: HttpFile, answer: Response): boolean {
  if (answer.status !== 200 && answer.status !== 206) return false;
  const total = answer.status === 206 ? totalOf(answer) : numberIn(answer.headers.get('content-length'));
  const now = validatorOf(answer);
  return (
    (validator !== undefined && now !== undefined && now !== validator) ||
    (size !== undefined && total !== undefined && total !== size)
  );
}

function changed(url: string): DataError {
  return new DataError('has changed since it was indexed; open the data set anew', { path: displayUrl(url) });
}
