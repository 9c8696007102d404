import { availableParallelism } from 'node:os';
import type { CompileOptions } from '../compile/compiled-types.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import type { Device } from '../graph/builder.js';
import type { Engine } from './engine.js';
import { OnnxEngine } from './onnx-engine.js';

const devices = ['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow'] as const;
const engines = new Map<string, Engine>();

/** The engine for these options; one per device and thread count. */
export async function engineFor({
  device = 'auto',
  threads = availableParallelism(),
  profile,
}: Pick<CompileOptions, 'device' | 'threads' | 'profile'>): Promise<Engine> {
  if (!devices.includes(device))
    throw new InvalidOptionError('compile', 'device', `one of ${devices.join(', ')}`, device);
  if (!Number.isInteger(threads) || threads < 1)
    throw new InvalidOptionError('compile', 'threads', 'a positive integer', threads);
  // No probing for GPUs yet: `auto` is the CPU, which works everywhere.
  const chosen: Device = device === 'webgpu' || device === 'cuda' ? device : 'cpu';
  const key = `${chosen}:${threads}:${profile ?? ''}`;
  let engine = engines.get(key);
  if (engine === undefined) {
    engine = new OnnxEngine({ device: chosen, threads, ...(profile === undefined ? {} : { profile }) });
    engines.set(key, engine);
  }
  return engine;
}
