import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

import { repositoryRoot } from '../../tools/workspaces.js';

/** Folders that hold what git ignores. Git itself may be missing where the tests run. */
const ignoredFolders = new Set([
  '.git',
  'node_modules',
  'dist',
  '.turbo',
  'coverage',
  'runs',
  '.venv',
  '__pycache__',
  // What benchmarks fetch.
  '.pictures',
  '.texts',
]);
/** `.git` is a file in a work tree of another clone. */
const ignoredFiles = /\.(?:tgz|tsbuildinfo)$|^\.DS_Store$|^\.git$/;

/** Every source file under a folder of the repository, as paths from the root with forward slashes. */
export function repositoryFiles(folder = '.'): readonly string[] {
  const found: string[] = [];
  const walk = (directory: string) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (!ignoredFolders.has(entry.name)) walk(path);
      } else if (entry.isFile() && !ignoredFiles.test(entry.name)) {
        found.push(relative(repositoryRoot, path).split(sep).join('/'));
      }
    }
  };
  walk(join(repositoryRoot, folder));
  return found.toSorted();
}

export function readRepositoryFile(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}
