import * as tf from '@tensorflow/tfjs-core';
import { maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { compile, DataError, type CompileOptions } from '@selfsup/ssl-tensor';
import { labelHits } from '../methods/label-hits.js';
import { labelledWeights } from '../methods/labelled-weights.js';

/** Loss and accuracy over a whole loader. */
export interface LabelledResult {
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Share of labels with the highest score; of equal scores the lowest class is first. */
  readonly accuracy: number;
  /** Labels counted. */
  readonly count: number;
}

/** What a model says of a batch, against what is true. */
export interface Labelled {
  /** `[n, classes]`. */
  readonly logits: tf.Tensor2D;
  /** int32 `[n]`, -1 = no label, which does not count. */
  readonly labels: tf.Tensor;
  /** `[n]`, 1 = counts, 0 = does not. */
  readonly weights: tf.Tensor;
}

/** Compiled sums over the batches of a loader, kept between evaluations of one model. */
export class LabelledEvaluator<B> {
  readonly #sums: ((batch: B) => Promise<tf.Tensor>) & { dispose(): void };

  /** @param predict traced */
  constructor(predict: (batch: never) => Labelled, options: CompileOptions) {
    const compiled = compile((batch: never): tf.Tensor => {
      const { logits, labels, weights } = predict(batch);
      const counted = labelledWeights(weights, labels);
      const losses = maskedTokenCrossEntropy(logits, labels as tf.Tensor1D, {
        weights: weights as tf.Tensor1D,
        reduction: 'none',
      });
      return tf.stack([tf.sum(losses), tf.sum(tf.mul(labelHits(logits, labels), counted)), tf.sum(counted)]);
    }, options);
    this.#sums = compiled as unknown as ((batch: B) => Promise<tf.Tensor>) & { dispose(): void };
  }

  /**
   * Loss and accuracy over the loader's first epoch, each label with equal weight. The loss is NaN where a label is beyond
   * the classes.
   *
   * @throws DataError where no label counts at all
   */
  async evaluate(loader: { epoch(epoch: number): AsyncIterable<B> }): Promise<LabelledResult> {
    const totals = [0, 0, 0];
    for await (const batch of loader.epoch(0)) {
      const sums = await this.#sums(batch);
      (await sums.data()).forEach((value, index) => (totals[index]! += value));
      sums.dispose();
    }
    const [loss, hits, count] = totals as [number, number, number];
    if (count === 0)
      throw new DataError(
        'there is nothing to evaluate: the loader gave no label and no masked token that counts; check its data set',
      );
    return { loss: loss / count, accuracy: hits / count, count };
  }

  /** Frees the compiled graphs. */
  dispose(): void {
    this.#sums.dispose();
  }
}
