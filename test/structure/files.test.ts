import { basename } from 'node:path/posix';
import { describe, expect, test } from 'vitest';

import { moduleImports } from './module-imports.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const files = repositoryFiles();
const typescript = files.filter((path) => path.endsWith('.ts'));
const packageSources = typescript.filter((path) => /^packages\/[^/]+\/src\//.test(path));

test('the walk finds the repository', () => {
  expect(files).toContain('package.json');
  expect(packageSources).toContain('packages/ssl-tensor/src/index.ts');
});

test('files are flushed by flushFile: handles under Plug’n’Play have no sync()', () => {
  const wrong = packageSources.filter((path) => /\.(?:data)?sync\(\)/.test(readRepositoryFile(path)));
  expect(wrong).toEqual([]);
});

describe('names', () => {
  const conventional = new Set(['README.md', 'LICENSE', 'CONTRIBUTING.md', 'CHANGELOG.md']);
  const kebab = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;

  test('files and folders are kebab-case', () => {
    const wrong = files.filter((path) => {
      const name = basename(path);
      const named = path.endsWith('.py') ? path.replaceAll('_', '-') : path; // Python imports no kebab-case module.
      return !named.split('/').every((part) => kebab.test(part) || (part === name && conventional.has(name)));
    });
    expect(wrong).toEqual([]);
  });

  test('no file is a drawer for odds and ends', () => {
    expect(files.filter((path) => /\/(?:utils?|helpers?|common|misc)\.[a-z]+$/.test(path))).toEqual([]);
  });
});

test('no source file of a package is longer than 500 lines', () => {
  const long = packageSources
    .map((path) => ({ path, lines: readRepositoryFile(path).trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > 500);
  expect(long).toEqual([]);
});

test('package sources draw no unseeded randomness and leave no owed work behind', () => {
  const wrong = packageSources.flatMap((path) => {
    const source = readRepositoryFile(path);
    const { code } = moduleImports(path, source);
    const found = [/\bMath\s*\.\s*random\s*\(/.exec(code)?.[0], /\b(?:TODO|FIXME|XXX)\b/.exec(source)?.[0]];
    return found.filter((text) => text !== undefined).map((text) => `${path}: ${text}`);
  });
  expect(wrong).toEqual([]);
});

test('no merge was left half done', () => {
  const marks = /^(?:<{7}|={7}|>{7})(?: |$)/m;
  expect(
    files.filter((path) => /\.(?:md|ts|mjs|json|ya?ml|py|sh)$/.test(path) && marks.test(readRepositoryFile(path))),
  ).toEqual([]);
});

test('no file names a place on one machine or a registry', () => {
  const text = files.filter((path) => !/\.(?:png|jpe?g|gif|webp|gz|ubyte|safetensors|onnx|bin)$/.test(path));
  const machinePath = /(?:^|[\s"'`(=:,[])\/(?:work|root|home|Users|mnt)\/[\w.-]/m;
  const registry = /\bregistry\.(?:npmjs|yarnpkg)\b|\/(?:artifactory|nexus|verdaccio)\//i;
  const wrong = text
    .filter((path) => path !== 'test/structure/files.test.ts')
    .flatMap((path) => {
      const content = readRepositoryFile(path);
      const found = machinePath.exec(content)?.[0] ?? registry.exec(content)?.[0];
      return found === undefined ? [] : [`${path}: ${found.trim()}`];
    });
  expect(wrong).toEqual([]);
});
