import { DataError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';
import { formatBytes, imageEndings, imageFormat } from '../image/image-format.js';
import { leftOutText } from './left-out.js';
import { type FileListing, listFiles } from './list-files.js';

/** Extensions that count as images, in any case, in lower case without the dot. */
export const imageExtensions: readonly string[] = imageEndings;

/** How files are known as images: by {@link imageExtensions} alone, or also by the first bytes of those without one. */
export type ImageRecognition = 'endings' | 'contents';

const pattern = new RegExp(`\\.(?:${imageExtensions.join('|')})$`, 'i');

/**
 * All images under a folder, and what else lies there; see {@link listFiles}.
 *
 * @throws DataError for a folder that holds no image
 */
export async function listImageFiles(root: string, recognise: ImageRecognition = 'endings'): Promise<FileListing> {
  const listing = await listFiles(root, {
    wanted: pattern,
    alsoWanted: recognise === 'contents' ? isImage : undefined,
  });
  if (listing.paths.lengths.length === 0) throw new DataError(nothingText(listing, recognise), { path: root });
  return listing;
}

function nothingText({ leftOut }: FileListing, recognise: ImageRecognition): string {
  const looked = `holds no images; looked for ${imageExtensions.map((extension) => `.${extension}`).join(' ')} here and in sub-folders`;
  if (leftOut.length === 0) return looked;
  const advice =
    recognise === 'contents'
      ? 'none begins as an image that can be read; convert them'
      : "convert them, or pass recognise: 'contents' to go by their first bytes";
  return `${looked}, and found ${leftOutText(leftOut)} (such as ${leftOut[0]!.names[0]!}); ${advice}`;
}

async function isImage(path: string): Promise<boolean> {
  const head = new Uint8Array(formatBytes);
  try {
    const file = await openRegularFile(path);
    try {
      const { bytesRead } = await file.read(head, 0, formatBytes, 0);
      return imageFormat(head.subarray(0, bytesRead)) !== undefined;
    } finally {
      await file.close();
    }
  } catch {
    // Counted with what is no image.
    return false;
  }
}
