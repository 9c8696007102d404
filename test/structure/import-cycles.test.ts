import { dirname, join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { workspaces } from '../../tools/workspaces.js';
import { moduleImports } from './module-imports.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

type Graph = ReadonlyMap<string, readonly string[]>;

/** The files of a folder and what each imports of it, for its types too. */
function importsWithin(folder: string): Graph {
  const files = repositoryFiles(`${folder}/src`).filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'));
  return new Map(
    files.map((path) => [
      path,
      moduleImports(path, readRepositoryFile(path))
        .specifiers.filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => join(dirname(path), specifier).replace(/\.js$/, '.ts'))
        .filter((target) => files.includes(target)),
    ]),
  );
}

/** One circle for each file that first closes one, as `a.ts -> b.ts -> a.ts`. */
function circles(graph: Graph): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) found.push([...above.slice(above.indexOf(path)), path].join(' -> '));
    if (above.includes(path) || done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...above, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

test('a circle is seen', () => {
  const graph = { a: ['b'], b: ['c', 'd'], c: ['a'], d: [], e: ['d', 'b'] };
  expect(circles(new Map(Object.entries(graph)))).toEqual(['a -> b -> c -> a']);
});

// Circles of values are refused by the linter everywhere; the graph of @selfsup/ssl-tensor is one type in several files.
const packages = workspaces('packages').filter(({ folder }) => folder !== 'packages/ssl-tensor');

describe.each(packages.map(({ folder }) => folder))('%s', (folder) => {
  test('has no circle of imports, those of types included', () => {
    const graph = importsWithin(folder);
    expect(graph.size).toBeGreaterThan(0);
    expect(circles(graph)).toEqual([]);
  });
});
