import * as tf from '@tensorflow/tfjs-core';
import { l2Normalize } from '@selfsup/ssl-losses';
import { randomPermutation } from '@selfsup/ssl-tensor';
import type { RandomKey, Stateful } from '@selfsup/ssl-tensor';
import { RandomStream } from '@selfsup/ssl-tensor/host';

/** Rounds of k-means by which groups are found anew. */
const rounds = 10;

/**
 * Groups of features, each a direction that follows the mean of the features nearest to it: SMoG's momentum grouping.
 * State in `buffers`.
 *
 * Source: Pang et al. 2022 (arXiv 2207.06167), section 3.2; lightly's `SMoGPrototypes`.
 */
export class MomentumGroups implements Stateful {
  /** `features`: `[groups, dim]`, of any length. */
  readonly buffers: { readonly features: tf.Variable<tf.Rank.R2> };
  readonly #beta: number;

  /** @param beta share of a group that stays when it moves, in [0, 1] */
  constructor(groups: number, dim: number, beta: number, key: RandomKey) {
    const random = new RandomStream(key);
    const values = Float32Array.from({ length: groups * dim }, () => random.normal());
    this.buffers = tf.tidy(() => ({
      features: tf.variable(l2Normalize(tf.tensor2d(values, [groups, dim])), false) as tf.Variable<tf.Rank.R2>,
    }));
    this.#beta = beta;
  }

  /**
   * The group of each feature, the nearest by cosine. No gradient flows.
   *
   * @param x `[n, dim]`
   * @returns `[n, groups]`, 1 = its group, else 0
   */
  assign(x: tf.Tensor2D): tf.Tensor2D {
    const { features } = this.buffers;
    // As one op: TF.js has no gradient of argMax, not even of 0.
    const op = tf.customGrad((given: tf.Tensor | tf.GradSaveFunc) => ({
      value: tf.cast(tf.oneHot(nearest(given as tf.Tensor2D, features), features.shape[0]), 'float32'),
      gradFunc: (): tf.Tensor => tf.zeros(x.shape),
    }));
    return op(x) as tf.Tensor2D;
  }

  /**
   * The groups after features have joined them: `beta g + (1 - beta) mean of its features`, of those that have any. The
   * gradient flows into the features, which is what makes grouping and learning one.
   *
   * @param x `[n, dim]`
   * @returns `[groups, dim]`
   */
  moved(x: tf.Tensor2D): tf.Tensor2D {
    const assignment = this.assign(x);
    const counts = tf.reshape(tf.sum(assignment, 0), [-1, 1]);
    const share = tf.mul(tf.minimum(counts, 1), 1 - this.#beta);
    const means = tf.div(tf.matMul(assignment, x, true), tf.maximum(counts, 1));
    return tf.add(tf.mul(this.buffers.features, tf.sub(1, share)), tf.mul(means, share));
  }

  /** Keeps the groups as {@link moved} gives them. */
  update(x: tf.Tensor2D): void {
    tf.tidy(() => this.buffers.features.assign(this.moved(x)));
  }

  /**
   * Finds the groups anew, by k-means on directions from randomly drawn rows.
   *
   * @param rows features of length 1, `[n, dim]`, as many as groups or more
   * @param key int32 `[2]`
   */
  relocate(rows: tf.Tensor2D, key: tf.Tensor1D): void {
    const { features } = this.buffers;
    const [groups, dim] = features.shape;
    tf.tidy(() => {
      let means = tf.gather(rows, tf.slice(randomPermutation(key, rows.shape[0]), [0], [groups])) as tf.Tensor2D;
      for (let round = 0; round < rounds; round++) {
        const sums = tf.unsortedSegmentSum(rows, nearest(rows, means), groups) as tf.Tensor2D;
        // The sum of a group that has lost all its rows is 0: it stays.
        const alive = tf.greater(tf.sum(tf.abs(sums), 1, true), 0);
        means = tf.where(tf.broadcastTo(alive, [groups, dim]), l2Normalize(sums), means);
      }
      features.assign(means);
    });
  }
}

/** Numbers of the nearest directions, int32 `[n]`. */
function nearest(x: tf.Tensor2D, directions: tf.Tensor2D): tf.Tensor1D {
  // The length of a row moves no maximum.
  return tf.argMax(tf.matMul(x, l2Normalize(directions), false, true), 1);
}
