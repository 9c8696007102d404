import { DataError } from '@selfsup/ssl-core';
import { foreignFormat } from './foreign-format.js';
import { formatBytes, imageFormat } from './image-format.js';

/**
 * Refuses bytes that do not begin as an image does, with advice that fits where they are from: what holds many images
 * may hold other things, and then an option says which are meant.
 *
 * @param name of the bytes
 * @param advice what to do
 * @throws DataError
 */
export function refuseNoImage(
  bytes: Uint8Array,
  name: string,
  advice: string,
  where: { readonly path: string; readonly offset?: number },
): void {
  const head = bytes.subarray(0, formatBytes);
  // An image in a format that is not read is told by decoding it, with what helps.
  if (imageFormat(head) !== undefined || foreignFormat(head) !== undefined) return;
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  throw new DataError(
    `${name} cannot be decoded: ${bytes.length === 0 ? 'it is empty' : `it begins as no image does (0x${start})`}; ${advice}`,
    where,
  );
}
