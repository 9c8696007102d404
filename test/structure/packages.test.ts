import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { workspaces } from '../../tools/workspaces.js';
import { moduleImports, packageOf } from './module-imports.js';
import { readRepositoryFile, repositoryFiles } from './repository-files.js';

const packages = workspaces('packages');
const rootLicense = readRepositoryFile('LICENSE');
const rootEngines = (JSON.parse(readRepositoryFile('package.json')) as { engines: unknown }).engines;

test('there are packages', () => {
  expect(packages.length).toBeGreaterThan(0);
});

describe.each(packages.map((workspace) => ({ name: workspace.manifest.name, ...workspace })))(
  '$name',
  ({ name, folder, directory, manifest }) => {
    test('the manifest is what users need', () => {
      expect(folder).toBe(`packages/${name.split('/')[1]}`);
      expect(manifest).toMatchObject({
        license: 'Apache-2.0',
        type: 'module',
        sideEffects: false,
        engines: rootEngines,
      });
      expect(manifest.private).toBeUndefined();
      expect(manifest.files).toEqual(expect.arrayContaining(['dist', 'src', '!src/**/*.test.ts']));
      expect(readRepositoryFile(`${folder}/LICENSE`)).toBe(rootLicense);
    });

    test('every entry resolves to its source first, then to its types, then to its code', () => {
      const entries = Object.entries(manifest.exports ?? {}).filter(([subpath]) => subpath !== './package.json');
      expect(manifest.exports?.['./package.json']).toBe('./package.json');
      expect(entries.map(([subpath]) => subpath)).toContain('.');
      for (const [subpath, target] of entries) {
        const conditions = typeof target === 'string' ? {} : target;
        expect({ subpath, conditions: Object.keys(conditions) }).toEqual({
          subpath,
          conditions: ['ssl-source', 'types', 'default'],
        });
        const source = conditions['ssl-source'] ?? '';
        expect(source).toMatch(/^\.\/src\/.+\.ts$/);
        expect(existsSync(join(directory, source))).toBe(true);
        const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
        expect(conditions).toMatchObject({ types: `${built}.d.ts`, default: `${built}.js` });
      }
    });

    describe('README', () => {
      const readme = existsSync(join(directory, 'README.md')) ? readRepositoryFile(`${folder}/README.md`) : '';

      test('says what the package is', () => {
        const [title, , purpose] = readme.split('\n');
        expect(title).toBe(`# ${name}`);
        expect(purpose?.length ?? 0).toBeGreaterThan(20);
      });

      test('says how to install it', () => {
        expect(readme).toMatch(new RegExp(`npm (?:i|install) (?:[\\w@/-]+ )*${name}\\b`));
      });

      test('installs every package that its code imports: pnpm and Plug’n’Play hand on no other', () => {
        // On the line under 'Install', or in the sentence before a block that needs more.
        const commands = readme.matchAll(/(?:^|`)npm (?:i|install) (?<names>[^`\n]+)/gm);
        const installed = new Set([...commands].flatMap(({ groups }) => groups?.names?.split(' ') ?? []));
        const blocks = [...readme.matchAll(/^```(?:ts|js)\n(?<code>[\s\S]*?)^```$/gm)].map(
          ({ groups }) => groups?.code ?? '',
        );
        const named = blocks.flatMap((code) => [
          ...moduleImports('example.ts', code).specifiers.map(packageOf),
          // `// from @selfsup/ssl-nn` beside a call.
          ...[...code.matchAll(/\/\/ from (?<name>@\w+\/ssl-[a-z-]+)/g)].map(({ groups }) => groups?.name),
        ]);
        expect(named.filter((target) => target !== undefined && !installed.has(target))).toEqual([]);
      });

      test('links only what the tarball holds', () => {
        const beside = ['README.md', 'LICENSE', 'package.json'];
        const targets = [...readme.matchAll(/\]\((?!https?:|mailto:|#)(?<target>[^)#\s]+)/g)].map(
          ({ groups }) => groups?.target ?? '',
        );
        const folders = (manifest.files ?? []).filter((entry) => !entry.startsWith('!'));
        expect(
          targets.filter(
            (target) =>
              !beside.includes(target) &&
              (!folders.includes(target.split('/')[0]!) || !existsSync(join(directory, target))),
          ),
        ).toEqual([]);
      });

      test('shows an example that prints', () => {
        const example = /^```ts\n(?<code>[\s\S]*?)^```$/m.exec(readme)?.groups?.code ?? '';
        expect(example).toContain(`from '${name}`);
        expect(example).toContain('console.log(');
      });

      test('lists what it exports in a table', () => {
        expect(readme).toMatch(/^\|.+\|\n\|(?:\s*:?-+:?\s*\|)+\n\|.+\|$/m);
      });

      test('has its limits under a heading', () => {
        expect(readme).toMatch(/^#{2,3} .*\blimit/im);
      });
    });
  },
);

interface Locked {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Where Node finds a package from another one: its own node_modules, then those of the folders above. */
function lockedPlace(locked: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/(?:^|\/)(?!node_modules\/)[^/]+$/, '')) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    const entry = locked[place];
    if (entry !== undefined) return entry.link === true ? entry.resolved : place;
    if (folder === '') return undefined;
  }
}

