import type { CompileOptions } from '../compile/compiled-types.js';
import type { Device } from '../graph/builder.js';
import { chooseDevice } from './choose-device.js';
import type { Engine } from './engine.js';
import { threadsOf } from './engine-threads.js';
import { OnnxEngine } from './onnx-engine.js';

const engines = new Map<string, Engine>();

/**
 * The engine for these options; one per device and thread count.
 *
 * @throws InvalidOptionError for a device or threads that are none; DeviceError for a device that is not there
 */
export async function engineFor({
  device,
  profile,
  ...options
}: Pick<CompileOptions, 'device' | 'threads' | 'deterministic' | 'profile'>): Promise<Engine> {
  const chosen = chooseDevice(device).device as Device;
  const threads = threadsOf(options);
  const key = `${chosen}:${threads}:${profile ?? ''}`;
  let engine = engines.get(key);
  if (engine === undefined) {
    engine = await OnnxEngine.open({ device: chosen, threads, ...(profile === undefined ? {} : { profile }) });
    engines.set(key, engine);
  }
  return engine;
}
