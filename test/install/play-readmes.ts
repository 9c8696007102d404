import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';

import { workspaces } from '../../tools/workspaces.js';
import { readmeExample } from '../packaging/readme-example.js';
import { runCommand } from '../packaging/run-command.js';
import type { Manager, Tools } from './managers.js';

/** What a package's README says to install, and the example that it says runs then. */
interface Readme {
  readonly name: string;
  readonly packages: readonly string[];
  readonly example: string;
}

async function readmes(): Promise<readonly Readme[]> {
  return Promise.all(
    workspaces('packages').map(async ({ directory, manifest: { name } }) => {
      const text = await readFile(join(directory, 'README.md'), 'utf8');
      const packages = /^npm install (?<names>.+)$/m.exec(text)?.groups?.['names']?.split(' ') ?? [];
      return { name, packages, example: readmeExample(text) ?? '' };
    }),
  );
}

/**
 * Follows each README in an empty project of its own: installs what it says by a manager that hands on nothing else, and
 * runs its example.
 *
 * @returns the packages whose README fails, with the reason, and those whose does not
 */
export async function playReadmes(
  manager: Manager,
  tools: Tools,
  emptyProject: (name: string) => Promise<string>,
  environments: { readonly install: NodeJS.ProcessEnv; readonly run: NodeJS.ProcessEnv },
): Promise<readonly { readonly name: string; readonly error?: unknown }[]> {
  const played: { name: string; error?: unknown }[] = [];
  for (const { name, packages, example } of await readmes()) {
    const directory = await emptyProject(`readme of ${name}`);
    try {
      await manager.configure(directory, tools);
      await runCommand(process.execPath, manager.add(tools, packages), directory, environments.install);
      const { code } = await transform(example, { loader: 'ts', format: 'esm' });
      await writeFile(join(directory, 'example.mjs'), code);
      const output = await runCommand(
        process.execPath,
        manager.script(tools, 'example.mjs'),
        directory,
        environments.run,
      );
      if (output.trim() === '') throw new Error('error: the example prints nothing');
      played.push({ name });
    } catch (error) {
      played.push({ name, error });
    }
  }
  return played;
}
