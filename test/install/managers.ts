import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { packageScope } from '../../tools/workspaces.js';

/** Where the tools of this test lie, and where packages come from. */
export interface Tools {
  /** A node_modules with the managers and other Nodes. */
  readonly modules: string;
  /** Of everybody's packages. */
  readonly registry: string;
  /** Of ours. */
  readonly ownRegistry: string;
}

/** A command line: the program's file, to be run by Node, and its arguments. */
export type NodeCommand = readonly string[];

/** A package manager, as its user calls it. */
export interface Manager {
  readonly name: string;
  /** What has to be installed for it here, as `alias@npm:name@range`. */
  readonly needs: string;
  /** Settings of a project that is to find our packages before they are published. */
  configure(project: string, tools: Tools): Promise<void>;
  /** `npm install <packages>` and its like. */
  add(tools: Tools, packages: readonly string[]): NodeCommand;
  /** `npx <package> <args>` and its like. */
  execute(tools: Tools, packageName: string, args: readonly string[]): NodeCommand;
  /** Runs a script of the project. */
  script(tools: Tools, file: string): NodeCommand;
}

const scoped = async (project: string, { ownRegistry }: Tools): Promise<void> =>
  writeFile(join(project, '.npmrc'), `${packageScope}:registry=${ownRegistry}\n`);

/** The command of a package, which is its name without the scope. */
const command = (packageName: string): string => packageName.split('/')[1]!;

function npm(version: number): Manager {
  const cli = ({ modules }: Tools) => join(modules, `npm${version}/bin/npm-cli.js`);
  const npx = ({ modules }: Tools) => join(modules, `npm${version}/bin/npx-cli.js`);
  return {
    name: `npm ${version}`,
    needs: `npm${version}@npm:npm@${version}`,
    configure: scoped,
    add: (tools, packages) => [cli(tools), 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages],
    execute: (tools, packageName, args) => [npx(tools), packageName, ...args],
    script: (_, file) => [file],
  };
}

const pnpm: Manager = {
  name: 'pnpm 10',
  needs: 'pnpm10@npm:pnpm@10',
  configure: scoped,
  add: ({ modules }, packages) => [join(modules, 'pnpm10/bin/pnpm.cjs'), 'add', '--prefer-offline', ...packages],
  execute: ({ modules }, packageName, args) => [
    join(modules, 'pnpm10/bin/pnpm.cjs'),
    'exec',
    command(packageName),
    ...args,
  ],
  script: (_, file) => [file],
};

const yarn: Manager = {
  name: 'Yarn 4 PnP',
  needs: 'yarn4@npm:@yarnpkg/cli-dist@4',
  async configure(project, { registry, ownRegistry }) {
    await writeFile(join(project, 'yarn.lock'), '');
    const settings = {
      enableTelemetry: false,
      nodeLinker: 'pnp',
      npmRegistryServer: registry,
      npmScopes: { [packageScope.slice(1)]: { npmRegistryServer: ownRegistry } },
      unsafeHttpWhitelist: [new URL(ownRegistry).hostname],
    };
    await writeFile(join(project, '.yarnrc.yml'), JSON.stringify(settings));
  },
  add: ({ modules }, packages) => [join(modules, 'yarn4/bin/yarn.js'), 'add', ...packages],
  execute: ({ modules }, packageName, args) => [
    join(modules, 'yarn4/bin/yarn.js'),
    'run',
    command(packageName),
    ...args,
  ],
  script: ({ modules }, file) => [join(modules, 'yarn4/bin/yarn.js'), 'node', file],
};

/** Every manager that is tried. */
export const managers: readonly Manager[] = [npm(11), npm(10), pnpm, yarn];