describe('installation', () => {
  test('.npmrc keeps registry addresses out of the lock file and the runtime from downloading', () => {
    const lines = readRepositoryFile('.npmrc').split('\n');
    expect(lines).toEqual(
      expect.arrayContaining(['omit-lockfile-registry-resolved=true', 'onnxruntime-node-install=skip']),
    );
  });

  test('nothing that a user of the packages installs has an install script', () => {
    const { packages: locked } = JSON.parse(readRepositoryFile('package-lock.json')) as {
      packages: Record<string, Locked>;
    };
    const found = new Map<string, string>();
    const visit = (place: string, path: string) => {
      for (const name of Object.keys({ ...locked[place]?.dependencies, ...locked[place]?.optionalDependencies })) {
        const target = lockedPlace(locked, place, name);
        if (target === undefined || found.has(target)) continue;
        found.set(target, locked[target]?.hasInstallScript === true ? `${path} > ${name}` : '');
        visit(target, `${path} > ${name}`);
      }
    };
    for (const { folder, manifest } of packages) visit(folder, manifest.name);
    expect(found.size).toBeGreaterThan(30);
    expect([...found.values()].filter((path) => path !== '')).toEqual([]);
  });

  test('the lock file holds no addresses', () => {
    const lock = readRepositoryFile('package-lock.json');
    expect(lock.length).toBeGreaterThan(1000);
    expect(/"resolved": "https?:[^"]*"/.exec(lock)?.[0]).toBeUndefined();
  });

  test('the lock file knows the platforms of the binaries we depend on', () => {
    const { packages: locked } = JSON.parse(readRepositoryFile('package-lock.json')) as {
      packages: Record<string, unknown>;
    };
    for (const name of ['@img/sharp-linux-x64', '@img/sharp-darwin-arm64', '@img/sharp-win32-x64']) {
      expect(locked).toHaveProperty([`node_modules/${name}`]);
    }
  });

  test('the lock file knows every command, by which npm ci links it, and the command is a committed file', () => {
    const { packages: locked } = JSON.parse(readRepositoryFile('package-lock.json')) as {
      packages: Record<string, { readonly bin?: Readonly<Record<string, string>> }>;
    };
    for (const { folder, directory, manifest } of [...packages, ...workspaces('apps')])
      for (const [command, file] of Object.entries(manifest.bin ?? {})) {
        expect(locked[folder]?.bin).toHaveProperty([command], file.replace('./', ''));
        expect(file).not.toContain('dist/');
        expect(existsSync(join(directory, file))).toBe(true);
      }
  });

  test('there is one lock file', () => {
    expect(
      repositoryFiles().filter((path) => /(?:^|\/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml)$/.test(path)),
    ).toEqual(['package-lock.json']);
  });
});
