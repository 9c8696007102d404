import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/arrays.json' with { type: 'json' };
import { datasetFromSource } from './dataset-from-source.js';
import { VolumeFolderDataset } from './volume-folder-dataset.js';

const arrays = fileURLToPath(new URL('../../../../test/golden/data/arrays/', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'volumes-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(from: string, to: string): Promise<void> {
  await mkdir(dirname(join(folder, to)), { recursive: true });
  await copyFile(join(arrays, from), join(folder, to));
}

describe('VolumeFolderDataset', () => {
  it('reads classes of volumes in every format', async () => {
    await put('i2-little.nii', 'sick/b.NII');
    await put('i2-big.nii.gz', 'sick/a.nii.gz');
    await put('fortran-4.npy', 'healthy/deep/c.npy');
    await put('i2-little.nii', '.hidden/x.nii');
    await writeFile(join(folder, 'healthy', 'notes.txt'), 'no volume');
    const dataset = await VolumeFolderDataset.open(folder);
    expect(dataset).toHaveLength(3);
    expect(dataset.classes).toEqual(['healthy', 'sick']);
    expect([...dataset.labels!]).toEqual([0, 1, 1]);
    expect(dataset.path(2)).toBe(join(folder, 'sick/b.NII'));
    const array = await dataset.get(0);
    expect(array.label).toBe(0);
    expect(array.volume.shape).toEqual([2, 3, 4, 5]);
    expect(array.volume.data[119]).toBe(Math.fround(Number(golden.npy['fortran-4'].values[119])));
    const { volume, label } = await dataset.get(1);
    expect({ label, shape: volume.shape, values: [...volume.data] }).toEqual({
      label: 1,
      shape: golden.nifti['i2-big.nii.gz'].shape,
      values: golden.nifti['i2-big.nii.gz'].values,
    });
    await expect(dataset.get(3)).rejects.toThrow(InvalidOptionError);
  });

  it('is opened again by its source', async () => {
    await put('i1-flat.nii', 'a.nii');
    await put('u1-time.nii', 'b.nii');
    const dataset = await VolumeFolderDataset.open(folder);
    expect(dataset.labels).toBeUndefined();
    const again = await datasetFromSource(structuredClone(dataset.source));
    expect(again).toHaveLength(2);
    for (const index of [0, 1]) expect(await again.get(index)).toEqual(await dataset.get(index));
    expect((await dataset.get(1)).volume.shape).toEqual([4, 2, 3, 5]);
  });

  it('makes float32 of [d, h, w] of other numbers', async () => {
    const text = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1, 2)}";
    const head = Buffer.concat([Buffer.from('934e554d50590100', 'hex'), Buffer.of(text.length, 0), Buffer.from(text)]);
    await writeFile(join(folder, 'a.npy'), Buffer.concat([head, Buffer.of(1, 2, 3, 255)]));
    const dataset = await VolumeFolderDataset.open(folder);
    expect((await dataset.get(0)).volume).toEqual({ data: Float32Array.of(1, 2, 3, 255), shape: [2, 1, 2, 1] });
    const tight = await VolumeFolderDataset.open(folder, { maxBytes: 15 });
    await expect(tight.get(0)).rejects.toThrow(/needs 16 bytes as float32, the limit is 15/);
  });

  it('refuses arrays that are no volumes and limits their size', async () => {
    await put('u1-little.npy', 'a.npy');
    await put('i2-little.nii', 'b.nii');
    const dataset = await VolumeFolderDataset.open(folder, { maxBytes: 90 });
    await expect(dataset.get(0)).rejects.toThrow(/holds \[3, 4\]; a volume is \[depth, height, width\]/);
    await expect(dataset.get(1)).rejects.toThrow(/announces 96 bytes/);
  });

  it('refuses mixed layouts, empty folders and what is none', async () => {
    await expect(VolumeFolderDataset.open(folder)).rejects.toThrow(
      /holds no volumes; looked for \.nii \.nii\.gz \.npy/,
    );
    await expect(VolumeFolderDataset.open(join(folder, 'absent'))).rejects.toThrow(/no such file or folder/);
    await put('i2-little.nii', 'a.nii');
    await expect(VolumeFolderDataset.open(join(folder, 'a.nii'))).rejects.toThrow(/is not a folder/);
    await expect(VolumeFolderDataset.open(folder, { labels: 'folders' })).rejects.toThrow(/1 of 1 volumes lie outside/);
    await put('i2-little.nii', 'class/b.nii');
    await expect(VolumeFolderDataset.open(folder)).rejects.toThrow(/1 of 2 volumes lie outside the class folders/);
    expect(await VolumeFolderDataset.open(folder, { labels: 'none' })).toHaveLength(2);
  });

  it('follows links to files within the folder and refuses those that lead out', async () => {
    await put('i2-little.nii', 'data/a.nii');
    await symlink(join(folder, 'data', 'a.nii'), join(folder, 'data', 'b.nii'));
    expect(await VolumeFolderDataset.open(folder)).toHaveLength(2);
    await symlink(join(arrays, 'i2-little.nii'), join(folder, 'data', 'c.nii'));
    const error = await VolumeFolderDataset.open(folder).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(/is a link that leads out of the data folder/);
  });
});
