import { checkNonNegative } from '@selfsup/ssl-tensor/host';

/**
 * Perplexity: `exp(loss)`, the number of equally likely words that would be as hard to guess.
 *
 * Of a masked language model it is that of the masked tokens, and falls with the share that is masked: compare it at one rate
 * and with fixed masks, or take `pseudoPerplexity`.
 *
 * @param loss mean cross-entropy, nats, such as the `loss` of `evaluateMaskedLm`
 * @returns 1 or more
 * @throws InvalidOptionError for a loss that is not finite or below 0
 */
export function perplexity(loss: number): number {
  checkNonNegative('perplexity', { loss });
  return Math.exp(loss);
}
