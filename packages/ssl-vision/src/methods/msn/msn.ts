import { msn } from '@selfsup/ssl-losses';
import type { ForwardContext, Parameter } from '@selfsup/ssl-nn';
import { checkOptions } from '@selfsup/ssl-tensor/host';
import type { EmaPair, Method, MethodLoss, RunConfig, RunShape, Tensors } from '@selfsup/ssl-train';
import type { MultiViewBatch } from '../simclr/simclr.js';
import {
  MaskedSiamese,
  maskedSiameseDefaults,
  type MaskedSiameseModules,
  maskedSiameseOptionNames,
  type MaskedSiameseOptions,
} from './masked-siamese.js';

/** Options of {@link Msn}. */
export type MsnOptions = MaskedSiameseOptions;

/** Defaults of {@link Msn}: Assran et al. 2022 (arXiv 2204.07141), appendix; balancing and its weight as in lightly. */
export const msnDefaults = maskedSiameseDefaults;

/**
 * Masked Siamese networks: an image with patches dropped is to fall to the same prototypes as another view of it whole,
 * which a teacher sees whose weights follow; `msn` of @selfsup/ssl-losses. Keep `modules.teacher`, the one that the paper
 * evaluates.
 *
 * Views are those of `dinoViews`: of the two global ones the first is the teacher's, the second and the local ones are
 * anchors, each with a share of its patches dropped at random. The paper has one and ten of them. The encoder runs once
 * for each run of anchors of one size; the head's batch statistics are over all anchors, and the teacher's head has its
 * own, over its view. The loss looks at the whole batch: with `accumulateSteps` each part does by itself.
 *
 * The reference's optimiser is AdamW with a rate of 0.001 for 1024 images after 15 epochs of warm-up, weight decay
 * `cosine({ base: 0.04, final: 0.4, totalSteps })`.
 *
 * Metric `featureStd`: deviation of the teacher's unit-length features, averaged over their width `d`; about `1 / sqrt(d)`
 * where they spread over the sphere, 0 where they have collapsed.
 *
 * Source: Assran et al. 2022 (arXiv 2204.07141), algorithm 1; `src/msn_train.py` of facebookresearch/msn.
 */
export class Msn implements Method<MultiViewBatch> {
  readonly name = 'msn';
  readonly settings: RunConfig;
  readonly modules: MaskedSiameseModules;
  readonly #networks: MaskedSiamese;

  /** @throws InvalidOptionError for numbers out of range, and for what is no vision transformer or no head */
  constructor(options: MsnOptions) {
    this.#networks = new MaskedSiamese('Msn', checkOptions('Msn', options, maskedSiameseOptionNames));
    this.modules = this.#networks.modules;
    this.settings = this.#networks.settings;
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
    const { vectors } = this.modules.prototypes;
    return { loss: msn(anchors, targets, vectors, this.#networks.matching), metrics: { featureStd } };
  }
}
