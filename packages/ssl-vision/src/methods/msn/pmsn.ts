import { pmsn } from '@selfsup/ssl-losses';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { EmaPair, Method, MethodLoss, RunConfig, RunShape, Tensors } from '@selfsup/ssl-train';
import type { MultiViewBatch } from '../simclr/simclr.js';
import {
  MaskedSiamese,
  maskedSiameseDefaults,
  type MaskedSiameseModules,
  maskedSiameseOptionNames,
  type MaskedSiameseOptions,
} from './masked-siamese.js';

/** Options of {@link Pmsn}. */
export interface PmsnOptions extends MaskedSiameseOptions {
  /** Prototype `j`, from 1, has a prior share proportional to `j^-powerLawExponent`; 0 is uniform. Default 0.25. */
  readonly powerLawExponent?: number;
}

const pmsnOptionNames: OptionNames<PmsnOptions> = { ...maskedSiameseOptionNames, powerLawExponent: 'optionalNumber' };

/** Defaults of {@link Pmsn}: those of `Msn`, and the exponent of lightly's `PMSNLoss`, after arXiv 2210.07277. */
export const pmsnDefaults = { ...maskedSiameseDefaults, powerLawExponent: 0.25 } as const;

/**
 * Masked Siamese networks with a power law as prior of the prototypes, for data whose classes are not of one size: views,
 * networks, batch statistics and metrics are {@link Msn}'s; `pmsn` of @selfsup/ssl-losses. Keep `modules.teacher`.
 *
 * Source: Assran et al. 2022 (arXiv 2210.07277), section 4; lightly's `PMSNLoss`.
 */
export class Pmsn implements Method<MultiViewBatch> {
  readonly name = 'pmsn';
  readonly settings: RunConfig;
  readonly modules: MaskedSiameseModules;
  readonly #networks: MaskedSiamese;
  readonly #powerLawExponent: number;

  /** @throws InvalidOptionError for numbers out of range, and for what is no vision transformer or no head */
  constructor(options: PmsnOptions) {
    const { powerLawExponent, ...given } = { ...pmsnDefaults, ...checkOptions('Pmsn', options, pmsnOptionNames) };
    checkNonNegative('Pmsn', { powerLawExponent });
    this.#networks = new MaskedSiamese('Pmsn', given);
    this.#powerLawExponent = powerLawExponent;
    this.modules = this.#networks.modules;
    this.settings = { ...this.#networks.settings, powerLawExponent };
  }

  trainable(): Map<string, Parameter> {
    return this.#networks.trainable();
  }

  emaPairs(run: RunShape): readonly EmaPair[] {
    return this.#networks.pairs(run);
  }

  /**
   * @throws ShapeError for views that are not two of one size and then others; InvalidOptionError where patches are
   *   dropped and `ctx` has no key
   */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const { anchors, targets, featureStd } = this.#networks.pass(batch, ctx);
    const options = { ...this.#networks.matching, powerLawExponent: this.#powerLawExponent };
    return { loss: pmsn(anchors, targets, this.modules.prototypes.vectors, options), metrics: { featureStd } };
  }
}
