import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const maxBuffer = 2 ** 26;

const lastLine = <R>(stdout: string): R => JSON.parse(stdout.trim().split('\n').at(-1)!) as R;

/**
 * Runs a TypeScript program in a process of its own; returns what its last line says, as JSON.
 *
 * @param given its arguments: a text as it is, a job as JSON
 */
export async function ownProcess<R>(program: URL, ...given: readonly (string | object)[]): Promise<R> {
  const before = ['--import', 'tsx', '--conditions=ssl-source', fileURLToPath(program)];
  const args = given.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  const { stdout } = await run(process.execPath, [...before, ...args], { maxBuffer });
  return lastLine(stdout);
}

/** As {@link ownProcess}, a script of bench/peers in the Python that `PEER_PYTHON` names. */
export async function peerProcess<R>(
  script: string,
  job: object,
  env: Readonly<Record<string, string>> = {},
): Promise<R> {
  const path = fileURLToPath(new URL(`../peers/${script}`, import.meta.url));
  const { stdout } = await run(process.env['PEER_PYTHON'] ?? 'python3', [path, JSON.stringify(job)], {
    maxBuffer,
    env: { ...process.env, ...env },
  });
  return lastLine(stdout);
}
