import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';

import { runtimePlatforms } from '../../packages/ssl-runtime/src/runtime-platforms.js';
import { repositoryRoot } from '../../tools/workspaces.js';
import { moduleImports, packageOf } from '../structure/module-imports.js';
import { unexpectedErrorOutput } from './expected-output.js';
import { node } from './node-process.js';
import { exampleFile } from './readme-example.js';

const { directory, packages, diagnostics } = inject('consumer');

test('packages were packed', () => {
  expect(packages.length).toBeGreaterThan(0);
});

test('the published declarations type-check', () => {
  expect(diagnostics.filter((line) => !line.startsWith('examples/'))).toEqual([]);
});

test('the built runtime holds a binding and a library for every platform that it names, and no CUDA', () => {
  const built = join(repositoryRoot, 'packages/ssl-runtime/dist/onnxruntime/bin/napi-v6');
  for (const platform of runtimePlatforms) {
    const files = readdirSync(join(built, platform.replace(' ', '/')));
    expect(files).toContain('onnxruntime_binding.node');
    expect(files.filter((file) => /^(?:lib)?onnxruntime\.(?:so|dylib|dll|\d)/.test(file)).length).toBeGreaterThan(0);
    expect(files.filter((file) => file.includes('cuda'))).toEqual([]);
  }
  expect(readdirSync(built, { recursive: true }).filter((path) => String(path).endsWith('.node'))).toHaveLength(
    runtimePlatforms.length,
  );
});

describe.each(packages)('$name', ({ name, manifest, files, example }) => {
  const entries = Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [{ specifier: subpath === '.' ? name : `${name}${subpath.slice(1)}`, target }],
  );

  test('the tarball holds what `files` says, and no test', () => {
    const beside = ['package.json', 'README.md', 'LICENSE'];
    const missing = beside.filter((path) => !files.includes(path));
    const extra = files.filter(
      (path) => !/^(?:bin|dist|examples|src)\//.test(path) && ![...beside, 'CHANGELOG.md'].includes(path),
    );
    const tests = files.filter((path) => /\.test\.|\.tsbuildinfo$|(?:^|\/)(?:golden|fixtures)\//.test(path));
    expect({ missing, extra, tests }).toEqual({ missing: [], extra: [], tests: [] });
  });

  test('the tarball holds every entry, and the source behind each built file', () => {
    const targets = entries.flatMap(({ target }) => Object.values(target)).map((path) => path.replace('./', ''));
    const sources = files
      .filter((path) => /^dist\/(?!onnxruntime\/).+\.js$/.test(path))
      .map((path) => path.replace(/^dist\/(.+)\.js$/, 'src/$1.ts'));
    expect(sources.length).toBeGreaterThan(0);
    expect([...targets, ...sources].filter((path) => !files.includes(path))).toEqual([]);
  });

  test('every entry imports by name, in silence', async () => {
    expect(entries.length).toBeGreaterThan(0);
    for (const { specifier } of entries) {
      const script = `const names = Object.keys(await import(${JSON.stringify(specifier)})); console.log(names.length);`;
      const { code, stdout, stderr } = await node(['--input-type=module', '--eval', script], { cwd: directory });
      expect({ specifier, code, stderr }).toEqual({ specifier, code: 0, stderr: '' });
      expect(Number(stdout)).toBeGreaterThan(0);
    }
  });

  test.each(Object.entries(manifest.bin ?? {}))(
    'the command %s starts, and tells its version',
    async (command, file) => {
      expect(existsSync(join(directory, 'node_modules/.bin', command))).toBe(true);
      const path = join(directory, 'node_modules', name, file);
      expect(await readFile(path, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
      const { code, stdout, stderr } = await node([path, '--version'], { cwd: directory });
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
    },
  );

  test('the README example needs only the package and its dependencies', () => {
    const imported = moduleImports('example.ts', example ?? '').specifiers.map(packageOf);
    const available = new Set([
      undefined,
      name,
      ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    ]);
    expect(imported).toContain(name);
    expect(imported.filter((target) => !available.has(target))).toEqual([]);
  });

  test('the README example type-checks', () => {
    expect(example).toBeDefined();
    expect(diagnostics.filter((line) => line.startsWith(`examples/${exampleFile(name)}.ts`))).toEqual([]);
  });

  test('the README example runs, prints, and writes nothing unexpected to standard error', async () => {
    expect(example).toBeDefined();
    const cwd = await mkdtemp(join(directory, `run-${exampleFile(name)}-`));
    const { code, stdout, stderr } = await node([join(directory, 'examples', `${exampleFile(name)}.js`)], { cwd });
    expect({ code, stderr: unexpectedErrorOutput(stderr) }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).not.toBe('');
    console.log(`${name}: the README example ran and printed\n${stdout.trimEnd()}`);
  });
});
