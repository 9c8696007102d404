import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url));
const tsx =
  import.meta.resolve === undefined ? createRequire(import.meta.url).resolve('tsx') : import.meta.resolve('tsx');

/** What a command left. */
export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. */
export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Stop reading standard output at once, as `| head -0` does. */
  readonly closeOutput?: boolean;
  /** Send a signal (default Ctrl-C's) once what was written to standard error matches. */
  readonly interruptAt?: RegExp;
  readonly signal?: NodeJS.Signals;
  /** Called once at that moment, in place of the signal. */
  readonly atMatch?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the command line from source in a process of its own. */
export function runCli(
  argv: readonly string[],
  { cwd, env, closeOutput, interruptAt, signal = 'SIGINT', atMatch }: CliOptions = {},
): Promise<CliResult> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(DEBUG|NODE_OPTIONS|VITEST.*|npm_.*)$/.test(name)),
  );
  const child = spawn(process.execPath, ['--conditions=ssl-source', '--import', tsx, cli, ...argv], {
    cwd,
    env: { ...inherited, NO_COLOR: '1', ...env },
  });
  if (closeOutput === true) child.stdout.destroy();
  let stdout = '';
  let stderr = '';
  let interrupted = false;
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (interruptAt !== undefined && !interrupted && interruptAt.test(stderr)) {
      interrupted = true;
      if (atMatch === undefined) child.kill(signal);
      else atMatch((name) => void child.kill(name));
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
