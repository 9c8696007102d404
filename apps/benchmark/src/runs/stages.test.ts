import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadRecipe } from '../recipes/load-recipe.js';
import { Progress } from './progress.js';
import { RunDirectory } from './run-directory.js';
import { Stages } from './stages.js';

const plan = ['one', 'two', 'three'].map((name) => ({ name, title: `Stage ${name}`, cost: 1 }));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ssl-stages-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Three stages, each from the one before; counts its calls; `failAt` stops like a killed process. */
async function pipeline(
  existing: 'refuse' | 'resume',
  failAt?: string,
): Promise<{ result: number; calls: string[]; written: string[] }> {
  const directory = await RunDirectory.begin(folder, await loadRecipe('smoke-text'), existing);
  try {
    return await stagesOf(directory, failAt);
  } finally {
    await directory.close();
  }
}

async function stagesOf(
  directory: RunDirectory,
  failAt: string | undefined,
): Promise<{ result: number; calls: string[]; written: string[] }> {
  const written: string[] = [];
  const stages = new Stages(directory, new Progress(plan, { write: (text) => written.push(text) }));
  const calls: string[] = [];
  const stage = (name: string, from: number): Promise<{ value: number }> =>
    stages.run(
      name,
      async () => {
        calls.push(name);
        if (name === failAt) throw new DataError('stopped here');
        return { value: from * 1.1 + 0.1 };
      },
      { outcome: ({ value }) => `value ${value}` },
    );
  const one = await stage('one', 1);
  const two = await stage('two', one.value);
  const three = await stage('three', two.value);
  return { result: three.value, calls, written };
}

test('a resumed run skips what is finished and ends with the same numbers', async () => {
  await expect(pipeline('refuse', 'three')).rejects.toThrow('stopped here');
  const resumed = await pipeline('resume');
  expect(resumed.calls).toEqual(['three']);
  expect(resumed.written[0]).toBe('[1/3] Stage one: value 1.2000000000000002 (kept from before)\n');
  const record = JSON.parse(await readFile(path.join(folder, 'artifacts', 'two.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  expect(record).toMatchObject({ stage: 'two', title: 'Stage two', seconds: expect.any(Number) });

  await rm(folder, { recursive: true });
  const unbroken = await pipeline('refuse');
  expect(unbroken.calls).toEqual(['one', 'two', 'three']);
  expect(resumed.result).toBe(unbroken.result);
});

test('a damaged stage file is named', async () => {
  await pipeline('refuse');
  await writeFile(path.join(folder, 'artifacts', 'two.json'), '{"stage": "tw');
  await expect(pipeline('resume')).rejects.toThrow(/artifacts\/two\.json: is damaged/);
});

test('a folder with a run is neither overwritten nor continued by another recipe', async () => {
  await pipeline('refuse');
  await expect(pipeline('refuse')).rejects.toSatisfy(
    (error) => error instanceof InvalidOptionError && error.message.includes('add --resume'),
  );
  const text = await loadRecipe('smoke-text');
  await expect(RunDirectory.begin(folder, await loadRecipe('smoke-vision'), 'resume')).rejects.toThrow(
    /--resume must be used with the recipe and seed/,
  );
  await expect(RunDirectory.begin(folder, { ...text, recipe: { ...text.recipe, seed: 5 } }, 'resume')).rejects.toThrow(
    /--resume must be used with the recipe and seed/,
  );
});

test('replacing a run removes its own files and nothing else', async () => {
  await pipeline('refuse');
  await writeFile(path.join(folder, 'notes.txt'), 'mine');
  const directory = await RunDirectory.begin(folder, await loadRecipe('smoke-vision'), 'replace');
  expect(await readFile(path.join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  const stages = new Stages(directory, new Progress(plan));
  expect(await stages.saved('one')).toBeUndefined();
  expect((await RunDirectory.openAll(folder)).map(({ config }) => config.name)).toEqual(['smoke-vision']);
  await directory.close();
});
