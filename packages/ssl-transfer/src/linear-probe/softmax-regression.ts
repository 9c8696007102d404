import type { Objective } from './l-bfgs.js';
import type { LinePoint } from './strong-wolfe.js';

/**
 * Penalised multinomial logistic regression as an objective for L-BFGS, in float64:
 * `L(W, b) = mean_i(logsumexp(z_i) - z_i[y_i]) + l2 ||W||^2`, `z_i = W x_i + b`, the bias unpenalised.
 *
 * The logits of the current point are kept, so a line search costs one product `X D` and then only
 * `rows x classes` exponentials for each step it tries.
 *
 * Unknowns lie as `[classes, dim]` weights followed by `[classes]` biases; the start is zero.
 */
export class SoftmaxRegression implements Objective {
  readonly size: number;
  /** The current point. */
  readonly unknowns: Float64Array;
  readonly #x: Float64Array;
  readonly #labels: Int32Array;
  readonly #dim: number;
  readonly #classes: number;
  readonly #l2: number;
  readonly #logits: Float64Array;
  readonly #directionLogits: Float64Array;
  /** `(softmax - onehot) / rows`, `[rows, classes]`. */
  readonly #residual: Float64Array;
  #direction: Float64Array = new Float64Array(0);

  /**
   * @param x `[rows, dim]` row-major
   * @param labels `[rows]`, each in `[0, classes)`
   */
  constructor(x: Float64Array, labels: Int32Array, dim: number, classes: number, l2: number) {
    this.#x = x;
    this.#labels = labels;
    this.#dim = dim;
    this.#classes = classes;
    this.#l2 = l2;
    this.size = classes * (dim + 1);
    this.unknowns = new Float64Array(this.size);
    this.#logits = new Float64Array(labels.length * classes);
    this.#directionLogits = new Float64Array(labels.length * classes);
    this.#residual = new Float64Array(labels.length * classes);
  }

  evaluate(gradient: Float64Array): number {
    const rows = this.#labels.length;
    const classes = this.#classes;
    const logits = this.#logits;
    const residual = this.#residual;
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      const start = i * classes;
      let largest = -Infinity;
      for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c]!);
      let sum = 0;
      for (let c = 0; c < classes; c++) {
        const exponential = Math.exp(logits[start + c]! - largest);
        residual[start + c] = exponential;
        sum += exponential;
      }
      for (let c = 0; c < classes; c++) residual[start + c] = residual[start + c]! / (sum * rows);
      const label = this.#labels[i]!;
      residual[start + label] = residual[start + label]! - 1 / rows;
      loss += largest + Math.log(sum) - logits[start + label]!;
    }
    const weights = classes * this.#dim;
    let squares = 0;
    for (let j = 0; j < weights; j++) {
      squares += this.unknowns[j]! ** 2;
      gradient[j] = 2 * this.#l2 * this.unknowns[j]!;
    }
    addGradient(this.#x, residual, rows, this.#dim, classes, gradient);
    return loss / rows + this.#l2 * squares;
  }

  along(direction: Float64Array): (step: number) => LinePoint {
    const rows = this.#labels.length;
    const classes = this.#classes;
    const logits = this.#logits;
    const change = this.#directionLogits;
    this.#direction = direction;
    linearLogits(this.#x, direction, rows, this.#dim, classes, change);
    let squares = 0;
    let cross = 0;
    let directionSquares = 0;
    for (let j = 0; j < classes * this.#dim; j++) {
      squares += this.unknowns[j]! ** 2;
      cross += this.unknowns[j]! * direction[j]!;
      directionSquares += direction[j]! ** 2;
    }
    return (step) => {
      let loss = 0;
      let slope = 0;
      for (let i = 0; i < rows; i++) {
        const start = i * classes;
        let largest = -Infinity;
        for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c]! + step * change[start + c]!);
        let sum = 0;
        let weighted = 0;
        for (let c = 0; c < classes; c++) {
          const exponential = Math.exp(logits[start + c]! + step * change[start + c]! - largest);
          sum += exponential;
          weighted += exponential * change[start + c]!;
        }
        const own = start + this.#labels[i]!;
        loss += largest + Math.log(sum) - (logits[own]! + step * change[own]!);
        slope += weighted / sum - change[own]!;
      }
      return {
        value: loss / rows + this.#l2 * (squares + 2 * step * cross + step * step * directionSquares),
        slope: slope / rows + 2 * this.#l2 * (cross + step * directionSquares),
      };
    };
  }

  advance(step: number): void {
    for (let j = 0; j < this.size; j++) this.unknowns[j] = this.unknowns[j]! + step * this.#direction[j]!;
    for (let j = 0; j < this.#logits.length; j++) this.#logits[j] = this.#logits[j]! + step * this.#directionLogits[j]!;
  }
}

