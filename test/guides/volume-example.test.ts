/** The example of volumes, made small: it runs as it stands but for its numbers. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { emptyProject, runSource } from './run-source.js';

// The program is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** A file of NumPy, version 1.0. */
function npy(data: Float32Array, shape: readonly number[]): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const text = `${header.padEnd(117)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
  return Buffer.concat([start, Buffer.from(text, 'latin1'), Buffer.from(data.buffer)]);
}

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, 'scans'));
  for (let i = 0; i < 8; i++) {
    const random = new RandomStream(randomKey(i));
    const data = Float32Array.from({ length: 18 * 17 * 20 }, () => 100 * i + random.normal());
    await writeFile(join(folder, 'scans', `${i}.npy`), npy(data, [18, 17, 20]));
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('volumes pretrains on a folder of scans and saves the encoder', async () => {
  const code = readRepositoryFile('packages/ssl-vision/examples/volumes.ts');
  expect(code.split('\n').length).toBeLessThan(61);
  expect(code).toContain('= [100, 32, 32];');
  const file = join(folder, 'volumes.ts');
  await writeFile(file, code.replace('= [100, 32, 32];', '= [2, 4, 16];'));
  const { status, stderr } = await runSource(file, ['scans'], folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
  const names = (await readFile(join(folder, 'encoder.safetensors'))).toString('latin1');
  expect(names).toContain('"patch_embedding.patch_embeddings.weight"');
  expect(names).toContain('"blocks.3.attn.out_proj.weight"');
});
