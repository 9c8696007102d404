import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { cleanEnvironment } from './node-process.js';

const run = promisify(execFile);

/** Runs a command; its error carries all that the command wrote. */
export async function runCommand(
  file: string,
  args: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = cleanEnvironment(),
): Promise<string> {
  try {
    const { stdout } = await run(file, args, {
      cwd,
      env: environment,
      maxBuffer: 64 * 1024 * 1024,
      shell: process.platform === 'win32',
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(' ')} failed in ${cwd}\n${stdout}\n${stderr}`, { cause: error });
  }
}
