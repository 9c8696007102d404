import { dirname, join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';

import { workspaces } from '../../tools/workspaces.js';
import { moduleImports, packageOf } from './module-imports.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const packages = workspaces('packages');
const names = new Set(packages.map(({ manifest }) => manifest.name));

/** Package name to its level, from the one line in docs/architecture.md that states the direction. */
function documentedLevels(): ReadonlyMap<string, number> {
  const line = /^`(?<chain>\S+ssl-core <- .+ <- apps)`/m.exec(readRepositoryFile('docs/architecture.md'))?.groups
    ?.chain;
  if (line === undefined) throw new Error('docs/architecture.md no longer states the direction of dependencies');
  const levels = line.split(' <- ').map((level) => level.replace(/[{}]/g, '').split(', '));
  return new Map(levels.flatMap((level, index) => level.map((name) => [name, index] as const)));
}

const levels = documentedLevels();

interface SourceFile {
  readonly path: string;
  readonly isTest: boolean;
  readonly specifiers: readonly string[];
}

function sources(folder: string): readonly SourceFile[] {
  return repositoryFiles(`${folder}/src`)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path,
      isTest: path.endsWith('.test.ts'),
      specifiers: moduleImports(path, readRepositoryFile(path)).specifiers,
    }));
}

test('the documented order names every package and no other', () => {
  expect([...levels.keys()].filter((name) => name !== 'apps').toSorted()).toEqual([...names].toSorted());
});

describe.each(packages.map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest })))(
  '$name',
  ({ name, folder, manifest }) => {
    const own = levels.get(name) ?? -1;
    const files = sources(folder);

    test('declares and imports only packages of lower levels', () => {
      const declared = Object.keys({
        ...manifest.dependencies,
        ...manifest.devDependencies,
        ...manifest.peerDependencies,
      });
      const imported = files.flatMap(({ path, specifiers }) =>
        specifiers.map((specifier) => ({ path, target: packageOf(specifier) })),
      );
      const edges = [...declared.map((target) => ({ path: 'package.json', target })), ...imported];
      const wrong = edges
        .filter(({ target }) => target !== undefined && names.has(target))
        .filter(({ target }) => (levels.get(target ?? '') ?? Infinity) >= own)
        .map(({ path, target }) => `${path} -> ${target}`);
      expect(wrong).toEqual([]);
    });
  },
);

describe.each([...packages, ...workspaces('apps')].map(({ folder, manifest }) => ({ folder, manifest })))(
  '$folder',
  ({ folder, manifest }) => {
    const files = sources(folder);

    test('declares every package it imports', () => {
      const runtime = new Set(
        Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }),
      );
      const inTests = new Set([
        ...runtime,
        ...Object.keys({ ...manifest.devDependencies }),
        ...Object.keys((JSON.parse(readRepositoryFile('package.json')) as typeof manifest).devDependencies ?? {}),
      ]);
      const undeclared = files.flatMap(({ path, isTest, specifiers }) =>
        specifiers
          .map(packageOf)
          .filter((target) => target !== undefined && !(isTest ? inTests : runtime).has(target))
          .map((target) => `${path} -> ${target}`),
      );
      expect(undeclared).toEqual([]);
    });

    test('imports other packages only by what they export', () => {
      const exported = new Set(
        packages.flatMap(({ manifest: { name, exports } }) =>
          Object.keys(exports ?? {}).map((subpath) => (subpath === '.' ? name : `${name}${subpath.slice(1)}`)),
        ),
      );
      const deep = files.flatMap(({ path, specifiers }) =>
        specifiers
          .filter((specifier) => names.has(packageOf(specifier) ?? '') && !exported.has(specifier))
          .map((specifier) => `${path} -> ${specifier}`),
      );
      const outside = files.flatMap(({ path, isTest, specifiers }) =>
        specifiers
          .filter((specifier) => specifier.startsWith('.'))
          .map((specifier) => join(dirname(path), specifier))
          .filter((target) => !target.startsWith(`${folder}/`) && !(isTest && /^(?:test|tools)\//.test(target)))
          .map((target) => `${path} -> ${target}`),
      );
      expect([...deep, ...outside]).toEqual([]);
    });
  },
);

test('@selfsup/ssl-data takes nothing of @selfsup/ssl-tensor, and does not install it', () => {
  const wrong = sources('packages/ssl-data')
    .filter(({ isTest }) => !isTest)
    .flatMap(({ path, specifiers }) =>
      specifiers
        .filter((specifier) => packageOf(specifier) === '@selfsup/ssl-tensor')
        .map((specifier) => `${path} -> ${specifier}`),
    );
  expect(wrong).toEqual([]);
  const { dependencies } = packages.find(({ manifest }) => manifest.name === '@selfsup/ssl-data')!.manifest;
  expect(Object.keys(dependencies ?? {})).not.toContain('@selfsup/ssl-tensor');
});

test('@selfsup/ssl-tensor/host reaches no engine', () => {
  const specifiersOf = new Map(sources('packages/ssl-tensor').map(({ path, specifiers }) => [path, specifiers]));
  const reached = new Set<string>();
  const bare = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    const specifiers = specifiersOf.get(path);
    if (specifiers === undefined) throw new Error(`${path} is imported but missing`);
    for (const specifier of specifiers) {
      if (specifier.startsWith('.')) visit(join(dirname(path), specifier).replace(/\.js$/, '.ts'));
      else if (packageOf(specifier) !== undefined) bare.add(specifier);
    }
  };
  visit('packages/ssl-tensor/src/host.ts');
  expect([...bare]).toEqual(['@selfsup/ssl-core']);
});
