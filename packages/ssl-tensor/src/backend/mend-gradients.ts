import { registerConv3dTransposeGradient } from './conv3d-transpose-gradient.js';
import { registerCumulativeGradients } from './cumulative-gradients.js';
import { registerEinsumGradient } from './einsum-gradient.js';
import { registerExtremumGradients } from './extremum-gradients.js';
import { registerGatherGradients } from './gather-gradients.js';
import { registerTileGradient } from './tile-gradient.js';

/** Registers gradients that TF.js lacks or gets wrong; again where TF.js has registered its own anew. */
export function mendGradients(): void {
  registerConv3dTransposeGradient();
  registerCumulativeGradients();
  registerEinsumGradient();
  registerExtremumGradients();
  registerGatherGradients();
  registerTileGradient();
}
