/**
 * One step of negative sampling for a hidden vector `h` and output rows `u_k`, the first of which is the word that is there:
 * with `g_k = rate ((k = 0 ? 1 : 0) - sigmoid(h . u_k))`, `error = sum_k g_k u_k`, then `u_k += g_k h`, one after the other as
 * in word2vec.c, so that a word drawn twice counts with what it has become. `h` itself is left to the caller.
 *
 * @param hidden holds `h` at `[at, at + dim)`
 * @param outputs `[words, dim]`, changed
 * @param targets the first `count` are numbers of rows
 * @param error `[dim]`, overwritten
 * Source: Mikolov et al. 2013, arXiv 1310.4546, equation 4; word2vec.c.
 */
export function sampledUpdate(
  hidden: Float32Array,
  at: number,
  outputs: Float32Array,
  targets: Int32Array,
  count: number,
  dim: number,
  rate: number,
  error: Float32Array,
): void {
  error.fill(0);
  // Four sums, so that the processor need not wait for one.
  const whole = dim - (dim % 4);
  for (let k = 0; k < count; k++) {
    const row = targets[k]! * dim;
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < whole; i += 4) {
      a += hidden[at + i]! * outputs[row + i]!;
      b += hidden[at + i + 1]! * outputs[row + i + 1]!;
      c += hidden[at + i + 2]! * outputs[row + i + 2]!;
      d += hidden[at + i + 3]! * outputs[row + i + 3]!;
    }
    for (let i = whole; i < dim; i++) a += hidden[at + i]! * outputs[row + i]!;
    const g = rate * ((k === 0 ? 1 : 0) - 1 / (1 + Math.exp(-(a + b + c + d))));
    for (let i = 0; i < dim; i++) {
      const output = outputs[row + i]!;
      error[i]! += g * output;
      outputs[row + i] = output + g * hidden[at + i]!;
    }
  }
}
