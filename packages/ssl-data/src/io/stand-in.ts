import { DataError } from '@selfsup/ssl-core';

/** Bytes that {@link refuseStandIn} needs to see. */
export const standInBytes = 64;

const standIns: readonly (readonly [start: RegExp, refusal: string])[] = [
  [/^version https:\/\/git-lfs/, 'is a pointer of Git LFS, not the file itself; fetch that: git lfs pull'],
  [
    /^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html)/i,
    'is a page of HTML, as servers send it where a file is missing or needs a login; fetch the file again',
  ],
];

/**
 * Refuses what lies in the place of a data file and is not it.
 *
 * @param head the file's first bytes, {@link standInBytes} of them or the whole file where it is shorter
 * @throws DataError
 */
export function refuseStandIn(head: Uint8Array, path: string): void {
  const text = Buffer.from(head).toString('latin1', 0, standInBytes);
  const found = standIns.find(([start]) => start.test(text));
  if (found !== undefined) throw new DataError(found[1], { path, offset: 0 });
}
