import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { displayUrl } from './http-answer.js';
import { largestSidecar, parseSidecar, readSidecar, sidecarPath, writeSidecar } from './index-sidecar.js';
import { FilePool } from './file-pool.js';
import { fileStatus } from './file-status.js';
import { type IndexTarOptions, scanShard } from './index-tar.js';
import { splitMemberName } from './member-name.js';
import type { Shard } from './shard.js';
import type { ShardIndex } from './shard-index.js';
import { isUrl } from './shard-locations.js';
import type { ShardStore } from './shard-store.js';
import { parseTarHeader, tarBlockBytes } from './tar-header.js';

export interface OpenedShard {
  readonly shard: Shard;
  readonly index: ShardIndex;
}

/**
 * Finds a shard and its index: from the sidecar where there is a valid one, else by a scan, which then writes it.
 *
 * @throws DataError when the shard is missing, damaged or beyond a limit
 */
export async function openShard(
  location: string,
  store: ShardStore,
  options: Required<IndexTarOptions>,
): Promise<OpenedShard> {
  return isUrl(location) ? openUrl(location, store, options) : openFile(location, options);
}

async function openFile(path: string, options: Required<IndexTarOptions>): Promise<OpenedShard> {
  const { size, modified } = await fileStatus(path);
  const shard: Shard = { kind: 'file', path, size };
  const sidecar = sidecarPath(path);
  const known = await readSidecar(sidecar, { size, modified, split: options.splitAt });
  if (known !== undefined && (await belongs(known, path))) return { shard, index: known };
  const index = await scanShard(path, path, options);
  await keep(sidecar, index, modified);
  return { shard, index };
}

async function openUrl(url: string, store: ShardStore, options: Required<IndexTarOptions>): Promise<OpenedShard> {
  const { cache, http } = store;
  const file = await http.probe(url);
  await cache?.verify(file);
  const kept = cache?.indexPath(file);
  const opened = (index: ShardIndex): OpenedShard => ({ shard: { kind: 'url', file, size: index.size }, index });
  if (file.size !== undefined) {
    const archive = { size: file.size, split: options.splitAt };
    const known = kept === undefined ? undefined : await readSidecar(kept, archive);
    if (known !== undefined) return opened(known);
    if (store.readsParts(file)) {
      const sidecar = new URL(url);
      sidecar.pathname = sidecarPath(sidecar.pathname);
      const bytes = await http.small(sidecar.href, largestSidecar(file.size));
      const sent = bytes === undefined ? undefined : parseSidecar(Buffer.from(bytes).toString('utf8'), archive);
      if (sent !== undefined) {
        if (kept !== undefined) await keep(kept, sent);
        return opened(sent);
      }
    }
  }
  if (cache === undefined)
    throw new InvalidOptionError(
      'WebDataset.open',
      'cache',
      `{ folder } for ${displayUrl(url)}: its server sends no parts of files, or has no index beside the shard`,
      'undefined',
    );
  const index = await cache
    .use(file, (path) => scanShard(path, displayUrl(url), options))
    .catch(async (cause: unknown) => {
      await cache.discard(file);
      throw cause;
    });
  await keep(cache.indexPath(file), index);
  return opened(index);
}

/**
 * Whether a shard has members where its index says: a shard may be replaced by one of the same size and time. Looks at
 * the first, the middle and the last; each member is looked at when it is read.
 */
async function belongs({ size, keys, counts, offsets, sizes, ...index }: ShardIndex, path: string): Promise<boolean> {
  const files = new FilePool();
  const last = offsets.length - 1;
  try {
    for (const member of new Set([0, last >> 1, last])) {
      if (member < 0) continue;
      const offset = offsets[member]! - tarBlockBytes;
      const header = parseTarHeader(await files.read(path, size, offset, tarBlockBytes), path, offset);
      if (header === undefined || (header.size !== sizes[member] && header.size !== 0)) return false;
      let sample = 0;
      for (let end = counts[0]!; end <= member; end += counts[++sample]!);
      const split = splitMemberName(header.name, index.split);
      const extension = index.extensions[index.extensionOf[member]!];
      if (index.plainNames && (split?.[0] !== keys[sample] || split?.[1] !== extension)) return false;
    }
    return true;
  } catch {
    // The scan will say what is wrong.
    return false;
  } finally {
    await files.close();
  }
}

/** The index is a convenience: a folder that cannot be written costs a scan next time. */
async function keep(path: string, index: ShardIndex, modified?: number): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeSidecar(path, index, modified);
  } catch {
    // Read-only folders are common.
  }
}
