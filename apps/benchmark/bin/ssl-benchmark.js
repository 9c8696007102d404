#!/usr/bin/env node
// Not built itself, so that npm finds a command to link when it installs a fresh clone.
import { existsSync } from 'node:fs';

const program = new URL('../dist/cli.js', import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('ssl-benchmark: this clone is not built. Run npm run build in its root folder\n');
  process.exitCode = 1;
}
