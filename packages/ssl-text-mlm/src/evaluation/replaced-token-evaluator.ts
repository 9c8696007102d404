import { compile, type CompileOptions, keyArray } from '@selfsup/ssl-tensor';
import { DataError, foldIn, type NdArray, randomKey } from '@selfsup/ssl-tensor/host';
import type { Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { MlmBatch, MlmLoader } from '../data/mlm-loader.js';
import type { ReplacedTokenDetection } from '../methods/replaced-token-detection.js';

/** What {@link ReplacedTokenEvaluator} finds, by the names of the method's metrics. */
export interface ReplacedTokenResult {
  /** The method's loss, nats. */
  readonly loss: number;
  readonly generatorLoss: number;
  readonly discriminatorLoss: number;
  /** Of the generator. */
  readonly maskedAccuracy: number;
  /** Share of the replaced tokens that the discriminator finds. */
  readonly detected: number;
  /** Share of all tokens of which it says what they are. */
  readonly detectionAccuracy: number;
}

type Sums = ((batch: MlmBatch, key: NdArray<Int32Array>) => Promise<tf.Tensor>) & { dispose(): void };

const names = ['generatorLoss', 'discriminatorLoss', 'maskedAccuracy', 'detected', 'detectionAccuracy'] as const;

/**
 * How generator and discriminator do on held-out texts, without dropout; keep it to evaluate along the training. The
 * generator's draws are the same each time. Each batch counts by its masked tokens.
 */
export class ReplacedTokenEvaluator {
  readonly #sums: Sums;

  constructor(method: ReplacedTokenDetection, options: CompileOptions = {}) {
    const compiled = compile(
      (batch: Tensors<MlmBatch>, key: tf.Tensor1D): tf.Tensor => {
        const { loss, weight, metrics } = method.loss(batch, { training: false, key });
        const counted = weight as tf.Scalar;
        const values = [loss, ...names.map((name) => metrics![name]!)].map((value) => tf.mul(value, counted));
        return tf.stack([counted, ...values] as tf.Scalar[]);
      },
      { name: 'replaced token detection evaluation', ...options },
    );
    this.#sums = compiled as unknown as Sums;
  }

  /**
   * Means over the loader's first epoch.
   *
   * @param loader in `evaluation` mode, whose masks are fixed
   * @throws DataError where it gives no batch
   */
  async evaluate(loader: Pick<MlmLoader, 'epoch'>): Promise<ReplacedTokenResult> {
    const totals = new Float64Array(names.length + 2);
    let position = 0;
    for await (const batch of loader.epoch(0)) {
      const sums = await this.#sums(batch, keyArray(foldIn(randomKey(0), position++)));
      (await sums.data()).forEach((value, index) => (totals[index]! += value));
      sums.dispose();
    }
    const [count, loss, ...rest] = totals;
    if (!(count! > 0))
      throw new DataError('there is nothing to evaluate: the loader gave no masked token; check its data set');
    const means = names.map((name, index) => [name, rest[index]! / count!] as const);
    return { loss: loss! / count!, ...(Object.fromEntries(means) as Omit<ReplacedTokenResult, 'loss'>) };
  }

  /** Frees the compiled graphs. */
  dispose(): void {
    this.#sums.dispose();
  }
}
