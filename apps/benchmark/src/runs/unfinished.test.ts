import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadRecipe } from '../recipes/load-recipe.js';
import { RunDirectory } from './run-directory.js';
import { isUnfinished } from './unfinished.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'ssl-unfinished-'));
});
afterEach(() => rm(base, { recursive: true }));

it('tells runs that were stopped from those that are done, new, empty or of another recipe', async () => {
  const loaded = await loadRecipe('smoke-text');
  const runs = ['one', 'two'].map((name) => ({ loaded, directory: path.join(base, name) }));
  expect(await isUnfinished(runs)).toBe(false);
  const one = await RunDirectory.begin(runs[0]!.directory, loaded, 'refuse');
  expect(await isUnfinished(runs)).toBe(false);
  await one.writeSealed('artifacts/first.json', {});
  expect(await isUnfinished(runs)).toBe(true);
  const other = { ...loaded, recipe: { ...loaded.recipe, seed: 77 } };
  expect(await isUnfinished(runs.map((run) => ({ ...run, loaded: other })))).toBe(false);
  await one.write('summary.json', '{}');
  await one.close();
  expect([await isUnfinished(runs), await isUnfinished(runs.slice(0, 1))]).toEqual([true, false]);
});
