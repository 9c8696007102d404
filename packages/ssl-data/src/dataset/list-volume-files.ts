import { DataError } from '@selfsup/ssl-core';
import { leftOutText } from './left-out.js';
import { type FileListing, listFiles } from './list-files.js';

const pattern = /\.(?:nii|nii\.gz|npy)$/i;

/**
 * All volumes under a folder, and what else lies there; see {@link listFiles}.
 *
 * @throws DataError for a folder that holds no volume
 */
export async function listVolumeFiles(root: string): Promise<FileListing> {
  const listing = await listFiles(root, { wanted: pattern });
  const { paths, leftOut } = listing;
  if (paths.lengths.length === 0)
    throw new DataError(
      `holds no volumes; looked for .nii .nii.gz .npy here and in sub-folders${leftOut.length === 0 ? '' : `, and found ${leftOutText(leftOut)}`}`,
      { path: root },
    );
  return listing;
}
