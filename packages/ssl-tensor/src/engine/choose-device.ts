import type { CompileOptions } from '../compile/compiled-types.js';
import { InvalidOptionError } from '@selfsup/ssl-core';
import type { Device } from '../graph/builder.js';

const names = ['auto', 'cpu', 'webgpu', 'cuda', 'tensorflow'] as const;

/** Environment variable with the device of `auto`. */
const variable = 'SSL_TENSOR_DEVICE';

/** The device that a request comes to, and why. */
export interface DeviceChoice {
  /** An engine of ONNX Runtime that runs compiled graphs, or tfjs-node, which runs op by op. */
  readonly device: Device | 'tensorflow';
  /** One line for a log. */
  readonly reason: string;
}

/**
 * The device that `compile(fn, { device })` takes. `auto` is the CPU, or what the environment variable
 * SSL_TENSOR_DEVICE names. It takes no GPU by itself: ONNX Runtime's Node binding tells neither whether there is a WebGPU
 * adapter nor whether it is hardware, and on a software adapter a step takes a thousand times as long as on the CPU.
 *
 * @throws InvalidOptionError for a device that has no such name
 *
 * @example
 * const { device, reason } = chooseDevice();
 * console.log(`device ${device}: ${reason}`);
 */
export function chooseDevice(requested: NonNullable<CompileOptions['device']> = 'auto'): DeviceChoice {
  const check = (where: string, option: string, name: string): (typeof names)[number] => {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) throw new InvalidOptionError(where, option, `one of ${names.join(', ')}`, name);
    return known;
  };
  const asked = check('compile', 'device', requested);
  if (asked !== 'auto') return { device: asked, reason: 'asked for' };
  const preferred = typeof process === 'undefined' ? '' : (process.env[variable] ?? '');
  const fromEnvironment = preferred === '' ? 'auto' : check('environment', variable, preferred);
  if (fromEnvironment !== 'auto') return { device: fromEnvironment, reason: `asked for by ${variable}` };
  return { device: 'cpu', reason: `a GPU is used where asked for: no telling here whether there is one in hardware` };
}
