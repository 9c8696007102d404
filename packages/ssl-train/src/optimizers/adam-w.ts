import { checkOptions } from '@selfsup/ssl-tensor/host';
import { AdamFamily, adamOptionNames, type AdamOptions } from './adam-family.js';
import { decayMatrices } from './decay-filter.js';
import type { ParameterGroup } from './parameter-group.js';

/** Defaults of `torch.optim.AdamW`, but for the decay filter: biases and norm scales do not decay. */
export const adamWDefaults = {
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  amsgrad: false,
  weightDecay: 0.01,
  decayFilter: decayMatrices,
} as const satisfies AdamOptions;

/**
 * Adam with decoupled weight decay: `p -= rate * weightDecay * p`, then Adam's step on the plain gradient.
 *
 * Deviates from PyTorch in one default: parameters of rank 1 or less (biases, norm scales) do not decay, as in timm,
 * MAE and nanoGPT. `decayFilter: decayEverything` is PyTorch's behaviour.
 *
 * Source: Loshchilov and Hutter 2017, arXiv 1711.05101; `torch.optim.AdamW`.
 *
 * @throws InvalidOptionError for options out of range
 */
export class AdamW extends AdamFamily {
  constructor(groups: readonly ParameterGroup[], options: AdamOptions = {}) {
    super('AdamW', groups, { ...adamWDefaults, ...checkOptions('AdamW', options, adamOptionNames) }, true);
  }
}
