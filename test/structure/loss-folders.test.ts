import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const root = 'packages/ssl-losses';

/** Headings of the tables of exports, in lower case, and the names in the first column of each one's rows. */
function documented(): ReadonlyMap<string, readonly string[]> {
  const tables = readRepositoryFile(`${root}/README.md`).split('## What it exports')[1]!.split('\n## ')[0]!;
  return new Map(
    tables
      .split('\n### ')
      .slice(1)
      .map((section) => {
        const rows = section.split('\n').filter((line) => line.startsWith('| `'));
        const names = rows.flatMap((row) =>
          [...row.split('|')[1]!.matchAll(/`(?:new )?(\w+)[^`]*`/g)].map(([, name]) => name!),
        );
        return [section.split('\n')[0]!.toLowerCase(), names];
      }),
  );
}

/** What index.ts exports by value, but the defaults, by the folder of its file. */
function exported(): ReadonlyMap<string, string> {
  const index = readRepositoryFile(`${root}/src/index.ts`);
  return new Map(
    [...index.matchAll(/export \{([^}]*)\} from '\.\/([\w-]+)\//g)].flatMap(([, names, folder]) =>
      names!
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.endsWith('Defaults'))
        .map((name) => [name, folder!] as const),
    ),
  );
}

test("the README's headings are the folders", () => {
  const folders = repositoryFiles(`${root}/src`).flatMap((path) => /\/src\/([^/]+)\//.exec(path)?.[1] ?? []);
  expect([...documented().keys()].toSorted()).toEqual([...new Set(folders)].toSorted());
});

test('every export stands under the heading of its folder, and under no other', () => {
  const places = [...documented()].flatMap(([heading, names]) => names.map((name) => [name, heading] as const));
  const found = [...exported().keys()].map((name) => [
    name,
    places.filter(([other]) => other === name).map(([, heading]) => heading),
  ]);
  expect(found.length).toBeGreaterThan(80);
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries([...exported()].map(([name, folder]) => [name, [folder]])),
  );
});
