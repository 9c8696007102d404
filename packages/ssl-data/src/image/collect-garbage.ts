import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of pixels from which on nobody waits for the garbage collector to notice them: decoding them takes far longer. */
export const largePixels = 2 ** 26;

let collect: (() => void) | undefined;

/**
 * Collects this thread's garbage and frees what it held outside, such as decoded pixels. The engine sees those as a few
 * bytes each and may leave some in every thread for long.
 */
export async function collectGarbage(): Promise<void> {
  collect ??= collector();
  // Whoever handed the pixels over has returned by then.
  await setImmediate();
  collect();
  // Memory outside the engine is freed in a turn of its own.
  await setImmediate();
}

function collector(): () => void {
  // Shows the function to new contexts only.
  setFlagsFromString('--expose-gc');
  const found: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof found === 'function' ? (found as () => void) : () => {};
}
