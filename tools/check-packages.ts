// Checks every published package as its users' tools will see it: publint, and the types from a packed tarball.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { repositoryRoot, workspaces } from './workspaces.js';

const run = promisify(execFile);
const bin = (name: string) => join(repositoryRoot, 'node_modules/.bin', name);

let failures = 0;
for (const { directory, manifest } of workspaces('packages')) {
  const checks = [
    { check: 'publint', command: bin('publint'), options: ['--strict', directory] },
    { check: 'attw', command: bin('attw'), options: ['--pack', directory, '--profile', 'esm-only', '--no-emoji'] },
  ];
  const results = await Promise.all(
    checks.map(async ({ check, command, options }) => {
      try {
        await run(command, options, { cwd: repositoryRoot, env: { ...process.env, NO_COLOR: '1' } });
        return { check, passed: true, output: '' };
      } catch (error) {
        const { stdout, stderr } = error as { stdout?: string; stderr?: string };
        return { check, passed: false, output: `${stdout ?? ''}${stderr ?? String(error)}` };
      }
    }),
  );
  for (const { check, passed, output } of results) {
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${check.padEnd(8)} ${manifest.name}`);
    if (passed) continue;
    failures += 1;
    console.log(output);
  }
}
process.exitCode = failures === 0 ? 0 : 1;
