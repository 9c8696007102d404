import type { Dirent, Stats } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { endingOf, type LeftOut, LeftOutCounter } from './left-out.js';
import { sortStrings } from './sort-strings.js';
import type { StringTable } from './string-table.js';
import { StringTableBuilder } from './string-table-builder.js';
import { isSystemFolder } from './system-folders.js';

/** What lies under a folder. */
export interface FileListing {
  /** Paths of the files that are wanted, relative to the folder with `/`, sorted by code unit (the same on every machine). */
  readonly paths: StringTable;
  /** Sub-folders of the folder itself, also those that hold nothing or cannot be read. */
  readonly folders: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

export interface ListFilesOptions {
  /** Names of the files that are wanted. */
  readonly wanted: RegExp;
  /** Whether a file of another name is wanted too. Default: it is not. */
  readonly alsoWanted?: ((path: string) => Promise<boolean>) | undefined;
}

const maxDepth = 64;
/** Paths by which links may lead to one folder. */
const maxWays = 16;

/**
 * Lists the files under a folder. Millions of files leave no object each.
 *
 * Hidden files and folders are passed over. Folders that systems make (`__MACOSX`, `@eaDir` and others), a link that leads nowhere, a folder that cannot be read, pipes,
 * sockets and devices are left out and counted, as are files of other names.
 *
 * @throws DataError for a folder that is missing or nested too deeply, and for a link that leads out of it
 */
export async function listFiles(root: string, options: ListFilesOptions): Promise<FileListing> {
  let top: string;
  let status: Stats;
  try {
    top = await realpath(root);
    status = await stat(top);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new DataError(
      missing ? 'no such file or folder; check the path' : `cannot be read: ${(cause as Error).message}`,
      { path: root, cause },
    );
  }
  if (!status.isDirectory())
    throw new DataError('is not a folder; give the folder that holds the data', { path: root });
  const walk = new Walk(root, top, options);
  await walk.visit('', new Set([top]));
  return { paths: sortStrings(walk.found.finish()), folders: walk.folders, leftOut: walk.leftOut.finish() };
}

class Walk {
  readonly found = new StringTableBuilder();
  readonly folders: string[] = [];
  readonly leftOut = new LeftOutCounter();
  readonly #root: string;
  readonly #top: string;
  readonly #options: ListFilesOptions;
  /** How many paths led to a folder, by its real path. */
  readonly #ways = new Map<string, number>();

  constructor(root: string, top: string, options: ListFilesOptions) {
    this.#root = root;
    this.#top = top;
    this.#options = options;
  }

  /** @param ancestors real paths of the folder and those above it */
  async visit(folder: string, ancestors: ReadonlySet<string>): Promise<void> {
    const path = join(this.#root, folder);
    if (ancestors.size > maxDepth + 1)
      throw new DataError(`folders are nested deeper than ${maxDepth}; move the files up`, { path });
    const entries = await opendir(path, { bufferSize: 4096 }).catch((cause: unknown) =>
      this.#unreadable(folder, cause),
    );
    if (entries === undefined) return;
    for await (const entry of entries)
      if (!entry.name.startsWith('.'))
        await this.#entry(folder === '' ? entry.name : `${folder}/${entry.name}`, entry, ancestors);
  }

  /** The folder itself must be readable; of what lies in it a part may be. */
  #unreadable(folder: string, cause: unknown): undefined {
    if (folder === '')
      throw new DataError(`cannot be read: ${(cause as Error).message}; check its rights`, { path: this.#root, cause });
    this.leftOut.add('unreadable folders', folder);
  }

  async #entry(relative: string, entry: Dirent, ancestors: ReadonlySet<string>): Promise<void> {
    const { name } = entry;
    const isLink = entry.isSymbolicLink();
    let [isFolder, isFile] = [entry.isDirectory(), entry.isFile()];
    let real: string | undefined;
    if (isLink || isFolder) {
      const target = await this.#follow(relative, isLink);
      if (target === undefined) {
        // What had no ending may have been a class.
        if (!relative.includes('/') && (isFolder || endingOf(name) === 'no ending')) this.folders.push(name);
        this.leftOut.add(isFolder ? 'unreadable folders' : 'links to nothing', relative);
        return;
      }
      real = target.real;
      [isFolder, isFile] = [target.status.isDirectory(), target.status.isFile()];
    }
    if (isFolder) {
      if (isSystemFolder(name)) {
        this.leftOut.add('folders of the system', relative);
        return;
      }
      // It would never end.
      if (ancestors.has(real!)) {
        this.leftOut.add('links to a folder above', relative);
        return;
      }
      if (!relative.includes('/')) this.folders.push(name);
      this.#countWay(relative, real!);
      await this.visit(relative, new Set(ancestors).add(real!));
    } else if (!isFile) this.leftOut.add('pipes, sockets and devices', relative);
    else if (this.#options.wanted.test(name) || (await this.#alsoWanted(relative))) this.found.add(relative);
    else this.leftOut.add(endingOf(name), relative);
  }

  /** Links between a few folders can make more paths than there is time. */
  #countWay(relative: string, real: string): void {
    const ways = (this.#ways.get(real) ?? 0) + 1;
    this.#ways.set(real, ways);
    if (ways > maxWays)
      throw new DataError(`is the same folder as ${maxWays} others, by links; remove some of the links`, {
        path: join(this.#root, relative),
      });
  }

  /** Where a link or folder leads; undefined when nothing is there. */
  async #follow(
    relative: string,
    isLink: boolean,
  ): Promise<{ readonly real: string; readonly status: Stats } | undefined> {
    const path = join(this.#root, relative);
    let real: string;
    try {
      real = await realpath(path);
    } catch {
      return undefined;
    }
    if (isLink && real !== this.#top && !real.startsWith(this.#top.endsWith(sep) ? this.#top : this.#top + sep))
      throw new DataError(`is a link that leads out of the data folder, to ${real}; copy the files instead`, { path });
    const status = await stat(real).catch(() => undefined);
    return status && { real, status };
  }

  async #alsoWanted(relative: string): Promise<boolean> {
    return (await this.#options.alsoWanted?.(join(this.#root, relative))) ?? false;
  }
}
