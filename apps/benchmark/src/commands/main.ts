import { renderUsage, runCommand } from 'citty';
import type { ArgsDef, CommandDef } from 'citty';
import { InvalidOptionError, suggestion, usageText } from '@selfsup/ssl-core';
import { appVersion } from '../runs/versions.js';
import { checkArguments } from './check-arguments.js';
import { choose } from './choose.js';
import { demo } from './demo.js';
import { list } from './list.js';
import { report } from './report.js';
import { reportError } from './report-error.js';
import { run } from './run.js';

/** Each command's own argument types are checked where it is defined. */
const commands = { run, demo, list, report, choose } as unknown as Readonly<Record<string, CommandDef>>;

const program: CommandDef = {
  meta: { name: 'ssl-benchmark', description: 'Reproducible benchmarks of self-supervised learning' },
  args: {
    help: { type: 'boolean', alias: 'h', description: 'Show this help' },
    version: { type: 'boolean', alias: 'v', description: 'Show the version' },
    debug: { type: 'boolean', description: 'Show stack traces (also DEBUG=ssl)' },
  },
  subCommands: commands,
};

/**
 * Runs the command line.
 *
 * @param argv arguments after the program's name
 * @returns exit status: 0, 1 after an error, 130 after Ctrl-C and 143 after SIGTERM, both with what was finished saved
 */
export async function main(argv: readonly string[]): Promise<number> {
  const debug = argv.includes('--debug') || /\bssl\b/.test(process.env['DEBUG'] ?? '');
  try {
    await dispatch(argv.filter((argument) => argument !== '--debug'));
    return 0;
  } catch (error) {
    return reportError(error, { debug, stream: process.stderr });
  }
}

async function dispatch(argv: readonly string[]): Promise<void> {
  const index = argv.findIndex((argument) => !argument.startsWith('-'));
  const name = argv[index];
  const command = name === undefined ? undefined : commands[name];
  if (name !== undefined && command === undefined) {
    const names = Object.keys(commands);
    throw new InvalidOptionError(
      'ssl-benchmark',
      'command',
      `one of ${names.join(', ')}${suggestion(name, names)}`,
      name,
    );
  }
  const rest = argv.filter((_, position) => position !== index);
  if (rest.includes('--help') || rest.includes('-h') || argv.length === 0) {
    const usage = await (command === undefined ? renderUsage(program) : renderUsage(command, program));
    process.stdout.write(`${usageText(usage, process.stdout)}\n`);
    return;
  }
  if (command === undefined) {
    checkArguments('ssl-benchmark', program.args as ArgsDef, rest);
    if (rest.includes('--version') || rest.includes('-v')) process.stdout.write(`${appVersion()}\n`);
    return;
  }
  checkArguments(`ssl-benchmark ${name}`, command.args as ArgsDef, rest);
  await runCommand(command, { rawArgs: rest });
}
