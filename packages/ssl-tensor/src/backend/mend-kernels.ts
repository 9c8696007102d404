import { mendCumulativeKernels } from './cumulative-kernels.js';
import { mendEmptyAxes } from './empty-axes.js';
import { mendIndexKernels } from './index-kernels.js';
import { mendNaNKernels } from './nan-kernels.js';
import { mendPowerKernel } from './power-kernel.js';
import { mendWholeKernels } from './whole-kernels.js';

/** Mends TF.js's CPU kernels; again where TF.js has registered its own anew. */
export function mendKernels(): void {
  mendCumulativeKernels();
  mendIndexKernels();
  mendNaNKernels();
  mendWholeKernels();
  mendPowerKernel();
  // Around all others.
  mendEmptyAxes();
}
