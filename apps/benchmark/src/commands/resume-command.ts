import type { RunSettings } from './run-options.js';
import { shellWord } from './shell-word.js';

/**
 * The command that goes on with a run, as it can be typed where this one was.
 *
 * @param command name and arguments of the command, such as `run first-look`
 * @param out folder of the run, where it is not the command's default
 * @param env of the process: npm says there how the program was started
 */
export function resumeCommand(
  command: string,
  out: string | undefined,
  { seed, device }: Pick<RunSettings, 'seed' | 'device'>,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const byNpx = env['npm_command'] === 'exec' ? 'npx @selfsup/ssl-benchmark' : 'ssl-benchmark';
  return [
    command === 'demo' && env['npm_lifecycle_event'] === 'demo' ? 'npm run demo --' : `${byNpx} ${command}`,
    ...(out === undefined ? [] : [`--out ${shellWord(out)}`]),
    ...(seed === undefined ? [] : [`--seed ${seed}`]),
    ...(device === 'auto' ? [] : [`--device ${device}`]),
    '--resume',
  ].join(' ');
}
