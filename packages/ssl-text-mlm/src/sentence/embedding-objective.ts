import type * as tf from '@tensorflow/tfjs-core';
import type { Method, MethodLoss, StepContext, Tensors } from '@selfsup/ssl-train';

/**
 * A method whose loss is one of embeddings: what `Matryoshka` wraps. `loss` is that of {@link embeddingLoss} of
 * {@link embeddings}, and {@link auxiliaryLoss} where there is one.
 */
export interface EmbeddingObjective<B> extends Omit<
  Method<B>,
  'schedules' | 'phaseAt' | 'beforeUpdate' | 'afterUpdate'
> {
  /**
   * @param ctx as `loss` is given it
   * @returns one or more, each `[rows, dim]`
   */
  embeddings(batch: Tensors<B>, ctx: StepContext): readonly tf.Tensor2D[];
  /** @param embeddings what {@link embeddings} gave, or its first columns */
  embeddingLoss(embeddings: readonly tf.Tensor2D[], batch: Tensors<B>): Omit<MethodLoss, 'carried'>;
  /** A further term, which is no function of the embeddings. */
  auxiliaryLoss?(batch: Tensors<B>, ctx: StepContext): Omit<MethodLoss, 'carried' | 'weight'> | undefined;
}
