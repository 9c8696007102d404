import { DataError } from '@selfsup/ssl-core';

/** An attempt that may succeed when it is made again. Never leaves those who make attempts. */
export class TransientError extends Error {
  readonly waitMs: number | undefined;

  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** A URL as it may stand in messages: its query may hold a signature. */
export function displayUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The condition of a request for a part; If-Range wants a strong ETag. */
export function ifUnchanged(validator: string | undefined): Record<string, string> {
  return validator === undefined || validator.startsWith('W/') ? {} : { 'if-range': validator };
}

/** ETag, or the time of the last change where there is none. */
export function validatorOf({ headers }: Response): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}

/** The first byte's place in `content-range: bytes 5-9/1234`. */
export function startOf({ headers }: Response): number | undefined {
  return numberIn(/^bytes (\d+)-/i.exec(headers.get('content-range') ?? '')?.[1] ?? null);
}

/** The file's size in `content-range: bytes 0-0/1234`. */
export function totalOf({ headers }: Response): number | undefined {
  return numberIn(/^bytes \d+-\d+\/(\d+)$/i.exec(headers.get('content-range') ?? '')?.[1] ?? null);
}

export function numberIn(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** What an answer's status means: worth another try, or final. */
export function refused(url: string, { status, headers }: Response): Error {
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = numberIn(headers.get('retry-after'));
    return new TransientError(`the server answers ${status}`, seconds === undefined ? undefined : seconds * 1000);
  }
  const meaning =
    status === 404 || status === 410
      ? 'the file is not there (any more); check the URL'
      : status === 401 || status === 403
        ? 'access is denied; pass http: { headers }, or sign the URL anew'
        : 'check the URL';
  return new DataError(`the server answers ${status}: ${meaning}`, { path: displayUrl(url) });
}

export function reasonOf(cause: unknown): string {
  // An error of undici, or what else was thrown.
  const { message, cause: inner } = cause as { message?: string; cause?: { message?: string; code?: string } };
  const detail = inner?.message ?? inner?.code;
  return `${message}${detail === undefined ? '' : ` (${detail})`}`;
}
