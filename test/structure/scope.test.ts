import { describe, expect, test } from 'vitest';

import { packageScope, workspaces } from '../../tools/workspaces.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const all = [...workspaces('packages'), ...workspaces('apps')];
const names = all.map(({ manifest }) => manifest.name.split('/')[1]!);
/** Our programs are called without the scope, by those who have installed the package. */
const commands = all.flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}));

/**
 * A package's name that stands without its scope: no folder (`packages/ssl-nn`), no longer name, and no call of one of
 * our programs, which is followed by its subcommand, a colon or what it wrote.
 */
const unscoped = new RegExp(`(?<![\\w@./\\\\-])(?<name>${names.join('|')})(?![\\w-])(?<after>.{0,12})`, 'g');
const isCall = (name: string, after: string, before: string) =>
  commands.includes(name) &&
  !/\b(?:npx|npm (?:i|install|add|exec)|pnpm (?:add|dlx)|yarn (?:add|dlx)|from)(?: [\w@./-]+)* ['"`]?$/.test(before) &&
  (/^`? (?:inspect|pack|run|demo|list|report|command|says|<|\$|names)/.test(after) || after.startsWith(':'));

function unscopedNames(text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line) =>
      [...line.matchAll(unscoped)]
        .filter(({ groups, index }) => !isCall(groups!['name']!, groups!['after']!, line.slice(0, index)))
        .map(() => line.trim().slice(0, 120)),
    );
}

test('every package is in the one scope, under its folder’s name', () => {
  expect(packageScope).toMatch(/^@[a-z0-9-]+$/);
  expect(all.map(({ folder, manifest }) => [folder, manifest.name])).toEqual(
    all.map(({ folder }) => {
      const name = folder.split('/')[1]!;
      return [folder, `${packageScope}/${name === 'benchmark' ? 'ssl-benchmark' : name}`];
    }),
  );
});

test('what an unscoped name is', () => {
  expect(unscopedNames('npm install ssl-vision')).toHaveLength(1);
  expect(unscopedNames("import { compile } from 'ssl-tensor/host';")).toHaveLength(1);
  expect(unscopedNames('npx ssl-data inspect photos')).toHaveLength(1);
  expect(unscopedNames('`ssl-data pack` of [`@any/ssl-nn`](packages/ssl-nn)')).toEqual([]);
});

describe('documents name no package without its scope: it would be a stranger’s', () => {
  test.each(repositoryFiles().filter((path) => path.endsWith('.md') && !path.startsWith('bench/results/')))(
    '%s',
    (path) => {
      expect(unscopedNames(readRepositoryFile(path))).toEqual([]);
    },
  );
});

test('no manifest and no import does', () => {
  const found = repositoryFiles()
    .filter((path) => /\.(?:ts|mjs|json)$/.test(path) && !path.startsWith('bench/results/'))
    .flatMap((path) =>
      [...readRepositoryFile(path).matchAll(/(?:from|import|import\(|resolve\() ?['"](?<name>ssl-[\w-]+)/g)].map(
        ({ groups }) => `${path}: ${groups!['name']}`,
      ),
    )
    // This very file shows one.
    .filter((line) => !line.startsWith('test/structure/scope.test.ts'));
  expect(found).toEqual([]);
});
