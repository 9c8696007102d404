// Moves every package to another npm scope: `npx tsx tools/set-scope.ts @scope`. Folders stay as they are.
//
// What is replaced is the scope before a package's name, in every text file of the repository; then the lock file is
// made anew and the code is formatted, since imports are sorted by name. `test/structure/scope.test.ts` finds what a
// hand has missed.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { packageScope, repositoryRoot } from './workspaces.js';

const [scope] = process.argv.slice(2);
if (scope === undefined || !/^@[a-z0-9~-][a-z0-9._~-]*$/.test(scope)) {
  console.error(
    `Usage: npx tsx tools/set-scope.ts @scope (lower-case letters, digits, - . _; at present ${packageScope})`,
  );
  process.exit(1);
}

const inRoot = { cwd: repositoryRoot, encoding: 'utf8' } as const;
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], inRoot);
const before = `${packageScope}/ssl-`;
let changed = 0;
for (const file of listed.split('\0')) {
  // A measurement names the packages as they were called when it was made.
  if (file === '' || file.startsWith('bench/results/')) continue;
  const path = join(repositoryRoot, file);
  const bytes = readFileSync(path);
  if (bytes.includes(0) || !bytes.includes(before)) continue;
  writeFileSync(path, bytes.toString('utf8').replaceAll(before, `${scope}/ssl-`));
  changed += 1;
}
execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { ...inRoot, stdio: 'inherit' });
execFileSync('npx', ['oxfmt'], { ...inRoot, stdio: 'inherit' });
console.log(`${packageScope} is ${scope} now, in ${changed} files. npm install links the packages by their new names.`);
