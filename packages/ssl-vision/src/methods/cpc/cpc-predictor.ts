import * as tf from '@tensorflow/tfjs-core';
import { Conv2d, Linear, Module, truncatedNormal, zeros } from '@selfsup/ssl-nn';
import type { Initialiser } from '@selfsup/ssl-nn';
import {
  checkCount,
  checkPositive,
  foldIn,
  InvalidOptionError,
  ShapeError,
  sparseSoftmaxCrossEntropy,
} from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Sizes of a {@link CpcPredictor}. */
export interface CpcPredictorSizes {
  /** Residual blocks of the context network; each sees one row farther. */
  readonly contextBlocks: number;
  /** Width inside them. */
  readonly contextDim: number;
  /** Width in which predictions and patches are compared. */
  readonly targetDim: number;
  /** Factor of predictions, positive. */
  readonly scale: number;
  /** Nearest and farthest row that is predicted: 1 = the next one. */
  readonly rows: readonly [nearest: number, farthest: number];
}

/** Options of {@link CpcPredictor}. */
export interface CpcPredictorOptions extends CpcPredictorSizes {
  readonly key: RandomKey;
  /** Width of the patches' features. */
  readonly inDim: number;
}

const cpcPredictorOptionNames: OptionNames<CpcPredictorOptions> = {
  key: 'requiredKey',
  inDim: 'requiredNumber',
  contextBlocks: 'requiredNumber',
  contextDim: 'requiredNumber',
  targetDim: 'requiredNumber',
  scale: 'requiredNumber',
  rows: 'required',
};

/** Sonnet's: a Gaussian of variance `1 / fanIn` cut at two deviations. */
const sonnet: Initialiser = (shape, key) => {
  const fanIn = shape.slice(0, -1).reduce((product, side) => product * side, 1);
  return truncatedNormal({ standardDeviation: 1 / Math.sqrt(fanIn) })(shape, key);
};

const init = { weightInit: sonnet, biasInit: zeros };

/** Sees a row and the row above it: `x + expand(relu(above(beside(relu(reduce(x))))))`. */
class ContextBlock extends Module {
  readonly reduce: Linear;
  readonly beside: Conv2d;
  readonly above: Conv2d;
  readonly expand: Linear;

  constructor(inDim: number, dim: number, key: RandomKey) {
    super();
    this.reduce = new Linear(inDim, dim, { ...init, key: foldIn(key, 'reduce') });
    const beside = {
      kernelSize: [1, 3],
      padding: [
        [0, 0],
        [1, 1],
      ],
    } as const;
    this.beside = new Conv2d(dim, dim, { ...init, ...beside, key: foldIn(key, 'beside') });
    const above = {
      kernelSize: [2, 1],
      padding: [
        [1, 0],
        [0, 0],
      ],
    } as const;
    this.above = new Conv2d(dim, dim, { ...init, ...above, key: foldIn(key, 'above') });
    this.expand = new Linear(dim, inDim, { ...init, key: foldIn(key, 'expand') });
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    const seen = this.beside.forward(tf.relu(this.reduce.forward(x)));
    return tf.add(x, this.expand.forward(tf.relu(this.above.forward(seen))));
  }
}

/**
 * Predicts rows of a grid of patches from those above: a context network that sees a row and those above it, for each row
 * ahead a linear prediction, and a linear map of the patches that predictions are compared with.
 *
 * Source: Henaff et al. 2019 (arXiv 1905.09272), appendix A: `pixelCNN` and `CPC`.
 */
export class CpcPredictor extends Module {
  readonly context: readonly ContextBlock[];
  readonly target: Linear;
  readonly predictions: readonly Linear[];
  private readonly scale: number;
  private readonly nearest: number;

  /** @throws InvalidOptionError for numbers out of range */
  constructor(options: CpcPredictorOptions) {
    super();
    const where = 'CpcPredictor';
    const all = checkOptions(where, options, cpcPredictorOptionNames);
    const { key, inDim, contextBlocks, contextDim, targetDim, scale, rows } = all;
    checkCount(where, { inDim, contextBlocks, contextDim, targetDim });
    checkPositive(where, { scale });
    const isRange = Array.isArray(rows) && rows.length === 2 && rows.every((row) => Number.isInteger(row));
    if (!isRange || !(rows[0] >= 1 && rows[1] >= rows[0]))
      throw new InvalidOptionError(where, 'rows', 'two whole numbers from 1, the nearest first', rows);
    const [nearest, farthest] = rows;
    const own = (name: string, at: number): RandomKey => foldIn(foldIn(key, name), at);
    this.context = Array.from(
      { length: contextBlocks },
      (_, at) => new ContextBlock(inDim, contextDim, own('context', at)),
    );
    this.target = new Linear(inDim, targetDim, { ...init, key: foldIn(key, 'target') });
    this.predictions = Array.from(
      { length: farthest - nearest + 1 },
      (_, at) => new Linear(inDim, targetDim, { ...init, key: own('predictions', at) }),
    );
    this.scale = scale;
    this.nearest = nearest;
  }

  /**
   * `sum over rows ahead of the mean over patches of -log softmax(prediction . patches)[the one so many rows below]`; all
   * patches of the batch are there to be told from.
   *
   * @param grid features of patches, `[batch, rows, columns, inDim]`
   * @throws ShapeError for a grid of too few rows
   */
  loss(grid: tf.Tensor4D): tf.Scalar {
    const [batch, rows, columns] = grid.shape;
    const farthest = this.nearest + this.predictions.length - 1;
    if (rows <= farthest)
      throw new ShapeError('CpcPredictor', 'grid', `more than ${farthest} rows of patches`, `${rows} x ${columns}`);
    const context = tf.relu(this.context.reduce((x, block) => block.forward(x), grid));
    const { outFeatures } = this.target;
    const targets = tf.reshape(this.target.forward(grid), [-1, outFeatures]) as tf.Tensor2D;
    const losses = this.predictions.map((prediction, at) => {
      const ahead = this.nearest + at;
      const left = rows - ahead;
      const above = tf.slice(context, [0, 0, 0, 0], [batch, left, columns, -1]);
      const told = tf.mul(tf.reshape(prediction.forward(above), [-1, outFeatures]), this.scale) as tf.Tensor2D;
      const own = Array.from({ length: batch * left * columns }, (_, place) => {
        const image = Math.floor(place / (left * columns));
        return (image * rows + ahead) * columns + (place % (left * columns));
      });
      const scores = tf.matMul<tf.Tensor2D>(told, targets, false, true);
      return tf.mean(sparseSoftmaxCrossEntropy(scores, tf.tensor1d(own, 'int32')));
    });
    return tf.addN(losses) as tf.Scalar;
  }
}
