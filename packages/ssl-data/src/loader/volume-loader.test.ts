import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, foldIn, InvalidOptionError, RandomStream } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VolumeFolderDataset } from '../dataset/volume-folder-dataset.js';
import { twoViews } from '../views/multi-views.js';
import { composeVolume } from '../views/volume/compose-volume.js';
import { randomIntensityScale, randomIntensityShift } from '../views/volume/random-intensity.js';
import { randomVolumeCrop } from '../views/volume/random-volume-crop.js';
import { randomVolumeFlip } from '../views/volume/random-volume-flip.js';
import { randomVolumeNoise } from '../views/volume/random-volume-noise.js';
import { randomVolumeRotate90 } from '../views/volume/random-volume-rotate90.js';
import type { VolumeViewBatch } from './batch-loader.js';
import { epochViewKey, sampleViewKey } from './view-keys.js';
import { VolumeLoader } from './volume-loader.js';

/** A float32 array as NumPy saves it. */
function npy(shape: readonly number[], values: Float32Array): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const header = Buffer.from(text.padEnd(117));
  header[116] = 0x0a;
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.of(117, 0),
    header.subarray(0, 117),
    Buffer.from(values.buffer),
  ]);
}

let folder: string;
let dataset: VolumeFolderDataset;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'volumes-'));
  for (let n = 0; n < 7; n++)
    await writeFile(
      join(folder, `${n}.npy`),
      npy(
        [6, 5, 7],
        Float32Array.from({ length: 210 }, (_, i) => 1000 * n + i),
      ),
    );
  dataset = await VolumeFolderDataset.open(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const view = composeVolume(
  randomVolumeCrop({ size: 4 }),
  randomVolumeFlip(),
  randomVolumeRotate90({ axes: [0, 1] }),
  randomIntensityScale({ range: 0.2, p: 0.5 }),
  randomIntensityShift({ range: 0.2, p: 0.5 }),
  randomVolumeNoise({ p: 0.5 }),
);

async function epochs(workers: number, fromBatch = 0): Promise<VolumeViewBatch[]> {
  const loader = new VolumeLoader({ dataset, views: twoViews(view), batchSize: 2, seed: 3, workers });
  expect(loader.workers).toBe(workers);
  const batches: VolumeViewBatch[] = [];
  for await (const batch of loader.epoch(1, fromBatch)) batches.push(batch);
  await loader.close();
  return batches;
}

describe('VolumeLoader', () => {
  it('gives what the views make of each volume, with the keys of sample and epoch', async () => {
    const batches = await epochs(0);
    expect(batches).toHaveLength(3);
    const epochKey = epochViewKey(3, 1);
    for (const { views, index } of batches) {
      expect(views.map(({ shape }) => shape)).toEqual([
        [2, 4, 4, 4, 1],
        [2, 4, 4, 4, 1],
      ]);
      for (const [slot, sample] of index.data.entries()) {
        const { volume } = await dataset.get(sample);
        for (const [v, { data }] of views.entries()) {
          const expected = view(volume, new RandomStream(foldIn(sampleViewKey(epochKey, sample), v)));
          expect([...data.subarray(64 * slot, 64 * (slot + 1))]).toEqual([...expected.data]);
        }
      }
    }
    expect(batches[0]!.views[0]!.data).not.toEqual(batches[0]!.views[1]!.data);
  });

  it('gives the same from any number of workers, and from a position', async () => {
    const batches = await epochs(0);
    for (const workers of [1, 2]) expect(await epochs(workers)).toEqual(batches);
    expect(await epochs(2, 1)).toEqual(batches.slice(1));
  });

  it('gives volumes as they are without views', async () => {
    const loader = new VolumeLoader({ dataset, batchSize: 7, shuffle: false, workers: 1 });
    for await (const { volumes } of loader.epoch(0)) {
      expect(volumes.shape).toEqual([7, 6, 5, 7, 1]);
      expect([volumes.data[0], volumes.data[209], volumes.data[210 * 6 + 5]]).toEqual([0, 209, 6005]);
    }
    await loader.close();
  });

  it('refuses volumes of unequal size, views of images, and no views', async () => {
    const cut = new VolumeLoader({
      dataset,
      views: [(volume, random) => (random.bernoulli(0.5) ? volume : randomVolumeCrop({ size: 5 })(volume, random))],
      batchSize: 7,
    });
    await expect(cut.epoch(0).next()).rejects.toThrow(DataError);
    await expect(cut.epoch(0).next()).rejects.toThrow(/volume is \[\d, 5, \d, 1\], others .*randomVolumeCrop/);
    expect(() => new VolumeLoader({ dataset, views: [], batchSize: 7 })).toThrow(InvalidOptionError);
  });
});
