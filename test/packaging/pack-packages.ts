import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type Manifest, repositoryRoot, type Workspace, workspaces } from '../../tools/workspaces.js';
import { runCommand } from './run-command.js';

/** A tarball, and what it holds. */
export interface Tarball {
  readonly workspace: Workspace;
  readonly manifest: Manifest;
  /** Its path. */
  readonly path: string;
  /** Paths inside it. */
  readonly files: readonly string[];
}

/** Libraries of this machine's platform alone: those of all take a minute to compress, and are left out of tests. */
const otherPlatform = (path: string): boolean => {
  const platform = /onnxruntime\/bin\/napi-v\d\/(?<platform>\w+\/\w+)/.exec(path.replaceAll('\\', '/'))?.groups;
  return platform !== undefined && platform['platform'] !== `${process.platform}/${process.arch}`;
};

/** Packs every published package, built before, into a folder. */
export async function packPackages(into: string): Promise<readonly Tarball[]> {
  const published = workspaces('packages');
  const whole = published.filter(({ manifest }) => !manifest.name.endsWith('/ssl-runtime'));
  const runtime = published.find((workspace) => !whole.includes(workspace))!;
  const staged = join(into, basename(runtime.directory));
  await cp(runtime.directory, staged, { recursive: true, filter: (path) => !otherPlatform(path) });
  const packed = [
    ...(await pack(
      into,
      repositoryRoot,
      whole.flatMap(({ manifest }) => ['--workspace', manifest.name]),
    )),
    ...(await pack(into, staged, [])),
  ];
  return published.map((workspace) => {
    const { manifest } = workspace;
    const entry = packed.find(({ name }) => name === manifest.name);
    if (entry === undefined) throw new Error(`npm pack made no tarball of ${manifest.name}`);
    return { workspace, manifest, path: join(into, entry.filename), files: entry.files.map(({ path }) => path) };
  });
}

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

async function pack(into: string, cwd: string, selected: readonly string[]): Promise<readonly Packed[]> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into, ...selected];
  return Object.values(JSON.parse(await runCommand('npm', args, cwd)) as Record<string, Packed>);
}
