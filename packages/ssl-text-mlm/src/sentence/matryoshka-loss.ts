import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/ssl-losses';
import {
  checkNonNegative,
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';

/** Options of {@link matryoshkaLoss}. */
export interface MatryoshkaLossOptions {
  /** Numbers of first columns that have to be embeddings of their own, ascending or descending. */
  readonly widths: readonly number[];
  /** Factor of each width's loss. Default 1 for each, as the paper's. */
  readonly weights?: readonly number[];
}

const matryoshkaLossOptionNames: OptionNames<MatryoshkaLossOptions> = { widths: 'required', weights: 'optional' };

/** The widths of Matryoshka BERT-base (Kusupati et al. 2022, arXiv 2205.13147, section 4): halves of 768; each counts alike. */
export const matryoshkaBase = { widths: [12, 24, 48, 96, 192, 384, 768] } as const;

/** Loss of each width. */
export interface MatryoshkaLosses {
  readonly loss: tf.Scalar;
  /** By width, without its weight. */
  readonly losses: ReadonlyMap<number, tf.Scalar>;
}

/**
 * A loss of embeddings, of each of some widths: `sum_w weight_w loss(x[:, :w] / |x[:, :w]|)`.
 *
 * @param embeddings each `[rows, dim]`
 * @param objective loss of embeddings of any width
 * @throws InvalidOptionError for widths and weights; ShapeError for a width beyond an embedding's
 * Source: Kusupati et al. 2022, arXiv 2205.13147, equation 1.
 *
 * @example
 * const { loss } = matryoshkaLoss([first, second], (parts) => ntXent(parts), { widths: [32, 64, 128] });
 */
export function matryoshkaLoss(
  embeddings: readonly tf.Tensor2D[],
  objective: (prefixes: readonly tf.Tensor2D[]) => tf.Scalar,
  options: MatryoshkaLossOptions,
): MatryoshkaLosses {
  const { widths, weights } = checkMatryoshka(
    'matryoshkaLoss',
    checkOptions('matryoshkaLoss', options, matryoshkaLossOptionNames),
  );
  const losses = widths.map((width) =>
    objective(
      embeddings.map((whole) => {
        if (whole.rank !== 2 || whole.shape[1] < width)
          throw new ShapeError(
            'matryoshkaLoss',
            'embeddings',
            `[rows, ${width} or more]`,
            `[${whole.shape.join(', ')}]`,
          );
        return l2Normalize(tf.slice(whole, [0, 0], [whole.shape[0], width]));
      }),
    ),
  );
  const loss = tf.addN(losses.map((one, at) => tf.mul(one, weights[at]!) as tf.Scalar));
  return { loss, losses: new Map(widths.map((width, at) => [width, losses[at]!])) };
}

/**
 * Widths and weights, whole.
 *
 * @throws InvalidOptionError for widths that are no counts or come twice, and weights that do not fit
 */
export function checkMatryoshka(
  where: string,
  { widths, weights = Array.isArray(widths) ? widths.map(() => 1) : [] }: MatryoshkaLossOptions,
): Required<MatryoshkaLossOptions> {
  if (
    !Array.isArray(widths) ||
    widths.length === 0 ||
    new Set(widths).size !== widths.length ||
    widths.some((width) => !Number.isSafeInteger(width) || width < 1)
  )
    throw new InvalidOptionError(where, 'widths', 'one or more integers of 1 or more, each once', widths);
  if (!Array.isArray(weights) || weights.length !== widths.length)
    throw new InvalidOptionError(where, 'weights', `${widths.length} numbers, one for each width`, weights);
  checkNonNegative(where, Object.fromEntries(weights.map((weight: number, at) => [`weights.${at}`, weight])));
  if (weights.every((weight) => weight === 0)) throw new InvalidOptionError(where, 'weights', 'not all 0', weights);
  return { widths, weights };
}
