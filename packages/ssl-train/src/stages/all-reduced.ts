import { allReduce, type Collective } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { GradientStage } from './gradient-stage.js';

/**
 * Mean of the gradients over the ranks, in one call for all of them: the update of one process with the batches of all.
 * Put it first. With one rank it adds nothing to the step.
 *
 * @param ranks the processes that train together
 * @throws InvalidOptionError for what is no Collective
 */
export function allReduced(ranks: Collective): GradientStage {
  if (typeof (ranks as Partial<Collective> | undefined)?.allReduce !== 'function')
    throw new InvalidOptionError('allReduced', 'ranks', 'a Collective', ranks);
  return {
    name: 'allReduced',
    settings: { ranks: ranks.size },
    apply: (gradients) => {
      const names = Object.keys(gradients);
      const means = allReduce(
        names.map((name) => gradients[name]!),
        ranks,
        { op: 'mean' },
      );
      return { gradients: Object.fromEntries(names.map((name, index) => [name, means[index]!])) };
    },
  };
}
