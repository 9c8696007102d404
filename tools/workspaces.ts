import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

/** The fields of a package.json that the checks read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** One workspace of the repository. */
export interface Workspace {
  /** Folder from the root: `packages/ssl-nn`. */
  readonly folder: string;
  /** Absolute folder. */
  readonly directory: string;
  readonly manifest: Manifest;
}

export function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

/** The workspaces under `packages` (published) or `apps` (private), by name. */
export function workspaces(group: 'packages' | 'apps'): readonly Workspace[] {
  return readdirSync(join(repositoryRoot, group))
    .toSorted()
    .map((name) => ({ folder: `${group}/${name}`, directory: join(repositoryRoot, group, name) }))
    .filter(({ directory }) => existsSync(join(directory, 'package.json')))
    .map((workspace) => ({ ...workspace, manifest: readManifest(workspace.directory) }));
}

/** The npm scope of every package; `tools/set-scope.ts` changes it. */
export const packageScope = readManifest(join(repositoryRoot, 'packages/ssl-core')).name.split('/')[0]!;
