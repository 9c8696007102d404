import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { defineCommand } from 'citty';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { loadRecipe } from '../recipes/load-recipe.js';
import { resumeCommand } from './resume-command.js';
import { runOptions, runSettings } from './run-options.js';
import { shellWord } from './shell-word.js';

/** `ssl-benchmark run <recipe>`. */
export const run = defineCommand({
  meta: { name: 'run', description: 'Run a recipe and write its report' },
  args: {
    recipe: {
      type: 'positional',
      required: true,
      description: 'Name of a recipe (see list), a .yaml file, or a folder of pictures, one folder per class',
    },
    ...runOptions,
  },
  async run({ args }) {
    const settings = runSettings('ssl-benchmark run', args);
    const loaded = await loadRecipe(args.recipe);
    const root = path.resolve(args.out ?? (settings.resume ? await latestRun(loaded.name) : newRun(loaded.name)));
    const { execute } = await import('../runs/execute.js');
    const shown = path.relative(process.cwd(), root) || '.';
    await execute({
      runs: [{ loaded, directory: root }],
      root,
      settings,
      existing: settings.resume ? 'resume' : 'refuse',
      resumeCommand: resumeCommand(`run ${shellWord(args.recipe)}`, shown, settings),
    });
  },
});

function newRun(name: string): string {
  return path.join('runs', `${name}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`);
}

async function latestRun(name: string): Promise<string> {
  const stamp = /^\d{4}-\d\d-\d\dT/;
  const folders = await readdir('runs').catch((): string[] => []);
  const latest = folders
    .filter((folder) => folder.startsWith(`${name}-`) && stamp.test(folder.slice(name.length + 1)))
    .sort()
    .at(-1);
  if (latest === undefined)
    throw new InvalidOptionError(
      'ssl-benchmark run',
      '--resume',
      `used with --out: there is no run of ${name} under runs/`,
      'no folder',
    );
  return path.join('runs', latest);
}
