import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Reads of a package of the npm registry, without installing it.
 *
 * @param spec such as `@fontsource/lora@5.3.0`
 * @param read is given the folder with the package's files, which is gone afterwards
 * @param members paths within the package that are unpacked. Default: all
 */
export async function packageFolder<T>(
  spec: string,
  read: (folder: string) => Promise<T>,
  members: readonly string[] = [],
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'package-'));
  try {
    const { stdout } = await run('npm', ['pack', spec, '--pack-destination', dir, '--silent'], {
      shell: process.platform === 'win32',
    });
    await run('tar', ['-xzf', join(dir, stdout.trim()), '-C', dir, ...members.map((path) => `package/${path}`)]);
    return await read(join(dir, 'package'));
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** One file of a package, as {@link packageFolder}. */
export const packageFile = (spec: string, file: string): Promise<Buffer> =>
  packageFolder(spec, (folder) => readFile(join(folder, file)), [file]);
