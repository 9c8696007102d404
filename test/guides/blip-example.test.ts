/** The example of BLIP, made small: it runs as it stands but for its numbers. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { emptyProject, runSource } from './run-source.js';

// The program is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, 'photos'));
  for (let i = 0; i < 16; i++) {
    const stream = new RandomStream(foldIn(randomKey(1), i));
    const pixels = Array.from({ length: 20 * 18 * 3 }, () => stream.integer(256));
    await writeFile(
      join(folder, 'photos', `${String(i).padStart(2, '0')}.ppm`),
      `P3\n18 20\n255\n${pixels.join(' ')}\n`,
    );
  }
  const captions = Array.from({ length: 16 }, (_, i) => `a picture of ${['noise', 'snow', 'rain', 'sand'][i % 4]}`);
  await writeFile(join(folder, 'captions.txt'), `${captions.join('\n')}\n`);
});
afterAll(() => rm(folder, { recursive: true }));

test('blip pretrains on a folder with captions, writes captions and saves the captioner', async () => {
  const code = readRepositoryFile('packages/ssl-multimodal/examples/blip.ts');
  expect(code.split('\n').length).toBeLessThan(61);
  expect(code).toContain('= [100, 64, 32, 256];');
  const small = code
    .replace('= [100, 64, 32, 256];', '= [2, 8, 16, 32];')
    .replace("stem: 'cifar' }", "stem: 'cifar', width: 8 }");
  const file = join(folder, 'blip.ts');
  await writeFile(file, small);
  const { status, stdout, stderr } = await runSource(file, ['photos', 'captions.txt'], folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n').length).toBeGreaterThanOrEqual(8);
  const names = (await readFile(join(folder, 'captioner.safetensors'))).toString('latin1');
  expect(names).toContain('"text_decoder.bert.encoder.layer.2.crossattention.self.query.weight"');
  expect(await readFile(join(folder, 'tokenizer.json'), 'utf8')).toContain('[DEC]');
});
