import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { writeReport } from '../../../apps/benchmark/src/report/write-report.js';
import { RunDirectory } from '../../../apps/benchmark/src/runs/run-directory.js';
import { fabricatedReport, hostile } from '../../../apps/benchmark/test/fabricated-report.js';
import { repositoryRoot } from '../../../tools/workspaces.js';
import { startScript } from '../interruptions/kill-until-done.js';
import type { Outcome, PlayCase } from '../kind.js';
import { playNamed } from './named-cases.js';

const escape = '\u001b[2J\u001b]0;owned\u0007';
const app = join(repositoryRoot, 'apps/benchmark/src/cli.ts');
const data = join(repositoryRoot, 'packages/ssl-data/src/cli/cli.ts');

/** Runs a command; nothing that a terminal obeys may come out. */
async function shown(script: string, args: readonly string[], status: number): Promise<Outcome> {
  const ended = await startScript(script, args).ended;
  if (ended.status !== status) throw new RangeError(`ended with status ${ended.status}: ${ended.output}`);
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const raw = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.exec(ended.output);
  if (raw !== null) throw new RangeError(`a raw control character in ${JSON.stringify(ended.output)}`);
  return status === 0 ? 'same' : 'refused';
}

/** Names and titles of strangers, on the terminal and in the report. */
export async function showNames(base: string): Promise<PlayCase> {
  return playNamed(base, {
    'inspect: names of classes and files': async (folder) => {
      const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
        .png()
        .toBuffer();
      for (const name of [`ant${escape}`, '<b>bee']) {
        await mkdir(join(folder, name));
        await writeFile(join(folder, name, `good${escape}.png`), png);
        await writeFile(join(folder, name, `bad${escape}.png`), png.subarray(0, 40));
      }
      return shown(data, ['inspect', folder, '--check'], 1);
    },
    'run: kind, keys and file name of a recipe': async (folder) => {
      const path = join(folder, `a${escape}.yaml`);
      await writeFile(path, `kind: "a\\e[31mb"\n"\\e]0;x\\a": 1\n`);
      return shown(app, ['run', path, '--debug'], 1);
    },
    'run: a title, and paths that are not there': async (folder) => {
      const path = join(folder, 'a.yaml');
      const recipe = [
        'kind: vision-simclr',
        'title: "\\e[2Jt"',
        'data: { source: folder, train: "x\\e[31m", test: "y" }',
      ];
      await writeFile(path, `${recipe.join('\n')}\n`);
      return shown(app, ['run', path, '--out', join(folder, `out${escape}`)], 1);
    },
    'report: HTML in titles, names and words': async (folder) => {
      const { kind, name, startedAt, recipe, times, ...results } = fabricatedReport(40).runs[0]!;
      const titled = { ...recipe, title: hostile, description: `${hostile} ${kind} ${startedAt} ${times.length}` };
      const run = await RunDirectory.begin(
        join(folder, 'run'),
        { name: `${name}${hostile}`, file: '', recipe: titled },
        'refuse',
      );
      for (const [key, result] of Object.entries(results)) {
        const stage = key === 'fineTune' ? 'fine-tune' : key;
        await run.writeSealed(`artifacts/${stage}.json`, {
          stage,
          title: hostile,
          seconds: 1,
          result: result as object,
        });
      }
      await run.close();
      const html = await readFile(await writeReport(run.path, [run]), 'utf8');
      if (/<script/i.test(html)) throw new RangeError('a script tag in the report');
      return 'same';
    },
  });
}
