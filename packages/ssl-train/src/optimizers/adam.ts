import { checkOptions } from '@selfsup/ssl-tensor/host';
import { AdamFamily, adamOptionNames, type AdamOptions } from './adam-family.js';
import { decayEverything } from './decay-filter.js';
import type { ParameterGroup } from './parameter-group.js';

/** Defaults of `torch.optim.Adam`. */
export const adamDefaults = {
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  amsgrad: false,
  weightDecay: 0,
  decayFilter: decayEverything,
} as const satisfies AdamOptions;

/**
 * Adam, with coupled weight decay (added to the gradient):
 * `m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; p -= rate * m^ / (sqrt(v^) + epsilon)`, where `^`
 * divides by `1 - beta^step`.
 *
 * Source: Kingma and Ba 2014, arXiv 1412.6980; `torch.optim.Adam`.
 *
 * @throws InvalidOptionError for options out of range
 */
export class Adam extends AdamFamily {
  constructor(groups: readonly ParameterGroup[], options: AdamOptions = {}) {
    super('Adam', groups, { ...adamDefaults, ...checkOptions('Adam', options, adamOptionNames) }, false);
  }
}
