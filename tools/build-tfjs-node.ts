// Builds TensorFlow's binding for TF.js in a cache folder, for tests of the device `tensorflow`.
//
// tfjs-node's install script fetches a libtensorflow from one host only. The PyPI wheel of TensorFlow carries the same
// library with its headers, and the binding's two C++ files compile against them. pip and npm fetch from whatever indexes
// they are configured for. Run by `npx tsx tools/build-tfjs-node.ts`, which prints the package's folder, or by
// `npm run test:devices -- --build`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const bindingVersion = '4.22.0';
const wheel = { name: 'tensorflow-cpu', version: '2.15.1', python: '3.10' } as const;

/** Takes the shared libraries and the headers out of a wheel: `unpack.py WHEEL FOLDER`. */
const unpack = `
import os, sys, zipfile
archive, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
for name in archive.namelist():
    if name.startswith('tensorflow/include/') and name.endswith('.h'): target = name[len('tensorflow/'):]
    elif name.startswith('tensorflow/libtensorflow') and '.so' in name: target = 'lib/' + os.path.basename(name)
    else: continue
    target = os.path.join(folder, target)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with archive.open(name) as source, open(target, 'wb') as copy:
        while (chunk := source.read(1 << 22)): copy.write(chunk)
`;

/** Why the binding is not there: what was missing and what to do about it. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
}

/** Folder that builds are kept in, of all checkouts of the repository. */
function cacheFolder(): string {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(caches, 'ssl-tfjs-node', `${bindingVersion}-${wheel.name}-${wheel.version}-${process.arch}`);
}

const packageIn = (folder: string): string => join(folder, 'node_modules/@tensorflow/tfjs-node');
const bindingIn = (folder: string): string => join(packageIn(folder), 'lib/napi-v8/tfjs_binding.node');

/** Folder of the built package, or undefined where none was built. */
export function builtTfjsNode(): string | undefined {
  return existsSync(bindingIn(cacheFolder())) ? packageIn(cacheFolder()) : undefined;
}

function run(command: string, args: readonly string[], advice: string): void {
  const { status, error, stderr } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status === 0) return;
  const reason = error === undefined ? stderr.trim().split('\n').slice(-5).join('\n') : error.message;
  throw new BuildError(`tfjs-node: '${command} ${args.slice(0, 3).join(' ')} ...' failed. ${advice}\n${reason}`);
}

/** Node's C headers: those beside the running Node, or of NODE_HEADERS. */
function nodeHeaders(): string {
  const folder = process.env['NODE_HEADERS'] ?? join(dirname(dirname(process.execPath)), 'include/node');
  if (existsSync(join(folder, 'node_api.h'))) return folder;
  throw new BuildError(`tfjs-node: node_api.h is not in ${folder}. Set NODE_HEADERS to the folder of Node's headers`);
}

/**
 * Builds the package, or finds the one built before; needs Linux on x64, g++, python3 with pip, npm, and about 1 GB.
 *
 * @returns folder of the package, for SSL_TFJS_NODE
 * @throws BuildError when a tool, the headers or a download is missing
 */
export function buildTfjsNode(): string {
  const built = builtTfjsNode();
  if (built !== undefined) return built;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new BuildError(`tfjs-node: the wheel is for Linux on x64, this is ${process.platform} on ${process.arch}`);
  const headers = nodeHeaders();
  const folder = `${cacheFolder()}.${process.pid}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const npmOptions = ['--prefix', folder, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    run('npm', ['install', ...npmOptions, `@tensorflow/tfjs-node@${bindingVersion}`], 'npm must reach its registry.');
    const platforms = ['manylinux_2_17_x86_64', 'manylinux2014_x86_64'].flatMap((name) => ['--platform', name]);
    const pipOptions = ['--no-deps', '--only-binary=:all:', '--python-version', wheel.python, ...platforms];
    run(
      'python3',
      ['-m', 'pip', 'download', '--quiet', ...pipOptions, '-d', folder, `${wheel.name}==${wheel.version}`],
      'It needs python3 with pip, and an index that pip can reach.',
    );
    const target = packageIn(folder);
    const file = readdirSync(folder).find((name) => name.endsWith('.whl'))!;
    run('python3', ['-c', unpack, join(folder, file), join(target, 'deps')], 'The wheel could not be unpacked.');
    rmSync(join(folder, file));
    for (const library of ['libtensorflow_cc', 'libtensorflow_framework'])
      symlinkSync(`${library}.so.2`, join(target, 'deps/lib', `${library.replace('_cc', '')}.so`));
    mkdirSync(dirname(bindingIn(folder)), { recursive: true });
    const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(target, 'binding', name));
    const flags = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'];
    const includes = [headers, target, join(target, 'deps/include')].map((path) => `-I${path}`);
    const links = [`-L${join(target, 'deps/lib')}`, '-ltensorflow', '-ltensorflow_framework'];
    const rpath = '-Wl,-rpath,$ORIGIN/../../deps/lib';
    run('g++', [...flags, ...includes, ...sources, ...links, rpath, '-o', bindingIn(folder)], 'It needs g++.');
    rmSync(cacheFolder(), { recursive: true, force: true });
    renameSync(folder, cacheFolder());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return packageIn(cacheFolder());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(buildTfjsNode());
