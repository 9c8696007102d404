import { version_layers } from '@tensorflow/tfjs-layers';

/**
 * Makes TF.js's gradients known. `@tensorflow/tfjs-core` does not register them by itself under Node, and its file that
 * does cannot be imported there; `@tensorflow/tfjs-layers` registers them when it loads, and is a third of the size of
 * `@tensorflow/tfjs`. A function, so that bundlers keep the import.
 *
 * @returns the version of tfjs-layers
 */
export function registerGradients(): string {
  return version_layers;
}
