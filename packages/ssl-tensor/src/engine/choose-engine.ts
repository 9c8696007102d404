import { availableParallelism } from 'node:os';
import type { CompileOptions } from '../compile/compiled-types.js';
import { InvalidOptionError } from 'ssl-core';
import type { Device } from '../graph/builder.js';
import { chooseDevice } from './choose-device.js';
import type { Engine } from './engine.js';
import { OnnxEngine } from './onnx-engine.js';

const engines = new Map<string, Engine>();

/**
 * The engine for these options; one per device and thread count.
 *
 * @throws InvalidOptionError for a device or threads that are none; DeviceError for a device that is not there
 */
export async function engineFor({
  device,
  threads = availableParallelism(),
  profile,
}: Pick<CompileOptions, 'device' | 'threads' | 'profile'>): Promise<Engine> {
  const chosen = chooseDevice(device).device as Device;
  if (!Number.isInteger(threads) || threads < 1)
    throw new InvalidOptionError('compile', 'threads', 'a positive integer', threads);
  const key = `${chosen}:${threads}:${profile ?? ''}`;
  let engine = engines.get(key);
  if (engine === undefined) {
    engine = await OnnxEngine.open({ device: chosen, threads, ...(profile === undefined ? {} : { profile }) });
    engines.set(key, engine);
  }
  return engine;
}
