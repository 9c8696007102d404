import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { displayUrl } from '../webdataset/http-answer.js';
import { adviceFor, httpOptionNames, type HttpOptions, transferLimits } from '../webdataset/http-source.js';
import { type TransferLimits, TransferWatch } from './transfer-watch.js';
import { flushFile, openRegularFile, temporaryName } from '@selfsup/ssl-core/files';

export interface DownloadOptions extends HttpOptions {
  /** Expected SHA-256 of the file, hexadecimal. */
  readonly sha256?: string;
  /** Expected MD5, for publishers who give nothing better. */
  readonly md5?: string;
  /** Most bytes that are accepted. Default 16 GiB. */
  readonly maxBytes?: number;
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Ends the download; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const downloadOptionNames: OptionNames<DownloadOptions> = {
  ...httpOptionNames,
  sha256: 'optional',
  md5: 'optional',
  maxBytes: 'optionalNumber',
  onProgress: 'optionalFunction',
  signal: 'optional',
};

export interface DownloadProgress {
  /** Bytes that are here, those of an earlier attempt included. */
  readonly bytes: number;
  /** Bytes of the whole file, where the server tells. */
  readonly total: number | undefined;
}

/** An attempt that may succeed when it is made again. Never leaves this file. */
class TransientError extends Error {}

/** One that trickles or falls silent: a few bytes more earn no new tries. */
class SlowError extends TransientError {}

const defaultMaxBytes = 2 ** 34;
const digestLengths = { sha256: 64, md5: 32 } as const;

/**
 * Fetches a file over HTTP(S), unless it is there with the expected checksum already.
 *
 * Bytes go to a temporary file beside `path`, which is checked and renamed at the end, so that `path` is absent or whole. A
 * connection that breaks is taken up where it broke. With a checksum, so is a download that an earlier process began; without
 * one nobody could tell whether the pieces belong together.
 *
 * @param url http: or https:
 * @param path of the file; its folder is made
 * @throws DataError when the server has no such file or is not reached, and when the file is longer than `maxBytes` or
 *   has another checksum
 * Source: RFC 9110, sections 13.1.5 (If-Range) and 14 (range requests).
 */
export async function downloadFile(url: string | URL, path: string, options: DownloadOptions = {}): Promise<void> {
  checkOptions('downloadFile', options, downloadOptionNames);
  const target = String(url);
  if (!/^https?:$/.test(URL.canParse(target) ? new URL(target).protocol : ''))
    throw new InvalidOptionError('downloadFile', 'url', 'an http: or https: address', target);
  const expected = expectedDigest(options);
  options.signal?.throwIfAborted();
  if (expected !== undefined && (await digestOf(path, expected.algorithm, options.maxBytes)) === expected.digest)
    return;
  await attempt(dirname(path), () => mkdir(dirname(path), { recursive: true }));
  const part = expected === undefined ? temporaryName(path) : `${path}.${expected.digest.slice(0, 12)}.part`;
  try {
    for (;;) {
      const resumed = await fetchPart(target, part, options);
      if (expected === undefined) break;
      const digest = await digestOf(part, expected.algorithm, options.maxBytes);
      if (digest === expected.digest) break;
      await rm(part, { force: true });
      // What an earlier process left may be the beginning of something else.
      if (!resumed)
        throw new DataError(
          `${expected.algorithm} of what was fetched is ${digest}, expected ${expected.digest}; the file has changed there, or somebody in between changed it`,
          { path: displayUrl(target) },
        );
    }
    await attempt(path, () => rename(part, path));
  } catch (error) {
    // Only with a checksum can a later call tell whether the bytes are of use.
    const size = (await stat(part).catch(() => undefined))?.size ?? 0;
    if (expected === undefined || size === 0) await rm(part, { force: true });
    throw error;
  }
}

function expectedDigest({ sha256, md5 }: DownloadOptions) {
  const algorithm = sha256 === undefined ? 'md5' : 'sha256';
  const digest = (sha256 ?? md5)?.toLowerCase();
  if (digest === undefined) return undefined;
  if (digest.length !== digestLengths[algorithm] || !/^[0-9a-f]+$/.test(digest))
    throw new InvalidOptionError('downloadFile', algorithm, `${digestLengths[algorithm]} hexadecimal digits`, digest);
  return { algorithm, digest } as const;
}

/** Digest of a file, or undefined when there is none, or none of up to `maxBytes`. */
async function digestOf(
  path: string,
  algorithm: 'sha256' | 'md5',
  maxBytes = defaultMaxBytes,
): Promise<string | undefined> {
  const hash = createHash(algorithm);
  try {
    const file = await openRegularFile(path);
    if ((await file.stat()).size > maxBytes) {
      await file.close();
      return undefined;
    }
    for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (cause) {
    if (((cause as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(`cannot be read: ${(cause as Error).message}`, { path, cause });
  }
  return hash.digest('hex');
}

/** Fetches all bytes that `part` lacks; returns whether it had some before. */
async function fetchPart(url: string, part: string, options: DownloadOptions): Promise<boolean> {
  const { retries = 4, retryDelayMs = 200, signal } = options;
  const file = await attempt(part, async () => {
    // A pipe of that name would be waited for.
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
    return open(part, flags);
  });
  try {
    if (!(await file.stat()).isFile()) throw new DataError('is not a file; remove it', { path: part });
    const state: PartState = { file, bytes: (await file.stat()).size, validator: undefined };
    const resumed = state.bytes > 0;
    let most = state.bytes;
    const limits = transferLimits(options);
    for (let tries = 0; ; tries++) {
      try {
        await fetchRest(url, state, options, limits);
        await flushFile(file);
        return resumed;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof TransientError)) throw error;
        // Progress earns new tries; the furthest byte counts, so that starting over does not.
        const enough = error instanceof SlowError ? (limits.minBytesPerSecond * limits.timeoutMs) / 1000 : 0;
        if (state.bytes > most + enough) tries = 0;
        most = Math.max(most, state.bytes);
        if (tries >= retries || performance.now() >= limits.endsAt)
          throw new DataError(`cannot be fetched: ${error.message}; try again later`, {
            path: displayUrl(url),
            offset: state.bytes,
            cause: error.cause,
          });
        await wait(
          Math.min(retryDelayMs * 2 ** tries, 10_000),
          undefined,
          signal === undefined ? {} : { signal },
        ).catch(() => signal?.throwIfAborted());
      }
    }
  } finally {
    await file.close();
  }
}

interface PartState {
  readonly file: FileHandle;
  /** Bytes that are in the file. */
  bytes: number;
  /** ETag of the answer that the bytes are from. */
  validator: string | undefined;
}

async function fetchRest(
  url: string,
  state: PartState,
  options: DownloadOptions,
  limits: TransferLimits,
): Promise<void> {
  const { maxBytes = defaultMaxBytes, headers, signal, onProgress } = options;
  const watch = new TransferWatch(limits);
  let answer: Response | undefined;
  try {
    // Nothing could tell whether further bytes belong to those that are here.
    if (state.validator === undefined && expectedDigest(options) === undefined) await restart(state);
    answer = await fetch(url, {
      headers: {
        ...headers,
        // Otherwise fetch() would unpack what was asked for as it is.
        'accept-encoding': 'identity',
        ...(state.bytes > 0 && { range: `bytes=${state.bytes}-` }),
        ...(state.bytes > 0 && state.validator !== undefined && { 'if-range': state.validator }),
      },
      signal: signal === undefined ? watch.signal : AbortSignal.any([signal, watch.signal]),
    });
    watch.answered();
    const total = await begin(url, answer, state);
    if (total !== undefined && total === state.bytes) return;
    if (total !== undefined && total > maxBytes) throw await tooLong(url, state, `has ${total} bytes`, maxBytes);
    onProgress?.({ bytes: state.bytes, total });
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      watch.received(chunk.length);
      if (state.bytes + chunk.length > maxBytes) throw await tooLong(url, state, 'does not end', maxBytes);
      await attempt('the temporary file', () => state.file.write(chunk, 0, chunk.length, state.bytes));
      state.bytes += chunk.length;
      onProgress?.({ bytes: state.bytes, total });
    }
    if (total !== undefined && state.bytes < total)
      throw new TransientError(`the answer ended after ${state.bytes} of ${total} bytes`);
  } catch (cause) {
    await answer?.body?.cancel().catch(() => {});
    if (DataError.isInstance(cause) || cause instanceof TransientError) throw cause;
    if (watch.reason !== undefined) throw new SlowError(`${watch.reason} (${adviceFor(watch)})`, { cause });
    if (isFetchError(cause)) throw new TransientError(reasonOf(cause), { cause });
    // From onProgress.
    throw cause;
  } finally {
    watch.clear();
  }
}

/** Looks at the head of an answer and puts the file to where its bytes belong; returns the size of the whole. */
async function begin(url: string, answer: Response, state: PartState): Promise<number | undefined> {
  const { status } = answer;
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(answer.headers.get('content-range') ?? '');
  if (status === 416 && state.bytes > 0) {
    if (range !== null && Number(range[2]) === state.bytes) return state.bytes;
    await restart(state);
    throw new TransientError('the part that is here is longer than the file there');
  }
  if (status === 408 || status === 429 || status >= 500) throw new TransientError(`the server answered ${status}`);
  if (status !== 200 && status !== 206)
    throw new DataError(`the server answered ${status} ${answer.statusText}; check the address`, {
      path: displayUrl(url),
    });
  const encoding = answer.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw new DataError(`the server sends it compressed (${encoding}) although asked not to; fetch it by hand`, {
      path: displayUrl(url),
    });
  state.validator = strongValidator(answer);
  if (status === 206) {
    if (range !== null && Number(range[1]) === state.bytes) return Number(range[2]);
    await restart(state);
    throw new TransientError('the server sent another part than was asked for');
  }
  if (state.bytes > 0) await restart(state);
  const length = answer.headers.get('content-length');
  return length === null || !/^\d+$/.test(length) ? undefined : Number(length);
}

async function restart(state: PartState): Promise<void> {
  await state.file.truncate(0);
  state.bytes = 0;
}

function strongValidator(answer: Response): string | undefined {
  const etag = answer.headers.get('etag');
  return etag === null || etag.startsWith('W/') ? undefined : etag;
}

async function tooLong(url: string, state: PartState, what: string, maxBytes: number): Promise<DataError> {
  // Nobody will take this up again.
  await state.file.truncate(0);
  return new DataError(`${what}, the limit is ${maxBytes}; raise maxBytes if that is right`, { path: displayUrl(url) });
}

/** What undici throws for a connection that fails or breaks. */
function isFetchError(cause: unknown): boolean {
  return cause instanceof TypeError && (cause.message === 'fetch failed' || cause.message === 'terminated');
}

function reasonOf(error: unknown): string {
  const inner = (error as Error).cause;
  return inner instanceof Error ? inner.message || (inner as NodeJS.ErrnoException).code || inner.name : String(error);
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new DataError(`cannot be written: ${(cause as Error).message}`, { path, cause });
  }
}
