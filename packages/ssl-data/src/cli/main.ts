import { readFileSync } from 'node:fs';
import { type ArgsDef, type CommandDef, renderUsage, runCommand } from 'citty';
import { InvalidOptionError, usageText } from '@selfsup/ssl-core';
import { checkArguments } from './check-arguments.js';
import type { CommandStreams } from './command-streams.js';
import { inspectCommand } from './inspect-command.js';
import { packCommand } from './pack-command.js';
import { reportError } from './report-error.js';
import { didYouMean } from './did-you-mean.js';

const program: CommandDef = {
  meta: { name: 'ssl-data', description: 'Looks into data for self-supervised learning, and packs them' },
  args: {
    help: { type: 'boolean', alias: 'h', description: 'Show this help' },
    version: { type: 'boolean', alias: 'v', description: 'Show the version' },
    debug: { type: 'boolean', description: 'Show stack traces (also DEBUG=ssl)' },
  },
};

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name
 * @returns exit status: 0, 1 after an error or where broken samples were found, 130 after Ctrl-C, 143 after SIGTERM
 */
export async function main(argv: readonly string[], streams: CommandStreams): Promise<number> {
  const debug = argv.includes('--debug') || /\bssl\b/.test(process.env['DEBUG'] ?? '');
  try {
    return await dispatch(
      argv.filter((argument) => argument !== '--debug'),
      streams,
    );
  } catch (error) {
    return reportError(error, { debug, stream: streams.stderr });
  }
}

async function dispatch(argv: readonly string[], streams: CommandStreams): Promise<number> {
  // Each command's own argument types are checked where it is defined.
  const commands = new Map(
    Object.entries({ inspect: inspectCommand(streams), pack: packCommand(streams) } as unknown as Record<
      string,
      CommandDef
    >),
  );
  const [name, ...rest] = argv;
  const command = name === undefined ? undefined : commands.get(name);
  const options = command === undefined ? argv : rest;
  if (name !== undefined && command === undefined && !name.startsWith('-')) {
    const names = [...commands.keys()];
    throw new InvalidOptionError(
      'ssl-data',
      'the command',
      `one of ${names.join(', ')}`,
      name,
      didYouMean(name, names),
    );
  }
  if (argv.length === 0 || options.includes('--help') || options.includes('-h')) {
    const usage = await (command === undefined
      ? renderUsage({ ...program, subCommands: Object.fromEntries(commands) })
      : renderUsage(command, program));
    streams.stdout.write(`${usageText(usage, streams.stdout)}\n`);
    return 0;
  }
  if (command === undefined) {
    checkArguments('ssl-data', program.args as ArgsDef, options);
    streams.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const checked = checkArguments(`ssl-data ${name}`, command.args as ArgsDef, options);
  const { result } = await runCommand(command, { rawArgs: checked });
  return result as number;
}

/** The same two folders up from the source and from what is built of it. */
function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
