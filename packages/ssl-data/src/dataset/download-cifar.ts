import { join } from 'node:path';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { downloadFile, type DownloadOptions } from '../io/download-file.js';
import { cifarReleases, type CifarRelease, type CifarVariant } from './cifar-release.js';

export interface DownloadCifarOptions extends Omit<DownloadOptions, 'sha256'> {
  readonly variant: CifarVariant;
  /** Where to fetch the archive from in place of its publisher, who is slow at times. */
  readonly url?: string;
  /** MD5 of the archive; default: the publisher's, also for another `url`. */
  readonly md5?: string;
}

const downloadCifarOptionNames: OptionNames<DownloadCifarOptions> = {
  variant: 'requiredNumber',
  url: 'optional',
  md5: 'optional',
  maxBytes: 'optionalNumber',
  onProgress: 'optionalFunction',
  signal: 'optional',
  headers: 'optional',
  timeoutMs: 'optionalNumber',
  minBytesPerSecond: 'optionalNumber',
  maxSeconds: 'optionalNumber',
  retries: 'optionalNumber',
  retryDelayMs: 'optionalNumber',
};

/**
 * Fetches the binary version of CIFAR-10 or CIFAR-100 (about 170 MB) unless it is there, and checks it.
 *
 * @param folder where the archive goes; made when missing
 * @returns path of the archive, which `CifarDataset.open` reads as it is
 * @throws DataError as {@link downloadFile}
 */
export async function downloadCifar(folder: string, options: DownloadCifarOptions): Promise<string> {
  checkOptions('downloadCifar', options, downloadCifarOptionNames);
  const { variant, url: from, ...rest } = options;
  const release = cifarReleases[variant] as CifarRelease | undefined;
  if (release === undefined) throw new InvalidOptionError('downloadCifar', 'variant', '10 or 100', variant);
  const { md5 = release.md5, maxBytes = release.bytes } = options;
  const path = join(folder, release.archive);
  await downloadFile(from ?? release.url, path, { ...rest, md5, maxBytes });
  return path;
}
