import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { DataError, InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import { afterAll, describe, expect, it } from 'vitest';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { multiViews, twoViews } from './multi-views.js';
import { previewViews } from './preview-views.js';
import { resize } from './resize.js';
import { solarize } from './solarize.js';

const folder = await mkdtemp(join(tmpdir(), 'preview-'));
afterAll(() => rm(folder, { recursive: true }));

describe('previewViews', () => {
  const dataset = new ImageArrayDataset(
    ndArray(
      Uint8Array.from({ length: 12 }, (_, i) => (i < 4 ? 10 : i < 8 ? 60 : 100)),
      [3, 2, 2],
    ),
  );
  const views = twoViews(solarize({ threshold: 0 }));

  it('draws the image and its views, row by row', async () => {
    const path = join(folder, 'new', 'sheet.png');
    const size = await previewViews(dataset, views, { path, count: 3, draws: 1, cell: 10 });
    expect(size).toEqual({ height: 46, width: 46 });
    const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    expect([info.height, info.width]).toEqual([46, 46]);
    const at = (row: number, column: number): number => data[((9 + row * 14) * 46 + 9 + column * 14) * info.channels]!;
    expect([0, 1, 2].map((row) => [0, 1, 2].map((column) => at(row, column)))).toEqual([
      [10, 245, 245],
      [60, 195, 195],
      [100, 155, 155],
    ]);
    expect(await readdir(join(folder, 'new'))).toEqual(['sheet.png']);
  });

  it('draws small crops in proportion, in the middle of their cells', async () => {
    const path = join(folder, 'crops.png');
    const crops = multiViews([resize({ size: [4, 8] }), 1], [resize({ size: 4 }), 1]);
    const size = await previewViews(dataset, crops, { path, count: 1, draws: 1, cell: 16 });
    expect(size).toEqual({ height: 24, width: 64 });
    const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    const inked = (column: number): number[] => {
      const rows = new Set<number>();
      const columns = new Set<number>();
      for (let y = 0; y < 16; y++)
        for (let x = 0; x < 16; x++)
          if (data[((4 + y) * info.width + 4 + column * 20 + x) * info.channels] === 10) {
            rows.add(y);
            columns.add(x);
          }
      return [Math.min(...rows), rows.size, Math.min(...columns), columns.size];
    };
    expect([0, 1, 2].map(inked)).toEqual([
      [0, 16, 0, 16],
      [4, 8, 0, 16],
      [4, 8, 4, 8],
    ]);
  });

  it('reports what it cannot do', async () => {
    await expect(previewViews(dataset, views, { path: join(folder, 'x.png'), count: 0 })).rejects.toBeInstanceOf(
      InvalidOptionError,
    );
    await expect(previewViews(dataset, views, { path: folder })).rejects.toBeInstanceOf(DataError);
  });
});
