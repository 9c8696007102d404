import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { repositoryRoot } from '../../tools/workspaces.js';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile, repositoryFiles } from '../structure/repository-files.js';
import { type CodeBlock, markdownBlocks } from './markdown-blocks.js';
import { type ReadmeProgram, readmePrograms } from './readme-programs.js';
import { emptyProject, runSource } from './run-source.js';

// Each program is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const run = promisify(execFile);
const readmes = repositoryFiles().filter((path) => path.endsWith('README.md'));

/** Blocks that are run elsewhere, by README: the first of each package from its tarball, and the root's four. */
const ranElsewhere = (readme: string): readonly number[] =>
  readme.startsWith('packages/') ? [0] : readme === 'README.md' ? [0, 1, 2, 3] : [];
/** Commands, and recipes of the app, are run by `readme-commands.test.ts`. */
const isCode = (readme: string, language: string): boolean =>
  language !== 'sh' && !(language === 'yaml' && readme === 'apps/benchmark/README.md');

const codeBlocks = (readme: string): readonly CodeBlock[] =>
  markdownBlocks(readRepositoryFile(readme)).filter(({ language }) => isCode(readme, language));

const example = 'packages/ssl-vision/examples/pretrain-folder.ts';

/** The blocks with what goes before and after them; imports may stand anywhere in a module. */
function sourceOf({ readme, blocks, changes = [], before = '', after = '' }: ReadmeProgram): string {
  const code = blocks.map((block) => codeBlocks(readme)[block]?.code ?? '').join('\n');
  const small = changes.reduce((text, [pattern, replacement]) => {
    if (!pattern.test(text)) throw new Error(`${readme} no longer has ${String(pattern)}`);
    return text.replace(pattern, replacement);
  }, code);
  return `${before}\n${small}\n${after}\n`;
}

const programs = readmePrograms.map((program, index) => ({
  ...program,
  name: `${program.readme}, block ${program.blocks.join(', ')}`,
  path: program.file ?? `program-${index}.ts`,
}));

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  for (const [part, count] of [
    ['train', 8],
    ['test', 4],
  ] as const)
    for (const [kind, name] of ['cats', 'dogs'].entries()) {
      await mkdir(join(folder, 'photos', part, name), { recursive: true });
      for (let i = 0; i < count; i++) {
        const data = Uint8Array.from({ length: 40 * 36 * 3 }, (_, at) => (at * (i + 3) + 90 * kind) % 256);
        await sharp(data, { raw: { width: 40, height: 36, channels: 3 } })
          .jpeg()
          .toFile(join(folder, 'photos', part, name, `${i}.jpg`));
      }
    }
  for (const program of programs) await writeFile(join(folder, program.path), sourceOf(program));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(readmes)('%s', (readme) => {
  test('every block is run', () => {
    const text = readRepositoryFile(readme);
    // A fence that is indented or has more words than a language would be passed over.
    expect(text.match(/^\s*(?:```|~~~)/gm)?.length ?? 0).toBe(2 * markdownBlocks(text).length);
    const listed = [
      ...ranElsewhere(readme),
      ...readmePrograms.filter((program) => program.readme === readme).flatMap(({ blocks }) => blocks),
    ];
    expect(new Set(listed)).toEqual(new Set(codeBlocks(readme).keys()));
  });
});

test('the programs type-check', async () => {
  const compilerOptions = { noEmit: true, noUnusedLocals: false, noUnusedParameters: false, allowJs: true };
  const tsconfig = { extends: join(repositoryRoot, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = join(repositoryRoot, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: folder }).catch(
    (error: unknown) => error as { stdout: string },
  );
  expect(stdout).toBe('');
});

// In order: what one block writes, a later one reads.
test.each(programs.filter(({ file }) => file === undefined))('$name', async ({ path, prints }) => {
  const { status, stdout, stderr } = await runSource(join(folder, path), [], folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(prints);
});

test(`${example} pretrains on a folder`, async () => {
  const small = [
    [/size: 64/, 'size: 16'],
    [/batchSize: 64/, 'batchSize: 8'],
    [/resnet18\(\{/, "resnet18({ stem: 'cifar', width: 8,"],
    [/20 \* loader/, '1 * loader'],
  ] as const;
  const code = small.reduce((text, [pattern, replacement]) => {
    expect(text).toMatch(pattern);
    return text.replace(pattern, replacement);
  }, readRepositoryFile(example));
  await writeFile(join(folder, 'pretrain-folder.ts'), code);
  const { status, stderr } = await runSource(join(folder, 'pretrain-folder.ts'), ['photos'], folder);
  expect({ status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ status: 0, stderr: '' });
  expect((await readFile(join(folder, 'encoder.safetensors'))).toString('latin1')).toContain('"layer4.1.bn2.bias"');
});
