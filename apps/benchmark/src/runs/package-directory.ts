import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DataError } from '@selfsup/ssl-core';

/**
 * Directory of an installed package, as Node would find it from a file.
 *
 * @param name package name
 * @param from URL or absolute path of the file that depends on it
 * @throws DataError where it is not installed
 */
export function packageDirectory(name: string, from: string = import.meta.url): string {
  for (const folder of createRequire(from).resolve.paths(name) ?? []) {
    const directory = path.join(folder, name);
    if (existsSync(path.join(directory, 'package.json'))) return directory;
  }
  throw new DataError(`the package ${name} is not installed; run npm ci`);
}

/** Version of an installed package. */
export function packageVersion(name: string, from: string = import.meta.url): string {
  const manifest = JSON.parse(readFileSync(path.join(packageDirectory(name, from), 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
