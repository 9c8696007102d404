/** The examples of ssl-vision's methods, made small: each runs as it stands but for its numbers. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { exportOnnx } from '@selfsup/ssl-tensor';
import { SmallConvEncoder, vitTiny } from '@selfsup/ssl-vision';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { emptyProject, runSource } from './run-source.js';

// Each program is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const examples =
  'amdim autoencoder barlow-twins beit byol capi cpc densecl distillation fastsiam frossl igpt ijepa lejepa logit-distillation mae mmcr moco moco-v3 nnclr seed simclr simclr-v2 simmim simsiam smog supcon tico vicreg vicregl visreg w-mse'.split(
    ' ',
  );

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  for (let i = 0; i < 16; i++) {
    const stream = new RandomStream(foldIn(randomKey(1), i));
    const pixels = Array.from({ length: 20 * 18 * 3 }, () => stream.integer(256));
    const own = join(folder, 'photos', ['cats', 'dogs'][i % 2]!);
    await mkdir(own, { recursive: true });
    await writeFile(join(own, `${i}.ppm`), `P3\n18 20\n255\n${pixels.join(' ')}\n`);
  }
  const teacher = vitTiny({ key: randomKey(2), imageSize: 28, patchSize: 14 });
  await saveSafetensors(join(folder, 'teacher.safetensors'), teacher.stateDict());
  const classifier = new SmallConvEncoder({ key: randomKey(2), inChannels: 3, channels: [4, 5], strides: [2, 2] });
  const path = join(folder, 'classifier.onnx');
  await exportOnnx(classifier as never, [tf.zeros([1, 16, 16, 3])], { path });
});
afterAll(() => rm(folder, { recursive: true }));

test('clip trains on a folder and its captions', async () => {
  const code = readRepositoryFile('packages/ssl-multimodal/examples/clip.ts');
  expect(code.split('\n').length).toBeLessThan(61);
  const small = code
    .replace('= [100, 128, 32];', '= [2, 8, 16];')
    .replace("stem: 'cifar' })", "stem: 'cifar', width: 8 })")
    .replace('hiddenSize: 192', 'hiddenSize: 12')
    .replace('intermediateSize: 768', 'intermediateSize: 24')
    .replace('vocabSize: 8000', 'vocabSize: 60');
  await writeFile(join(folder, 'clip.ts'), small);
  const captions = Array.from({ length: 16 }, (_, at) => (at < 8 ? 'a cat that sleeps' : 'a dog that barks'));
  await writeFile(join(folder, 'captions.txt'), captions.join('\n'));
  const { status, stderr } = await runSource(join(folder, 'clip.ts'), ['photos', 'captions.txt'], folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
  const names = (await readFile(join(folder, 'clip-imageProjection.safetensors'))).toString('latin1');
  expect(names).toContain('"weight"');
});

/** An example, made small. */
function small(name: string): string {
  const code = readRepositoryFile(`packages/ssl-vision/examples/${name}.ts`);
  expect(code.split('\n').length).toBeLessThan(61);
  expect(code).toContain('= [100, 128, 32];');
  const changed = code
    .replace('= [100, 128, 32];', '= [2, 8, 16];')
    .replace(
      "resnet18({ key: randomKey(0), stem: 'cifar' })",
      "resnet18({ key: randomKey(0), stem: 'cifar', width: 8 })",
    )
    .replace('dim: 192', 'dim: 24')
    .replace('dinoV2Small({ key: randomKey(2) })', 'vitTiny({ key: randomKey(2), imageSize: 28, patchSize: 14 })')
    .replace('dinoV2Small', 'vitTiny')
    .replace('size: 112', 'size: 28')
    .replace('...smogSmall', '...smogSmall, queueSize: 512')
    .replace('outDim: 64', 'outDim: 4')
    .replace('...pixelTransformerSmall', '...pixelTransformerSmall, dim: 24')
    .replace('...beitSmall', '...beitSmall, dim: 24')
    .replace("stem: 'cifar', norm:", "stem: 'cifar', width: 8, norm:")
    .replace('...cpcSmall', '...cpcSmall, rows: [1, 2]');
  expect(changed).toMatch(/width: 8|dim: 24/);
  return changed;
}

/** Runs programs after each other in one process, whose start takes longer than their steps, and keeps what each saved. */
const inTurn = (names: readonly string[]): string => `
import { mkdir, rename, writeFile } from 'node:fs/promises';
await mkdir('saved');
const failed: Record<string, string> = {};
for (const name of ${JSON.stringify(names)}) {
  try {
    await import(\`./\${name}.ts\`);
    await rename('encoder.safetensors', \`saved/\${name}.safetensors\`);
  } catch (error) {
    failed[name] = String((error as Error).stack);
  }
}
await writeFile('failed.json', JSON.stringify(failed));
`;

test('the examples of methods run, without a word that is not expected', async () => {
  for (const name of examples) await writeFile(join(folder, `${name}.ts`), small(name));
  await writeFile(join(folder, 'in-turn.ts'), inTurn(examples));
  const { status, stderr } = await runSource(join(folder, 'in-turn.ts'), ['photos'], folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
}, 900_000);

test.each(examples)('%s pretrains on a folder and saves the encoder', async (name) => {
  const failed = JSON.parse(await readFile(join(folder, 'failed.json'), 'utf8')) as Record<string, string>;
  expect(failed[name]).toBeUndefined();
  const names = (await readFile(join(folder, 'saved', `${name}.safetensors`))).toString('latin1');
  expect(names).toMatch(/"(backbone\.)?layer4\.1\.bn2\.bias"|"blocks\.5\.attn\.qkv\.weight"/);
});
