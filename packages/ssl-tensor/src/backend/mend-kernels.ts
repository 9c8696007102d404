import { mendNaNKernels } from './nan-kernels.js';
import { mendWholeKernels } from './whole-kernels.js';

/** Mends TF.js's CPU kernels; again where TF.js has registered its own anew. */
export function mendKernels(): void {
  mendNaNKernels();
  mendWholeKernels();
}
