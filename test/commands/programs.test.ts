import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { repositoryRoot, workspaces } from '../../tools/workspaces.js';
import { readRepositoryFile } from '../structure/repository-files.js';

const run = promisify(execFile);

/** Every program of the repository: its stub, and the source of what the stub starts. */
const programs = [...workspaces('packages'), ...workspaces('apps')].flatMap(({ folder, manifest }) =>
  Object.entries(manifest.bin ?? {}).map(([name, file]) => {
    const stub = join(folder, file);
    const built = /'\.\.\/dist\/(?<path>.+)\.js'/.exec(readRepositoryFile(stub))?.groups?.['path'];
    return { name, stub, source: join(folder, 'src', `${built}.ts`) };
  }),
);

/** What the program writes into a pipe, in an environment that says nothing of colours, but for what is given. */
async function output(source: string, args: readonly string[], colours: NodeJS.ProcessEnv = {}): Promise<string> {
  const { CI: _ci, TEST: _test, NO_COLOR: _no, FORCE_COLOR: _force, ...environment } = process.env;
  const { stdout } = await run(
    process.execPath,
    ['--import', 'tsx', '--conditions=ssl-source', join(repositoryRoot, source), ...args],
    { cwd: repositoryRoot, env: { ...environment, TERM: 'xterm-256color', ...colours } },
  );
  return stdout;
}

/** Names of the commands in a program's help. */
const commandsIn = (help: string): readonly string[] =>
  [...(help.split('COMMANDS')[1] ?? '').matchAll(/^ +(?<name>[a-z-]+) {2}/gm)].map(({ groups }) => groups!['name']!);

test('there are three programs', () => {
  expect(programs.map(({ name }) => name)).toEqual(['ssl-data', 'ssl-tensor', 'ssl-benchmark']);
});

describe.each(programs)('$name', ({ name, stub, source }) => {
  test('its help, and that of every command, holds no colour in a pipe', async () => {
    const help = await output(source, ['--help']);
    const commands = commandsIn(help);
    expect(commands.length).toBeGreaterThan(name === 'ssl-tensor' ? -1 : 1);
    const texts = await Promise.all(
      [...commands, 'doctor']
        .filter((command) => help.includes(command))
        .map((command) => output(source, [command, '--help'])),
    );
    for (const text of [help, ...texts]) {
      expect(text).toContain('USAGE ');
      expect(text).not.toContain('\u001B');
    }
  }, 120_000);

  test('FORCE_COLOR colours it', async () => {
    expect(await output(source, ['--help'], { FORCE_COLOR: '1' })).toContain('\u001B[1mUSAGE\u001B[22m');
  }, 120_000);

  test('its committed stub says what to do in a clone that is not built', async () => {
    const clone = mkdtempSync(join(tmpdir(), 'ssl-clone-'));
    await mkdir(join(clone, dirname(stub)), { recursive: true });
    await copyFile(join(repositoryRoot, stub), join(clone, `${stub}.mjs`));
    await expect(run(process.execPath, [join(clone, `${stub}.mjs`)])).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `${name}: this clone is not built. Run npm run build in its root folder\n`,
    });
  });
});
