import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

import { readManifest, repositoryRoot, type Manifest } from '../../tools/workspaces.js';
import { packPackages } from './pack-packages.js';
import { exampleFile, readmeExample, readmeExamples } from './readme-example.js';
import { runCommand } from './run-command.js';

const run = promisify(execFile);

/** A package as its tarball holds it. */
export interface PackedPackage {
  readonly name: string;
  readonly manifest: Manifest;
  /** Paths inside the tarball. */
  readonly files: readonly string[];
  /** The README's example; undefined when it has none. */
  readonly example?: string;
}

/** An empty project into which every tarball was installed as a user installs a package. */
export interface ConsumerProject {
  readonly directory: string;
  readonly packages: readonly PackedPackage[];
  /** What the compiler says about the examples and about our declarations, a line each. */
  readonly diagnostics: readonly string[];
}

declare module 'vitest' {
  interface ProvidedContext {
    consumer: ConsumerProject;
  }
}

const npm = (args: readonly string[], cwd: string) => runCommand('npm', args, cwd);

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`packaging: ${title}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

async function pack(into: string): Promise<readonly (PackedPackage & { readonly tarball: string })[]> {
  return Promise.all(
    (await packPackages(into)).map(async ({ workspace: { directory }, manifest, path, files }) => {
      const readme = join(directory, 'README.md');
      const example = existsSync(readme) ? readmeExample(await readFile(readme, 'utf8')) : undefined;
      return { name: manifest.name, manifest, files, tarball: path, ...(example === undefined ? {} : { example }) };
    }),
  );
}

async function install(
  directory: string,
  packages: readonly (PackedPackage & { readonly tarball: string })[],
): Promise<void> {
  const root = readManifest(repositoryRoot);
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({
      name: 'consumer',
      private: true,
      type: 'module',
      dependencies: Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`])),
      devDependencies: {
        typescript: root.devDependencies?.typescript,
        '@types/node': root.devDependencies?.['@types/node'],
      },
    }),
  );
  await npm(['install', '--prefer-offline', '--no-audit', '--no-fund'], directory);
}

/** Compiles the examples to JavaScript beside them, with every declaration file checked. */
async function compileExamples(directory: string, packages: readonly PackedPackage[]): Promise<readonly string[]> {
  const examples = new Map(
    packages.map(({ name, example }) => [exampleFile(name), example ?? `export * from '${name}';\n`]),
  );
  const repository = readmeExamples(await readFile(join(repositoryRoot, 'README.md'), 'utf8'));
  for (const [index, code] of repository.entries()) examples.set(`repository-${index}`, code);
  await mkdir(join(directory, 'examples'));
  await Promise.all([...examples].map(([name, code]) => writeFile(join(directory, 'examples', `${name}.ts`), code)));
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
  };
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['examples'] }));
  const tsc = join(directory, 'node_modules/typescript/bin/tsc');
  const output = await run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], { cwd: directory }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
  // Declarations of other people's packages are theirs to mend.
  return output.split('\n').filter((line) => /^(?:examples\/|node_modules\/@\w+\/ssl-|error )/.test(line));
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'ssl-packaging-'));
  const consumer = join(directory, 'consumer');
  await mkdir(consumer);
  await step('build', () => npm(['run', 'build', '--', '--filter=./packages/*'], repositoryRoot));
  const packages = await step('pack', () => pack(directory));
  await step('install into an empty project', () => install(consumer, packages));
  const diagnostics = await step('compile the README examples', () => compileExamples(consumer, packages));
  project.provide('consumer', {
    directory: consumer,
    packages: packages.map(({ tarball: _tarball, ...packed }) => packed),
    diagnostics,
  });
  return () => rm(directory, { recursive: true, force: true });
}
