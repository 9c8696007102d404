import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { emptyProject, runSource } from './run-source.js';

// Each program is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, 'photos'));
  for (let i = 0; i < 8; i++) {
    const data = Uint8Array.from({ length: 40 * 36 * 3 }, (_, at) => (at * (i + 3)) % 256);
    await sharp(data, { raw: { width: 40, height: 36, channels: 3 } })
      .jpeg()
      .toFile(join(folder, 'photos', `${i}.jpg`));
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** What makes the examples small: sizes and lengths only. */
const changes = [
  [/size: 64, localSize: 32, localCount: \d/, 'size: 16, localSize: 8, localCount: 1'],
  [/batchSize: 64/, 'batchSize: 4'],
  [/100 \* loader/, '2 * loader'],
] as const;
const vitChanges = [
  [/imageSize: 64/, 'imageSize: 16'],
  [/patchSize: 8/, 'patchSize: 4'],
  [/dim: 192/, 'dim: 24'],
  [/depth: 6/, 'depth: 1'],
  [/hiddenDim: 512/, 'hiddenDim: 32'],
] as const;

test.each([
  { name: 'dino', own: vitChanges, saved: 'blocks.0.attn.qkv.weight' },
  { name: 'ibot', own: vitChanges, saved: 'mask_token' },
  { name: 'dinov2', own: vitChanges, saved: 'blocks.0.attn.qkv.weight' },
  { name: 'dinov2-gram', own: vitChanges, saved: 'blocks.0.attn.qkv.weight' },
  { name: 'msn', own: vitChanges, saved: 'blocks.0.attn.qkv.weight' },
  { name: 'pmsn', own: vitChanges, saved: 'blocks.0.attn.qkv.weight' },
  {
    name: 'swav',
    own: [
      [/resnet18\(\{/, "resnet18({ stem: 'cifar', width: 8,"],
      [/queueStartEpoch: 5/, 'queueStartEpoch: 1'],
    ] as const,
    saved: 'layer4.1.bn2.bias',
  },
])('example $name pretrains on a folder', async ({ name, own, saved }) => {
  const example = readRepositoryFile(`packages/ssl-vision/examples/${name}.ts`);
  expect(example.split('\n').length).toBeLessThan(60);
  const code = [...changes, ...own].reduce((text, [pattern, replacement]) => {
    expect(text).toMatch(pattern);
    return text.replace(pattern, replacement);
  }, example);
  await writeFile(join(folder, `${name}.ts`), code);
  const { status, stderr } = await runSource(join(folder, `${name}.ts`), ['photos'], folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
  expect((await readFile(join(folder, `${name}.safetensors`))).toString('latin1')).toContain(`"${saved}"`);
});
