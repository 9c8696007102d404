import { expect, test } from 'vitest';
import { measured } from '../../packages/ssl-vision/src/pretrain/chooser/measured.js';
import { measuredPictures } from '../../packages/ssl-vision/src/pretrain/chooser/measured-method.js';
import { recipes } from '../../packages/ssl-vision/src/pretrain/recipes/recipes.js';
import { measuredFile, measuredRows } from '../support/measured-methods.js';
import { readRepositoryFile } from './repository-files.js';

test('the table that chooseMethod goes by is that of bench/results/methods.json (npm run measured)', () => {
  const rows = JSON.parse(readRepositoryFile('bench/results/methods.json')) as object[];
  expect(readRepositoryFile('packages/ssl-vision/src/pretrain/chooser/measured.ts')).toBe(measuredFile(rows));
});

test('its methods are those of pretrain, and its sets are described', () => {
  expect(measured.filter(({ method }) => !Object.hasOwn(recipes, method))).toEqual([]);
  expect(measured.filter(({ data }) => !Object.hasOwn(measuredPictures, data))).toEqual([]);
});

test('seeds become their mean, with random encoders of the same kind beside them', () => {
  const budget = { data: 'letters', encoder: 'small-conv', images: 100, epochs: 4, batchSize: 64, threads: 2 };
  const run = (side: string, knn: number, more: object = {}) => ({
    ...budget,
    side,
    method: side === 'ours' ? 'simclr' : '',
    figures: { knn, probe10: 0.5, probe60: 0.6, rank: 3 },
    seconds: 100,
    load: 5,
    peakMemory: 900,
    ...more,
  });
  const rows = [
    run('ours', 0.7),
    run('ours', 0.8, { seconds: 60, load: 1, peakMemory: 950 }),
    run('lightly', 0.1, { method: 'simclr' }),
    run('random', 0.2),
    run('random', 0.3),
    run('random', 0.9, { encoder: 'resnet18' }),
    // Of an older form.
    { method: 'byol', knn: 0.5, random: [] },
    // Nothing to compare with.
    run('ours', 0.7, { encoder: 'resnet50' }),
  ];
  expect(measuredRows(rows)).toEqual([
    {
      ...budget,
      method: 'simclr',
      seeds: 2,
      knn: 0.75,
      probe10: 0.5,
      probe60: 0.6,
      seconds: 60,
      peakMemory: 950,
      random: { knn: 0.25, probe10: 0.5, probe60: 0.6 },
    },
  ]);
  expect(measuredFile(rows)).toContain("\n  { data: 'letters', method: 'simclr', encoder: 'small-conv',");
});
