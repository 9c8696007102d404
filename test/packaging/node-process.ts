import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The environment without what npm or vitest put into it. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|VITEST|NODE_OPTIONS$|NODE_ENV$|INIT_CWD$)/.test(name)),
  );
}

/** Node as a user starts it: its exit status, standard output and standard error. */
export async function node(
  args: readonly string[],
  options: { readonly cwd: string; readonly timeout?: number },
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return {
      code: 0,
      ...(await run(process.execPath, args, { timeout: 90_000, ...options, env: cleanEnvironment() })),
    };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: code ?? -1, stdout: stdout ?? '', stderr: stderr ?? String(error) };
  }
}
