import { spawn } from 'node:child_process';
import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { repositoryRoot } from '../../tools/workspaces.js';

const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(DEBUG|NODE_OPTIONS|VITEST.*|npm_.*)$/.test(name)),
);

/** A folder in which programs find what the repository has installed, as in a user's project. */
export async function emptyProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'guide-'));
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return folder;
}

/** Runs a program as `node` would, the packages from source. */
export async function runSource(
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=ssl-source',
      '--import',
      pathToFileURL(join(repositoryRoot, 'node_modules/tsx/dist/loader.mjs')).href,
      file,
      ...args,
    ],
    { cwd, env: { ...inherited, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { status, stdout, stderr };
}

/** Words of a line as a shell takes them, comments left out. */
export const shellWords = (line: string): readonly string[] =>
  [...line.replace(/\s#.*$/, '').matchAll(/'(?<quoted>[^']*)'|(?<bare>\S+)/g)].map(
    ({ groups }) => groups?.['quoted'] ?? groups?.['bare'] ?? '',
  );
