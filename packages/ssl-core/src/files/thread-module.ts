import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { WorkerOptions } from 'node:worker_threads';
import { DataError } from '../errors/data-error.js';

/** Code of a thread, and with what it runs. */
export interface ThreadModule {
  readonly url: URL;
  readonly options: WorkerOptions;
}

/**
 * The module that a thread runs: beside the one that starts it, or, where that has become part of a bundle, in the installed
 * package.
 *
 * @param own the module that starts the thread, as `moduleFile(import.meta)` says
 * @param entry the thread's module in the package's `dist`, without its ending: `loader/loader-worker`. It lies beside `own`
 * @param packageName of the package
 * @param advice what to do where a bundle lacks the package, beside installing it: `set workers: 0`
 * @throws DataError for a bundle without the package
 */
export function threadModule(own: string, entry: string, packageName: string, advice: string): ThreadModule {
  const url = own.startsWith('file:') ? own : pathToFileURL(own).href;
  const isSource = own.endsWith('.ts');
  const name = entry.slice(entry.lastIndexOf('/') + 1);
  const beside = new URL(`./${name}${isSource ? '.ts' : '.js'}`, url);
  if (existsSync(beside)) return { url: beside, options: isSource ? sourceOptions(own) : {} };
  try {
    const manifest = createRequire(url).resolve(`${packageName}/package.json`);
    return { url: new URL(`./dist/${entry}.js`, pathToFileURL(manifest)), options: {} };
  } catch (cause) {
    throw new DataError(
      `a bundle cannot hold the code of threads: run npm install ${packageName} where the bundle is, or ${advice}`,
      { cause },
    );
  }
}

/** From TypeScript source (tests, scripts of this repository) a thread needs tsx; built code needs nothing. */
function sourceOptions(own: string): WorkerOptions {
  // `--import tsx` does nothing in a thread, so register its hooks by hand.
  const tsx = new URL('./dist/esm/api/index.mjs', pathToFileURL(createRequire(own).resolve('tsx/package.json')));
  const register = `data:text/javascript,${encodeURIComponent(`import { register } from '${tsx.href}'; register();`)}`;
  return { execArgv: ['--import', register, '--conditions=ssl-source'] };
}
