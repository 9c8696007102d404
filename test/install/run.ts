// The first hour of somebody who has the packages' names and a folder of pictures, played from tarballs in empty projects:
// install, learn an encoder, look at neighbours, classify from ten labels per class. Prints a table.
//
//   npm run test:install               every manager, with and without the closed network, on three Nodes, and every
//                                      package's README followed by pnpm, which hands on no other package
//   npm run test:install -- --small    each manager once, behind the closed network, and another Node; for CI
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { packageScope, repositoryRoot } from '../../tools/workspaces.js';
import { packPackages } from '../packaging/pack-packages.js';
import { cleanEnvironment } from '../packaging/node-process.js';
import { runCommand } from '../packaging/run-command.js';
import { serveRegistry } from './local-registry.js';
import { makePhotos } from './make-photos.js';
import { type Manager, managers, type Tools } from './managers.js';
import { playReadmes } from './play-readmes.js';

/** Nodes beside the one that runs this, by their names in the registry; each is one file. */
const nodes = { '20.19': '20.19', '22': '22', '24': '24' } as const;
/** What the script imports, as a README's install line names it. */
const wanted = ['ssl-data', 'ssl-nn', 'ssl-tensor', 'ssl-train', 'ssl-transfer', 'ssl-vision'].map(
  (name) => `${packageScope}/${name}`,
);

interface Row {
  readonly manager: string;
  readonly network: string;
  readonly node: string;
  readonly install: string;
  readonly run: string;
  readonly result: string;
}

const here = dirname(fileURLToPath(import.meta.url));
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** The environment behind a firewall that lets nothing through but a registry. */
function closed(hosts: readonly string[]): NodeJS.ProcessEnv {
  const guard = `--require=${JSON.stringify(join(here, 'closed-network.cjs'))}`;
  return { ...cleanEnvironment(), NODE_OPTIONS: guard, SSL_OPEN_HOSTS: hosts.join(',') };
}

/** Hosts that an install may reach: the registries, and the proxy that leads to them. */
function registryHosts(tools: Tools): readonly string[] {
  const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].map((name) => process.env[name] ?? '');
  return [tools.registry, tools.ownRegistry, ...proxies]
    .filter((url) => URL.canParse(url))
    .map((url) => new URL(url).hostname);
}

interface Outcome {
  readonly losses: readonly [number, number];
  readonly alike: number;
  readonly accuracy: number;
  readonly seconds: number;
  readonly megabytes: number;
}

/** What is printed of a run, or what is wrong with it. */
function judged({ losses: [first, last], alike, accuracy, megabytes }: Outcome): { text: string; good: boolean } {
  const good = last < first && alike > 0.6 && accuracy > 0.7;
  const text = `loss ${first.toFixed(2)} -> ${last.toFixed(2)}, neighbours alike ${(100 * alike).toFixed(0)} %, probe ${(100 * accuracy).toFixed(0)} %, ${megabytes.toFixed(0)} MB`;
  return { text: good ? text : `POOR: ${text}`, good };
}

/** The first line of an error that says something. */
function reason(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n');
  return lines.find((line) => /^\w*Error|npm error|ERR_|YN\d+/.test(line)) ?? lines[0]!;
}

async function project(base: string, name: string): Promise<string> {
  const directory = join(base, name.replaceAll(/\W+/g, '-'));
  await mkdir(directory);
  await writeFile(join(directory, 'package.json'), '{ "name": "first-hour", "private": true, "type": "module" }\n');
  return directory;
}

/** One manager behind one network: an install, the commands, and the script on every Node. */
async function play(
  manager: Manager,
  isClosed: boolean,
  runtimes: ReadonlyMap<string, string>,
  { base, tools }: { base: string; tools: Tools },
): Promise<readonly Row[]> {
  const network = isClosed ? 'closed' : 'open';
  const directory = await project(base, `${manager.name}-${network}`);
  const environment = isClosed ? closed(registryHosts(tools)) : cleanEnvironment();
  const row = { manager: manager.name, network, node: process.versions.node, install: '-', run: '-' };
  await manager.configure(directory, tools);
  let start = performance.now();
  let install: string;
  try {
    await runCommand(process.execPath, manager.add(tools, wanted), directory, environment);
    install = seconds(start);
    await cp(join(base, 'photos'), join(directory, 'photos'), { recursive: true });
    await cp(join(here, 'first-hour.mjs'), join(directory, 'first-hour.mjs'));
    const inspect = manager.execute(tools, `${packageScope}/ssl-data`, ['inspect', 'photos']);
    const inspected = await runCommand(process.execPath, inspect, directory, environment);
    if (!inspected.includes('bricks')) throw new Error(`error: ssl-data inspect says\n${inspected}`);
  } catch (error) {
    if (verbose) console.error(error);
    return [{ ...row, result: `FAILED: ${reason(error)}` }];
  }
  const rows: Row[] = [];
  for (const [node, path] of runtimes) {
    start = performance.now();
    let result: string;
    try {
      // Nothing is downloaded when it runs: no host is open.
      const output = await runCommand(path, manager.script(tools, 'first-hour.mjs'), directory, closed([]));
      result = judged(JSON.parse(output.trim().split('\n').at(-1)!) as Outcome).text;
    } catch (error) {
      if (verbose) console.error(error);
      result = `FAILED: ${reason(error)}`;
    }
    rows.push({ ...row, node, install, run: seconds(start), result });
  }
  return rows;
}

