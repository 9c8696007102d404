import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { writeReport } from '../../../apps/benchmark/src/report/write-report.js';
import { RunDirectory } from '../../../apps/benchmark/src/runs/run-directory.js';
import { fabricatedReport } from '../../../apps/benchmark/test/fabricated-report.js';
import { mutateBytes } from '../../fuzz/mutate-bytes.js';
import { flipBit } from '../flip-bit.js';
import type { PlayCase } from '../kind.js';
import { outcomeOf, settle } from '../settled.js';

const stageNames: Readonly<Record<string, string>> = { fineTune: 'fine-tune' };

/** The report of the run in a folder, made again. */
async function reported(folder: string): Promise<unknown> {
  const runs = await RunDirectory.openAll(folder);
  if (runs.length === 0) throw new DataError('holds no run', { path: folder });
  return readFile(await writeReport(folder, runs));
}

/** Renders the report of a finished run again of which a file is damaged. */
export async function readRuns(folder: string): Promise<PlayCase> {
  const { kind, name, startedAt, recipe, times, ...results } = fabricatedReport(40).runs[0]!;
  const run = await RunDirectory.begin(folder, { name, file: '', recipe }, 'refuse');
  for (const [key, result] of Object.entries(results)) {
    const stage = stageNames[key] ?? key;
    const title = `${kind} ${startedAt} ${times.length}`;
    await run.writeSealed(`artifacts/${stage}.json`, { stage, title, seconds: 1, result: result as object });
  }
  await run.close();
  const good = await settle(() => reported(folder));
  if ('refused' in good) throw good.refused;
  const names = [
    'run.json',
    'written.json',
    ...(await readdir(join(folder, 'artifacts'))).map((file) => `artifacts/${file}`),
  ];
  const seeds = await Promise.all(names.map((file) => readFile(join(folder, file))));
  return async (random, _, describe) => {
    const index = random.integer(names.length);
    const [file, seed, donor] = [names[index]!, seeds[index]!, seeds[random.integer(seeds.length)]!];
    const { bytes, what } = random.bernoulli(0.5)
      ? flipBit(seed, random)
      : ((mutant) => ({ bytes: mutant.bytes, what: mutant.steps.join('; ') }))(
          mutateBytes(seed, donor, random, seed.length),
        );
    describe(`${file}: ${what}`);
    await writeFile(join(folder, file), bytes);
    try {
      return await outcomeOf(() => reported(folder), good.digest, true);
    } finally {
      await writeFile(join(folder, file), seed);
    }
  };
}
