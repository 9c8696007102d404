import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { datasetFromSource } from '../dataset/dataset-from-source.js';
import { ParquetImageDataset, type ParquetImageOptions } from './parquet-image-dataset.js';

const goldens = join(import.meta.dirname, '../../../../test/golden/data/parquet-labels');
const file = (name: string): string => join(goldens, `${name}.parquet`);

async function labelled(
  name: string | readonly string[],
  options: ParquetImageOptions = {},
): Promise<readonly [classes: readonly string[], labels: number[]]> {
  const files = typeof name === 'string' ? file(name) : name.map(file);
  const dataset = await ParquetImageDataset.open(files, { loadLabels: true, ...options });
  await dataset.close();
  return [dataset.classes, [...dataset.labels!]];
}

describe('classes that are texts', () => {
  it('are numbered in the order of the sorted names', async () => {
    expect(await labelled('texts')).toEqual([
      ['bee', 'cat', 'dog', 'é'],
      [2, 1, 0, 2, 3],
    ]);
    expect(await labelled('texts-plain')).toEqual([
      ['cat', 'é'],
      [0, 1, 0],
    ]);
    expect(await labelled(['texts', 'texts-plain'])).toEqual([
      ['bee', 'cat', 'dog', 'é'],
      [2, 1, 0, 2, 3, 1, 3, 1],
    ]);
  });

  it('follow a given list', async () => {
    const classes = ['é', 'dog', 'cat', 'bee'];
    expect((await labelled('texts', { classes }))[1]).toEqual([1, 2, 3, 1, 0]);
    expect((await labelled('texts-plain', { classes, allowEmpty: true }))[1]).toEqual([2, 0, 2]);
    await expect(labelled('texts-plain', { classes })).rejects.toThrow(/nothing of the classes 'dog', 'bee'/);
    await expect(labelled('texts', { classes: ['cat', 'Dog'] })).rejects.toThrow(
      /row 0 of row group 0 has the label 'dog', not in the option classes; 'Dog' in it differs by case/,
    );
  });

  it('go to workers as numbers', async () => {
    const { source } = await ParquetImageDataset.open(file('texts'));
    const again = (await datasetFromSource(structuredClone(source))) as ParquetImageDataset;
    expect([...again.labels!]).toEqual([2, 1, 0, 2, 3]);
    await again.close();
  });

  it('may be chosen by name, or left', async () => {
    expect((await labelled('texts-named', { label: 'kind' }))[0]).toEqual(['cat', 'dog']);
    const none = await ParquetImageDataset.open(file('texts-missing'), { label: 'none' });
    expect(none.hasLabels).toBe(false);
  });

  it.each([
    ['texts-missing', /row 1 of row group 0 has no class in 'label'; repair it, or pass label: 'none'/],
    ['bytes', /row 0 of row group 0 has a class that is no UTF-8; pass label: 'none'/],
    ['reals', /column 'label' is DOUBLE, neither integers nor text; pass label: 'none'/],
    ['flags', /column 'label' is BOOLEAN, neither integers nor text; pass label: 'none'/],
  ])('refuses %s with advice that works', async (name, message) => {
    await expect(labelled(name)).rejects.toThrow(message);
    const dataset = await ParquetImageDataset.open(file(name), { label: 'none' });
    expect(dataset.length).toBe(2);
    await dataset.close();
  });
});

describe('classes that are numbers', () => {
  it('of files with other names are not joined', async () => {
    const error: unknown = await labelled(['names-ab', 'names-ba']).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(/names-ba.parquet: names other classes .*: b, a, there a, b; open it on its own/);
    const { classes } = await ParquetImageDataset.open(file('names-ab'));
    expect(await labelled('names-ba', { classes })).toEqual([
      ['a', 'b'],
      [1, 0],
    ]);
    await expect(labelled(['names-ab', 'names-abc'])).rejects.toThrow(/names other classes/);
    expect((await labelled(['integers', 'names-ab']))[0]).toEqual(['a', 'b']);
  });

  it('have no order but that of their names in a given list', async () => {
    expect((await labelled('names-abc', { classes: ['c', 'a'] }))[1]).toEqual([0, 1]);
    await expect(labelled('names-abc', { classes: ['c', 'b'] })).rejects.toThrow(/'a', not in the option classes/);
    expect(await labelled('integers', { classes: ['x', 'y'] })).toEqual([
      ['x', 'y'],
      [1, 0, 1],
    ]);
    await expect(labelled('integers', { classes: ['x'] })).rejects.toThrow(/has the label 1, .* lists 1 classes/);
  });
});
