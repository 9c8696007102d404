import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlayCase } from '../kind.js';
import { mustRefuse } from '../settled.js';
import { readers } from './readers.js';

const sparseBytes = 40 * 10 ** 9;

/** What may stand where a file is expected. */
const specials: readonly { readonly name: string; readonly make: (path: string) => Promise<unknown> }[] = [
  { name: 'a pipe', make: async (path) => void execFileSync('mkfifo', [path]) },
  { name: 'a link to a device', make: (path) => symlink('/dev/zero', path) },
  { name: 'a folder', make: (path) => mkdir(path) },
  {
    name: 'a sparse file of 40 GB',
    make: async (path) => {
      const file = await open(path, 'wx');
      await file.truncate(sparseBytes);
      await file.close();
    },
  },
  { name: 'a link to nothing', make: (path) => symlink(`${path}-nothing`, path) },
  {
    name: 'a loop of links',
    make: async (path) => {
      await symlink(path, `${path}-back`);
      await symlink(`${path}-back`, path);
    },
  },
  {
    name: 'a link to a pipe',
    make: async (path) => {
      execFileSync('mkfifo', [`${path}-pipe`]);
      await symlink(`${path}-pipe`, path);
    },
  },
];

/** Opens special files by every reader. */
export async function openSpecialFiles(folder: string): Promise<PlayCase> {
  const pairs = specials.flatMap((special) => readers.map((reader) => ({ special, reader })));
  return async (_, number, describe) => {
    // A step without a common divisor: the first few are of all sorts.
    const { special, reader } = pairs[(number * 19) % pairs.length]!;
    describe(`${special.name} for ${reader.name}`);
    const path = join(await mkdtemp(join(folder, 'case-')), reader.file);
    await special.make(path);
    return mustRefuse(() => reader.read(path));
  };
}
