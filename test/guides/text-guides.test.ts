/** The guides of texts: their programs, made small; what is added is size and length only. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { BertModel, bertConfig, loadTextClassifier, textConfigToJson, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { markdownBlocks } from './markdown-blocks.js';
import { emptyProject, runSource, shellWords } from './run-source.js';

// Each program is a process that compiles its step.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const random = new RandomStream(randomKey(8));
const one = (words: readonly string[]): string => words[random.integer(words.length)]!;
const things = { machine: ['pump', 'valve', 'motor', 'belt'], paper: ['invoice', 'order', 'receipt', 'offer'] };
const machines = (): string =>
  `the ${one(things.machine)} ${one(['leaks', 'is broken', 'makes noise'])} since ${one(['May', 'June'])}`;
const papers = (): string => `please send the ${one(things.paper)} of ${one(['May', 'June'])} again`;
const texts = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? machines() : papers()));

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a guide's programs and runs its commands, one after the other; what they print. */
async function play(guide: string): Promise<readonly string[]> {
  const blocks = markdownBlocks(readRepositoryFile(`docs/guides/${guide}.md`));
  for (const { code } of blocks.filter(({ language }) => language === 'js'))
    await writeFile(
      join(folder, /^\/\/ (?<name>[\w.-]+):/.exec(code)!.groups!['name']!),
      code.replace(/(?<=pretrainText\(\{ .*)out\b/, 'out, hiddenSize: 32, numHiddenLayers: 1, epochs: 12'),
    );
  const printed: string[] = [];
  for (const line of blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.trim().split('\n'))) {
    // The workspace is what would be installed.
    if (line.startsWith('npm install ')) continue;
    const [, script = '', ...args] = shellWords(line);
    const { status, stdout, stderr } = await runSource(join(folder, script), args, folder);
    // So few texts are soon known by heart, and the run says so.
    const unexpected = unexpectedErrorOutput(stderr)
      .replaceAll(/^heldOutLoss has not got better .*$/gm, '')
      .trim();
    expect({ line, status, unexpected }).toEqual({ line, status: 0, unexpected: '' });
    printed.push(stdout);
  }
  return printed;
}

test('from a folder of texts to a classifier', async () => {
  await mkdir(join(folder, 'texts'));
  await writeFile(join(folder, 'texts', 'all.txt'), texts.join('\n'));
  const labelled = Array.from({ length: 40 }, (_, index) =>
    index % 2 === 0 ? { text: machines(), label: 'machine' } : { text: papers(), label: 'paper' },
  );
  await writeFile(join(folder, 'labelled.jsonl'), labelled.map((example) => JSON.stringify(example)).join('\n'));
  const [, look, classes] = await play('domain-bert');
  expect(look).toMatch(/^\S+ \d+ %(?:, \S+ \d+ %){4}\nmost alike: /);
  expect(classes).toMatch(/^(?:(?:machine|paper) \(\d+ %\)\n){2}$/);
  const classifier = await loadTextClassifier(join(folder, 'runs/classes'));
  const found = await classifier.classify(labelled.map(({ text }) => text));
  expect(found.filter(({ label }, index) => label === labelled[index]!.label)).toHaveLength(40);
  classifier.dispose();
});

test("search of one's notes, by an encoder that is there and by one's own", async () => {
  await writeFile(join(folder, 'notes.txt'), `${texts.slice(0, 70).join('\n')}\n`);
  // In the place of published weights: a folder of the same files.
  const tokenizer = await trainWordPiece({ lines: texts, vocabSize: 200 });
  const sizes = { vocabSize: tokenizer.vocabSize, hiddenSize: 16, numAttentionHeads: 2, numHiddenLayers: 1 };
  const model = new BertModel(bertConfig({ ...sizes, intermediateSize: 32, maxPositionEmbeddings: 32 }), {
    key: randomKey(1),
  });
  const published = join(folder, 'all-MiniLM-L6-v2');
  const json = (name: string, value: unknown): Promise<void> => writeFile(join(published, name), JSON.stringify(value));
  await mkdir(join(published, '1_Pooling'), { recursive: true });
  await saveSafetensors(join(published, 'model.safetensors'), model.stateDict());
  await tokenizer.save(join(published, 'tokenizer.json'));
  await json('config.json', textConfigToJson(model, 'Model'));
  await json('sentence_bert_config.json', { max_seq_length: 24 });
  await json('1_Pooling/config.json', { pooling_mode_mean_tokens: true, pooling_mode_cls_token: false });
  const kinds = ['Transformer', 'Pooling', 'Normalize'];
  const paths = ['', '1_Pooling', '2_Normalize'];
  const modules = kinds.map((kind, idx) => ({ idx, path: paths[idx], type: `sentence_transformers.models.${kind}` }));
  await json('modules.json', modules);
  const [made, found, , own, foundByOwn] = await play('sentence-search');
  expect([made, own]).toEqual(['70 notes\n', '70 notes\n']);
  for (const lines of [found, foundByOwn]) expect(lines).toMatch(/^(?:-?\d\.\d\d .+\n){3}$/);
  expect((await readFile(join(folder, 'notes.safetensors'))).length).toBeGreaterThan(70 * 16 * 4);
});
