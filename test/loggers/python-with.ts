import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** What a program prints. */
export function call(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

/** An interpreter of a new virtual environment in a folder, with packages from PyPI. */
export function pythonWith(folder: string, ...packages: readonly string[]): string {
  const environment = join(folder, 'venv');
  call('python3', '-m', 'venv', environment);
  const python = join(environment, 'bin', 'python');
  call(python, '-m', 'pip', 'install', '--quiet', ...packages);
  return python;
}
