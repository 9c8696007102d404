import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RandomStream, randomKey } from '@selfsup/ssl-core';
import { pretrainText, type PretrainTextOptions, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot } from '../../tools/workspaces.js';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { emptyProject, runSource } from './run-source.js';

const random = new RandomStream(randomKey(4));
const words = ['river', 'stone', 'bridge', 'water', 'boat', 'fish', 'old', 'near', 'under', 'the', 'a'];
const text = (length: number): string => Array.from({ length }, () => words[random.integer(words.length)]!).join(' ');

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, "corpus 'one'", 'part'), { recursive: true });
  const lines = Array.from({ length: 60 }, (_, index) => text(3 + (index % 5)));
  await writeFile(join(folder, "corpus 'one'", 'a.txt'), `${lines.join('\n\n')}\n`);
  await writeFile(join(folder, "corpus 'one'", 'part/b.jsonl'), JSON.stringify({ body: text(70) }));
});
afterAll(() => rm(folder, { recursive: true }));

test.each<[string, Partial<PretrainTextOptions>]>([
  ['a vocabulary that is learnt', {}],
  ['one that is given', {}],
  ['packed sequences of a ModernBERT', { model: 'modernbert' }],
  ['blocks of a RoBERTa', { model: 'roberta', sequences: 'blocks', maxLength: 16 }],
  ['replaced tokens of an ELECTRA', { model: 'electra' }],
])(
  'by-hand.ts, with %s, trains to the same bytes by public parts',
  async (name, more) => {
    const out = join(folder, name.replaceAll(' ', '-'));
    const given = name === 'one that is given';
    const options: PretrainTextOptions = {
      data: join(folder, "corpus 'one'"),
      field: 'body',
      unit: 'paragraph',
      out,
      hiddenSize: 16,
      numHiddenLayers: 1,
      epochs: 2,
      batchSize: 8,
      // Drawn by the run's seed, as it must be by hand.
      dropout: 0.1,
      seed: 3,
      threads: 1,
      progress: 'silent',
      ...more,
      ...(given ? { tokenizer: await trainWordPiece({ lines: [words.join(' ')], vocabSize: 60 }) } : {}),
    };
    await pretrainText(options);
    const { status, stderr } = await runSource(join(out, 'by-hand.ts'), ['by-hand'], out);
    const unexpected = unexpectedErrorOutput(stderr).trim();
    expect({ status, unexpected }).toEqual({ status: 0, unexpected: '' });
    const [ours, theirs] = await Promise.all(
      ['transformers/model.safetensors', 'by-hand/model.safetensors'].map((file) => readFile(join(out, file))),
    );
    expect(theirs!.equals(ours!)).toBe(true);
  },
  120_000,
);

test('the programs type-check', async () => {
  const tsconfig = {
    extends: join(repositoryRoot, 'tsconfig.base.json'),
    compilerOptions: { noEmit: true },
    include: ['*/by-hand.ts'],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = join(repositoryRoot, 'node_modules/typescript/bin/tsc');
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
    cwd: folder,
  }).catch((error: unknown) => error as { stdout: string });
  expect(stdout).toBe('');
}, 120_000);
