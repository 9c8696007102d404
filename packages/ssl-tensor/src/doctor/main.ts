import { readFile } from 'node:fs/promises';
import { InvalidOptionError, printable, SslError, usageText } from '@selfsup/ssl-core';
import { devices, type DeviceName, probeDevice } from './probe-device.js';
import { examine, type Finding } from './examine.js';

/** Results go to `stdout`, errors to `stderr`. */
export interface DoctorStreams {
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const usage = `Says what this machine has for @selfsup/ssl-tensor, and what helps where something is missing

USAGE npx @selfsup/ssl-tensor doctor [--json]

OPTIONS

  --json      Print what was found as JSON
  --version   Show the version
  -h, --help  Show this help

Exit status: 0, and 1 where the CPU does not compute or Node is too old.
`;

/**
 * The command `ssl-tensor doctor`.
 *
 * @param argv arguments after the program's name
 * @returns exit status: 0, 1 where something that every program needs is missing, or after an error
 */
export async function main(argv: readonly string[], { stdout, stderr }: DoctorStreams): Promise<number> {
  try {
    const [command, ...options] = argv;
    if (command === undefined || argv.includes('--help') || argv.includes('-h')) {
      stdout.write(usageText(usage, stdout));
      return 0;
    }
    if (command === '--version') {
      const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
      stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
      return 0;
    }
    // What the doctor starts in a process of its own, since a driver may take that down.
    if (command === 'probe') {
      stdout.write(await probeDevice(deviceNamed(options[0])));
      return 0;
    }
    if (command !== 'doctor') throw new InvalidOptionError('ssl-tensor', 'the command', 'doctor', command);
    const unknown = options.find((option) => option !== '--json');
    if (unknown !== undefined) throw new InvalidOptionError('ssl-tensor doctor', 'an option', '--json', unknown);
    const findings = await examine();
    stdout.write(options.includes('--json') ? `${JSON.stringify(findings, undefined, 2)}\n` : findingsText(findings));
    return findings.some(({ state }) => state === 'missing') ? 1 : 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    stderr.write(`ssl-tensor: ${printable(message)}${SslError.isInstance(error) ? '' : ' (unexpected)'}\n`);
    return 1;
  }
}

function deviceNamed(name: string | undefined): DeviceName {
  const device = devices.find((candidate) => candidate === name);
  if (device === undefined)
    throw new InvalidOptionError('ssl-tensor probe', 'the device', `one of ${devices.join(', ')}`, name ?? 'nothing');
  return device;
}

const marks = { ok: 'ok', missing: 'MISSING', optional: '-' } as const;

/** A line each: its mark, its name, what was found, and below it what helps. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .map(({ name, state, found, cure }) => {
      const line = `${marks[state].padEnd(7)}  ${name.padEnd(width)}  ${printable(found)}\n`;
      return cure === undefined ? line : `${line}${' '.repeat(width + 11)}${printable(cure)}\n`;
    })
    .join('');
}
