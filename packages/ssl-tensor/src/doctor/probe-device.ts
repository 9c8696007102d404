import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../compile/compile.js';

/** Every device of `compile()`. */
export const devices = ['cpu', 'webgpu', 'cuda', 'tensorflow'] as const;

/** Name of a device. */
export type DeviceName = (typeof devices)[number];

/** How long a driver may take to start, in ms. */
const patience = 60_000;

/**
 * Computes one product on a device.
 *
 * @returns `works`, or why not, as its error says it
 */
export async function probeDevice(device: DeviceName): Promise<string> {
  const square = compile((x: tf.Tensor2D) => tf.matMul(x, x), { device });
  try {
    const result = await square({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
    const values = [...(await result.data())];
    result.dispose();
    return values.join(' ') === '7 10 15 22' ? 'works' : `computes wrongly: ${values.join(', ')}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    square.dispose();
  }
}

/** {@link probeDevice} in a process of its own. */
export function probeDeviceApart(device: DeviceName): string {
  const program = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './cli.ts' : './cli.js', import.meta.url));
  const { stdout, stderr, error, signal } = spawnSync(
    process.execPath,
    [...process.execArgv, program, 'probe', device],
    { encoding: 'utf8', timeout: patience },
  );
  if (stdout !== '') return stdout;
  const reason = error?.message ?? stderr.trim().split('\n').at(-1);
  return `its process ended without a word${signal === null ? '' : ` (${signal})`}: ${reason}`;
}
