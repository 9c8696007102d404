/** The examples of sentences and words, made small: each runs as it stands but for its numbers. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pretrainText } from '@selfsup/ssl-text-mlm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { emptyProject, runSource } from './run-source.js';

// Each program is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, 'texts'));
  const words = ['cat eats fish', 'dog chews bone', 'bird picks seed'];
  const lines = Array.from({ length: 48 }, (_, at) => `the ${words[at % 3]} ${words[(at * 5 + 1) % 3]}`);
  await writeFile(join(folder, 'texts', 'lines.txt'), `${lines.join('\n')}\n`);
  const size = { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16 };
  await pretrainText({ data: join(folder, 'texts'), out: join(folder, 'run'), epochs: 1, batchSize: 16, ...size });
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs an example with other numbers; what it printed. */
async function play(name: string, args: readonly string[]): Promise<string> {
  const code = readRepositoryFile(`packages/ssl-text-mlm/examples/${name}.ts`);
  expect(code.split('\n').length).toBeLessThan(61);
  const file = join(folder, `${name}.ts`);
  await writeFile(
    file,
    code
      .replace('= [1, 64, 192];', '= [1, 16, 12];')
      .replace('= [1, 64, 64];', '= [1, 16, 8];')
      .replace('= [10, 64, 192];', '= [2, 8, 12];')
      .replace('vocabSize: 8000', 'vocabSize: 60'),
  );
  const { status, stdout, stderr } = await runSource(file, args, folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

test.each(['simcse', 'tsdae'])('%s trains on a folder of texts and saves the encoder', async (name) => {
  await play(name, ['texts']);
  const file = (await readFile(join(folder, 'encoder.safetensors'))).toString('latin1');
  expect(file).toContain('"bert.encoder.layer.3.output.dense.weight"');
  await rm(join(folder, 'encoder.safetensors'));
});

test('next-sentence trains on paragraphs and saves the model under the names of transformers', async () => {
  await mkdir(join(folder, 'documents'));
  const animals = ['cat', 'dog', 'bird'];
  const paragraphs = Array.from({ length: 24 }, (_, at) => {
    const animal = animals[at % 3]!;
    return `The ${animal} eats. The ${animal} sleeps well.\nA ${animal} is here! Is it a ${animal}?`;
  });
  await writeFile(join(folder, 'documents', 'notes.txt'), paragraphs.join('\n\n'));
  expect(await play('next-sentence', ['documents'])).toMatch(/^words [\d.]+, next sentences [\d.]+\n$/);
  const file = (await readFile(join(folder, 'model.safetensors'))).toString('latin1');
  expect(file).toContain('"cls.seq_relationship.weight"');
});

test('static-embedding learns from what pretrainText wrote', async () => {
  expect(await play('static-embedding', ['run', 'texts'])).toContain('48 x 8 features');
});

test('word2vec learns and saves vectors', async () => {
  expect(await play('word2vec', ['texts', 'cat'])).toMatch(/10 words of 100 numbers\n(\w+ -?\d\.\d{3}\n){5}/);
});
