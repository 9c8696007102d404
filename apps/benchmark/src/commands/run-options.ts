import { InvalidOptionError } from '@selfsup/ssl-core';
import type { Device } from '../runs/pipeline.js';

/** Options that `run` and `demo` share. */
export const runOptions = {
  out: { type: 'string', valueHint: 'folder', description: 'Folder of the run' },
  seed: { type: 'string', valueHint: 'n', description: "Seed, in place of the recipe's" },
  workers: {
    type: 'string',
    valueHint: 'n',
    description: 'Threads that load and augment images (default: one per core, less one)',
  },
  device: { type: 'string', valueHint: 'name', description: 'auto, cpu, webgpu, cuda or tensorflow (default: auto)' },
  resume: { type: 'boolean', description: 'Go on with an interrupted run' },
  quiet: { type: 'boolean', alias: 'q', description: 'Show errors only' },
  json: { type: 'boolean', description: 'Print the summary on standard output' },
  help: { type: 'boolean', alias: 'h', description: 'Show this help' },
} as const;

const devices: readonly Device[] = ['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow'];

/** Checked values of {@link runOptions}. */
export interface RunSettings {
  readonly seed: number | undefined;
  readonly workers: number | undefined;
  readonly device: Device;
  readonly resume: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** What citty parses {@link runOptions} into. */
export interface RunArguments {
  readonly seed?: string | undefined;
  readonly workers?: string | undefined;
  readonly device?: string | undefined;
  readonly resume?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** @throws InvalidOptionError for a number or device that is none */
export function runSettings(where: string, args: RunArguments): RunSettings {
  const device = (args.device ?? 'auto') as Device;
  if (!devices.includes(device))
    throw new InvalidOptionError(where, '--device', `one of ${devices.join(', ')}`, device);
  return {
    seed: integer(where, '--seed', args.seed),
    workers: integer(where, '--workers', args.workers),
    device,
    resume: args.resume === true,
    quiet: args.quiet === true,
    json: args.json === true,
  };
}

function integer(where: string, option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number))
    throw new InvalidOptionError(where, option, 'an integer of at least 0', value);
  return number;
}
