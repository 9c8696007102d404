import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { parseRecipe } from '../../apps/benchmark/src/recipes/parse-recipe.js';
import { readYaml } from '../../apps/benchmark/src/recipes/read-yaml.js';
import { runCli } from '../../apps/benchmark/test/run-cli.js';
import { repositoryRoot } from '../../tools/workspaces.js';
import { readRepositoryFile, repositoryFiles } from '../structure/repository-files.js';
import { markdownBlocks } from './markdown-blocks.js';
import { emptyProject, runSource, shellWords } from './run-source.js';

// Each command is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

const documents = repositoryFiles().filter((path) => /(?:^|\/)(?:README|CONTRIBUTING)\.md$/.test(path));

/** Lines of `sh` blocks and commands within the text, without comments. */
const commandsOf = (document: string): readonly string[] => {
  const text = readRepositoryFile(document);
  const lines = markdownBlocks(text).flatMap(({ language, code }) =>
    language === 'sh' ? code.trim().split('\n') : [],
  );
  const inline = [
    ...text.matchAll(/`(?<command>npm (?:ci|test|install [^`]+|run [^`]+)|npx @\w+\/ssl-\w+ [^`]+)`/g),
  ].map(({ groups }) => groups?.['command'] ?? '');
  return [...lines.filter((line) => line.trim() !== '' && !line.startsWith('#')), ...inline].map((line) =>
    line.replace(/\s+#.*$/, ''),
  );
};

/** What is run elsewhere, and where; that a script of package.json exists is tested by `test/structure`. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^npm (?:install|ci)\b/, 'test/install follows every README; `.ci/run` installs this repository'],
  [/^npm test$/, '.ci/run'],
  [/^npm run (?:types|lint|format:check|knip|build|check:packages)$/, '.ci/run'],
  [/^npm run test:(?:packaging|install|campaign|devices)$/, '.ci/run, the long ones in small'],
  [/^npm run measured$/, 'test/structure compares with what it writes'],
  [/^npm run (?:format|scope -- @scope|changeset|ci)$/, 'they change the repository, or are all of the above'],
  [
    /^npm run (?:demo|bench|bench -- vit-step|bench:text|bench:text-methods|bench:methods|bench:token-store -- --gigabytes 1|test:unicode|test:large|test:onnx|test:conformance|test:by-hand|test:transformers|test:pipelines|test:sentences|test:tokenizers|test:tensorboard|test:mlflow)$/,
    'minutes to hours, by hand',
  ],
];

/** Runs of minutes, with the folder that each begins and its seed; they are killed then. */
const long: Readonly<Record<string, { readonly run: RegExp; readonly seed: number }>> = {
  'npx @selfsup/ssl-benchmark run first-look --out runs/first-look': { run: /^first-look$/, seed: 0 },
  'npx @selfsup/ssl-benchmark run first-look': { run: /^first-look-20/, seed: 0 },
  'npx @selfsup/ssl-benchmark run demo-vision --seed 1': { run: /^demo-vision-20/, seed: 1 },
  'npx @selfsup/ssl-benchmark run photos --out runs/photos': { run: /^photos$/, seed: 0 },
  'npx @selfsup/ssl-benchmark run photos': { run: /^photos-20/, seed: 0 },
};

/** Commands that are run to their end, in this order, with what they print; made small by what stands in. */
const short: Readonly<
  Record<string, { readonly prints: RegExp; readonly standIn?: readonly (readonly [string, string])[] }>
> = {
  'npx @selfsup/ssl-data inspect photos --check --sheet photos.png': { prints: /^broken +0 of 40/m },
  'npx @selfsup/ssl-data pack photos packed --to webdataset --max-samples 1000': { prints: /Packed.*40/ },
  'npx @selfsup/ssl-tensor doctor': { prints: /ONNX Runtime/ },
  'npx @selfsup/ssl-benchmark list': { prints: /^first-look +vision-simclr/m },
  'npx @selfsup/ssl-benchmark run my-recipe.yaml': {
    standIn: [['my-recipe.yaml', 'my-recipe.yaml --out runs/demo']],
    prints: /Report: runs\/demo\/report\.html/,
  },
  'npx @selfsup/ssl-benchmark choose --images 5000 --size 32 --minutes 30': { prints: /^method +score/m },
  'npx @selfsup/ssl-benchmark report runs/demo': { prints: /runs\/demo\/report\.html/ },
  'npx @selfsup/ssl-benchmark run demo-text --json --quiet | jq .text.fineTune': {
    standIn: [
      ['demo-text', 'smoke-text'],
      [' | jq .text.fineTune', ''],
    ],
    prints: /"fineTune": *\{\s*"1": *[\d.]+/,
  },
};

const here = [...Object.keys(short), ...Object.keys(long)];

/** Programs, from source. */
const sources: Readonly<Record<string, string>> = {
  'ssl-benchmark': 'apps/benchmark/src/cli.ts',
  'ssl-data': 'packages/ssl-data/src/cli/cli.ts',
  'ssl-tensor': 'packages/ssl-tensor/src/doctor/cli.ts',
};

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  for (const [kind, name] of ['cats', 'dogs'].entries()) {
    await mkdir(join(folder, 'photos', name), { recursive: true });
    for (let i = 0; i < 20; i++) {
      const data = Uint8Array.from({ length: 40 * 36 * 3 }, (_, at) => (at * (i + 3) + 90 * kind) % 256);
      await sharp(data, { raw: { width: 40, height: 36, channels: 3 } })
        .jpeg()
        .toFile(join(folder, 'photos', name, `${i}.jpg`));
    }
  }
  await writeFile(
    join(folder, 'my-recipe.yaml'),
    readRepositoryFile('apps/benchmark/recipes/smoke-vision.yaml').replace('title: ', 'title: Mine, '),
  );
});
afterAll(() => rm(folder, { recursive: true }));

test.each(documents)('%s: every command is run, here or elsewhere', (document) => {
  const unknown = commandsOf(document).filter(
    (command) => !here.includes(command) && !elsewhere.some(([pattern]) => pattern.test(command)),
  );
  expect(unknown).toEqual([]);
});

test('every command that is run here is in a document', () => {
  const printed = new Set(documents.flatMap(commandsOf));
  expect(here.filter((command) => !printed.has(command))).toEqual([]);
});

test.each(Object.entries(short))('%s', async (command, { standIn = [], prints }) => {
  const small = standIn.reduce((line, [from, to]) => line.replace(from, to), command);
  const [, name = '', ...args] = shellWords(small);
  const source = join(repositoryRoot, sources[name.split('/').at(-1)!]!);
  const { status, stdout, stderr } = await runSource(source, args, folder);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout + stderr).toMatch(prints);
});

test.each(Object.entries(long))('%s, until it has begun', async (command, { run, seed }) => {
  const [, , ...args] = shellWords(command);
  const { stderr } = await runCli(args, { cwd: folder, interruptAt: /\[1\/\d+\]/, signal: 'SIGKILL' });
  expect(stderr).toMatch(/\[1\/\d+\]/);
  const begun = (await readdir(join(folder, 'runs'))).filter((name) => run.test(name));
  expect(begun).toHaveLength(1);
  expect(JSON.parse(await readFile(join(folder, 'runs', begun[0]!, 'run.json'), 'utf8'))).toMatchObject({
    recipe: { seed },
  });
});

test('they leave a contact sheet, a shard and a report', async () => {
  expect((await sharp(join(folder, 'photos.png')).metadata()).format).toBe('png');
  expect((await readFile(join(folder, 'packed/000000.tar'))).byteLength).toBeGreaterThan(40 * 1024);
  expect(await readFile(join(folder, 'runs/demo/report.html'), 'utf8')).toContain('Mine, SimCLR');
});

test('every kind of data that the recipes of apps/benchmark name is one', () => {
  const [block, ...others] = markdownBlocks(readRepositoryFile('apps/benchmark/README.md')).filter(
    ({ language }) => language === 'yaml',
  );
  expect(others).toEqual([]);
  const lines = block!.code.trim().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const yaml = Buffer.from(`kind: vision-simclr\ntitle: t\n${line}\n`);
    const value = readYaml(yaml, 'my.yaml') as { readonly data: { readonly source: string } };
    expect(parseRecipe(value, 'my.yaml')).toMatchObject({ data: value.data });
  }
});