/** That the network is closed indeed: what these packages did without before, fails behind it. */
async function control(base: string, tools: Tools): Promise<Row> {
  const directory = await project(base, 'control');
  const [npm] = managers;
  const start = performance.now();
  const result = await runCommand(
    process.execPath,
    npm!.add(tools, ['onnxruntime-node@1.30.0']),
    directory,
    closed(registryHosts(tools)),
  ).then(
    () => 'FAILED: it installs, so the network is not closed',
    (error: unknown) =>
      String(error).includes('ENOTFOUND') ? 'fails at its script, as it should' : `FAILED: ${reason(error)}`,
  );
  const manager = `onnxruntime-node by ${npm!.name}`;
  return { manager, network: 'closed', node: process.versions.node, install: seconds(start), run: '-', result };
}

/** Every README, followed by a strict manager. */
async function readmeRows(manager: Manager, { base, tools }: { base: string; tools: Tools }): Promise<readonly Row[]> {
  const environments = { install: closed(registryHosts(tools)), run: closed([]) };
  const row = { manager: manager.name, network: 'closed', node: process.versions.node, install: '-', run: '-' };
  const played = await playReadmes(manager, tools, (name) => project(base, name), environments);
  return played.map(({ name, error }) => {
    if (error !== undefined && verbose) console.error(error);
    return { ...row, result: error === undefined ? `README of ${name} runs` : `FAILED: ${name}: ${reason(error)}` };
  });
}

function table(rows: readonly Row[]): string {
  const head = {
    manager: 'manager',
    network: 'network',
    node: 'Node',
    install: 'install',
    run: 'run',
    result: 'result',
  };
  const columns = Object.keys(head) as (keyof Row)[];
  const all = [head, ...rows];
  const widths = columns.map((column) => Math.max(...all.map((row) => row[column].length)));
  return all
    .map((row) =>
      columns
        .map((column, index) => row[column].padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const { values } = parseArgs({
  options: { small: { type: 'boolean', default: false }, only: { type: 'string' }, verbose: { type: 'boolean' } },
});
const verbose = values.verbose === true;
const began = performance.now();
const base = await mkdtemp(join(tmpdir(), 'ssl-install-'));
try {
  const npmInPath = (args: readonly string[], cwd: string) => runCommand('npm', args, cwd);
  await npmInPath(['run', 'build', '--', '--filter=./packages/*'], repositoryRoot);
  const tarballs = await packPackages(base);
  const ownRegistry = await serveRegistry(tarballs);
  const registry = (await npmInPath(['config', 'get', 'registry'], base)).trim();
  const tools: Tools = { modules: join(base, 'tools/node_modules'), registry, ownRegistry: ownRegistry.url };
  const chosen = managers.filter(({ name }) => values.only === undefined || name.includes(values.only));
  const others = values.small ? ['24'] : Object.keys(nodes);
  const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const needs = [
    ...new Set([managers[0]!, ...chosen].map(({ needs }) => needs)),
    ...others.map((name) => `node${name}@npm:${nodePackage}@${nodes[name as keyof typeof nodes]}`),
  ];
  await mkdir(join(base, 'tools'));
  await npmInPath(['install', '--prefix', '.', '--prefer-offline', '--ignore-scripts', ...needs], join(base, 'tools'));
  await makePhotos(join(base, 'photos'), 24);
  console.log(`packed, and tools installed, ${seconds(began)}`);
  const executable = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const runtimes = new Map([
    ...(values.small ? [[process.versions.node, process.execPath] as const] : []),
    ...others.map((name) => [name, join(tools.modules, `node${name}`, executable)] as const),
  ]);
  const rows: Row[] = [];
  const note = (row: Row): void => {
    rows.push(row);
    console.log(`${row.manager}, ${row.network}, Node ${row.node}: ${row.result}`);
  };
  try {
    if (!values.small) note(await control(base, tools));
    for (const isClosed of values.small ? [true] : [true, false])
      for (const [index, manager] of chosen.entries()) {
        const some = values.small && index > 0 ? new Map([...runtimes].slice(0, 1)) : runtimes;
        for (const row of await play(manager, isClosed, some, { base, tools })) note(row);
      }
    const strict = chosen.find(({ name }) => name.startsWith('pnpm'));
    if (!values.small && strict !== undefined) for (const row of await readmeRows(strict, { base, tools })) note(row);
  } finally {
    await ownRegistry.close();
  }
  console.log(`\n${table(rows)}\n\n${rows.length} runs, ${seconds(began)}`);
  process.exitCode = rows.some(({ result }) => /^(?:FAILED|POOR)/.test(result)) ? 1 : 0;
} finally {
  await rm(base, { recursive: true, force: true });
}
