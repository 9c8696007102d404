import type { CompileOptions } from '../compile/compiled-types.js';
import { DeviceError } from '../errors/device-error.js';
import { chooseDevice } from './choose-device.js';
import type { Engine } from './engine.js';

/**
 * What `#engine` is where there is no Node: no engine yet. Ops, gradients, modules and losses work eagerly.
 *
 * @throws DeviceError always
 */
export function engineFor({ device }: Pick<CompileOptions, 'device'>): Promise<Engine> {
  return Promise.reject(
    new DeviceError(
      chooseDevice(device).device,
      'is not there in browsers: compile() has an engine for Node only',
      'Call the function itself, without compile(), which computes it op by op, or run this in Node',
    ),
  );
}
