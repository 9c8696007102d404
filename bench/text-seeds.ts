/**
 * Runs the demo's text recipe with three seeds and writes accuracies with their spread to bench/results/text-seeds.json.
 *
 * usage: npm run bench:text -- [seed ...]        default seeds: 0 1 2; runs/text-seed-<n> is resumed where it exists
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface TextFigures {
  readonly fineTune: Readonly<Record<string, number>>;
  readonly scratch: Readonly<Record<string, number>>;
  readonly maskedAccuracy: readonly { readonly step: number; readonly value: number }[];
  readonly maskedLoss: readonly { readonly step: number; readonly value: number }[];
  readonly seconds: number;
}

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');

async function runSeed(seed: number): Promise<TextFigures> {
  const out = join(root, 'runs', `text-seed-${seed}`);
  const args = ['--import', 'tsx', '--conditions=ssl-source', 'apps/benchmark/src/cli.ts', 'run', 'demo-text'];
  const resume = existsSync(join(out, 'run.json')) ? ['--resume'] : [];
  const child = spawn(process.execPath, [...args, '--seed', String(seed), '--out', out, ...resume], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (status !== 0) process.exit(status ?? 1);
  const { text } = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8')) as { text: TextFigures };
  return text;
}

function spread(values: readonly number[]): { mean: number; deviation: number; values: readonly number[] } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)), values };
}

const seeds = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [0, 1, 2];
await mkdir(join(here, 'results'), { recursive: true });
const results: TextFigures[] = [];
for (const seed of seeds) results.push(await runSeed(seed));
const of = (pick: (figures: TextFigures) => number): ReturnType<typeof spread> => spread(results.map(pick));
const perClass = (kind: 'fineTune' | 'scratch'): Record<string, ReturnType<typeof spread>> =>
  Object.fromEntries(Object.keys(results[0]![kind]).map((count) => [count, of((figures) => figures[kind][count]!)]));
const summary = {
  recipe: 'demo-text',
  seeds,
  fineTune: perClass('fineTune'),
  scratch: perClass('scratch'),
  maskedAccuracy: of(({ maskedAccuracy }) => maskedAccuracy.at(-1)!.value),
  maskedLoss: of(({ maskedLoss }) => maskedLoss.at(-1)!.value),
  seconds: of(({ seconds }) => seconds),
  machine: { processor: cpus()[0]?.model, cores: cpus().length },
  date: new Date().toISOString().slice(0, 10),
};
await writeFile(join(here, 'results', 'text-seeds.json'), `${JSON.stringify(summary, null, 1)}\n`);
process.stdout.write(`${JSON.stringify(summary)}\n`);
