/** The guide's program, made small: what is changed is size, length and rate only. */
import { readFile, rename, rm, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { loadMaskedLm, loadTokenizer, pretrainText } from '@selfsup/ssl-text-mlm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { markdownBlocks } from './markdown-blocks.js';
import { emptyProject, runSource, shellWords } from './run-source.js';

// A pretraining, and a process that compiles its step.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const blocks = markdownBlocks(readRepositoryFile('docs/guides/continued-pretraining.md'));
const programs = blocks.filter(({ language }) => language === 'js');
let folder: string;
let output = '';
const ends: { readonly status: number | null; readonly errors: string }[] = [];

/** Lines of a small language, in which what an animal eats is always the same. */
function linesOf(seed: number, animals: readonly string[], food: readonly string[], count: number): string {
  const lines = Array.from({ length: count }, (_, at) => {
    const stream = new RandomStream(foldIn(randomKey(seed), at));
    const [first, second] = [stream.integer(animals.length), stream.integer(animals.length)];
    return `the ${animals[first]} eats ${food[first]} and the ${animals[second]} eats ${food[second]}`;
  });
  return `${lines.join('\n')}\n`;
}

beforeAll(async () => {
  folder = await emptyProject();
  for (const [name, text] of [
    ['general', linesOf(1, ['cat', 'dog', 'bird'], ['fish', 'bone', 'seed'], 400)],
    ['domain', linesOf(2, ['myocyte', 'nephron', 'axon'], ['glucose', 'sodium', 'lactate'], 300)],
  ] as const) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'lines.txt'), text);
  }
  // Characters of the domain, so that it is spelled at all.
  const alphabet = 'quick brown foxes jump over lazy gray vizier boxes my';
  await writeFile(
    join(folder, 'pretraining.txt'),
    `${linesOf(1, ['cat', 'dog', 'bird'], ['fish', 'bone', 'seed'], 400)}${`${alphabet}\n`.repeat(20)}`,
  );
  const size = { hiddenSize: 32, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 64 };
  await pretrainText({
    data: join(folder, 'pretraining.txt'),
    out: join(folder, 'run'),
    epochs: 12,
    batchSize: 32,
    ...size,
  });
  await rename(join(folder, 'run', 'transformers'), join(folder, 'model'));
  for (const { code } of programs) {
    const [, name] = /^\/\/ ([\w.-]+):/.exec(code)!;
    await writeFile(join(folder, name!), code.replace('= [500, 0.2, 3, 32, 5e-5];', '= [20, 0.2, 12, 32, 5e-3];'));
  }
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'));
  for (const line of lines) {
    // The workspace is what would be installed.
    if (line.startsWith('npm install ')) continue;
    const [, script = '', ...args] = shellWords(line);
    const { status, stdout, stderr } = await runSource(join(folder, script), args, folder);
    ends.push({ status, errors: unexpectedErrorOutput(stderr) });
    output += stdout;
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('every program of the guide was run', () => {
  expect(ends).toEqual(programs.map(() => ({ status: 0, errors: '' })));
  for (const { code } of programs) expect(code).toContain('= [500, 0.2, 3, 32, 5e-5];');
});

test('the domain is learnt and the rest is not forgotten', () => {
  const numbers = (pattern: RegExp): number[] => pattern.exec(output)!.slice(1).map(Number);
  const [before, after] = numbers(/^([\d.]+) tokens a word before, ([\d.]+) now$/m) as [number, number];
  expect(after).toBeLessThan(0.7 * before);
  const [domainBefore, generalBefore] = numbers(/^before: loss ([\d.]+) of the domain, ([\d.]+) in general$/m) as [
    number,
    number,
  ];
  const [domainAfter, generalAfter] = numbers(/^after: loss ([\d.]+) of the domain, ([\d.]+) in general$/m) as [
    number,
    number,
  ];
  expect(domainAfter).toBeLessThan(0.6 * domainBefore);
  expect(generalAfter).toBeLessThan(generalBefore + 0.3);
});

test('model and tokeniser are a folder that loads', async () => {
  const continued = join(folder, 'continued');
  const { model } = await loadMaskedLm(continued);
  const tokenizer = await loadTokenizer(continued);
  expect(model.config.vocabSize).toBe(tokenizer.vocabSize);
  expect(tokenizer.tokenToId('nephron')).toBeDefined();
  expect(JSON.parse(await readFile(join(continued, 'config.json'), 'utf8'))).toMatchObject({
    architectures: ['BertForMaskedLM'],
  });
});

test('the guide stays within a page', () => {
  expect(readRepositoryFile('docs/guides/continued-pretraining.md').split('\n').length).toBeLessThan(100);
});