/**
 * `z[rows, classes] = x w^T + b`, in tiles of 4 rows x 2 classes so that each load serves several products. A tile
 * over the edge repeats the last row or class, which writes the same value twice.
 */
export function linearLogits(
  x: Float64Array,
  unknowns: Float64Array,
  rows: number,
  dim: number,
  classes: number,
  z: Float64Array,
): void {
  for (let i = 0; i < rows; i += 4) {
    const i1 = Math.min(i + 1, rows - 1);
    const i2 = Math.min(i + 2, rows - 1);
    const i3 = Math.min(i + 3, rows - 1);
    for (let a = 0; a < classes; a += 2) {
      const b = Math.min(a + 1, classes - 1);
      let a0 = unknowns[classes * dim + a]!;
      let b0 = unknowns[classes * dim + b]!;
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b1 = b0;
      let b2 = b0;
      let b3 = b0;
      for (let j = 0; j < dim; j++) {
        const wa = unknowns[a * dim + j]!;
        const wb = unknowns[b * dim + j]!;
        const x0 = x[i * dim + j]!;
        const x1 = x[i1 * dim + j]!;
        const x2 = x[i2 * dim + j]!;
        const x3 = x[i3 * dim + j]!;
        a0 += wa * x0;
        a1 += wa * x1;
        a2 += wa * x2;
        a3 += wa * x3;
        b0 += wb * x0;
        b1 += wb * x1;
        b2 += wb * x2;
        b3 += wb * x3;
      }
      z[i * classes + a] = a0;
      z[i1 * classes + a] = a1;
      z[i2 * classes + a] = a2;
      z[i3 * classes + a] = a3;
      z[i * classes + b] = b0;
      z[i1 * classes + b] = b1;
      z[i2 * classes + b] = b2;
      z[i3 * classes + b] = b3;
    }
  }
}

/**
 * Adds `r x` to the weights' gradient `[classes, dim]` and sets the biases' to the sums of `r` `[rows, classes]`.
 * Tiles as in {@link linearLogits}; what a tile repeats counts as zero.
 */
function addGradient(
  x: Float64Array,
  r: Float64Array,
  rows: number,
  dim: number,
  classes: number,
  gradient: Float64Array,
): void {
  gradient.fill(0, classes * dim);
  for (let i = 0; i < rows; i += 4) {
    const i1 = Math.min(i + 1, rows - 1);
    const i2 = Math.min(i + 2, rows - 1);
    const i3 = Math.min(i + 3, rows - 1);
    const residual = (row: number, c: number): number => (row < rows && c < classes ? r[row * classes + c]! : 0);
    for (let a = 0; a < classes; a += 2) {
      const b = Math.min(a + 1, classes - 1);
      const a0 = residual(i, a);
      const a1 = residual(i + 1, a);
      const a2 = residual(i + 2, a);
      const a3 = residual(i + 3, a);
      const b0 = residual(i, a + 1);
      const b1 = residual(i + 1, a + 1);
      const b2 = residual(i + 2, a + 1);
      const b3 = residual(i + 3, a + 1);
      for (let j = 0; j < dim; j++) {
        const x0 = x[i * dim + j]!;
        const x1 = x[i1 * dim + j]!;
        const x2 = x[i2 * dim + j]!;
        const x3 = x[i3 * dim + j]!;
        gradient[a * dim + j] = gradient[a * dim + j]! + a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3;
        gradient[b * dim + j] = gradient[b * dim + j]! + b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3;
      }
      const biasA = classes * dim + a;
      gradient[biasA] = gradient[biasA]! + a0 + a1 + a2 + a3;
      const biasB = classes * dim + b;
      gradient[biasB] = gradient[biasB]! + b0 + b1 + b2 + b3;
    }
  }
}
