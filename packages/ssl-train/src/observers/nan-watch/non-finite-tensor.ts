/** A tensor of a step with values that are no numbers, or infinite. */
export interface NonFiniteTensor {
  /**
   * What it is: an array of the batch; a parameter, buffer or state before the step; the output of a module; the loss; the
   * gradient of a parameter; a parameter, buffer or state after the update.
   */
  readonly kind: 'batch' | 'parameter' | 'buffer' | 'state' | 'output' | 'loss' | 'gradient' | 'update';
  readonly name: string;
  /** Batch of the update that it belongs to, from 0; of the model, 0. */
  readonly part: number;
  /** How many of its values are no numbers. */
  readonly nan: number;
  /** How many are infinite. */
  readonly infinite: number;
  /** How many it has. */
  readonly size: number;
}

/** How many values are no numbers and how many are infinite; nothing where all are finite. */
export function countNonFinite(values: ArrayLike<number>): { nan: number; infinite: number; size: number } | undefined {
  let [nan, infinite] = [0, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    // A finite number less itself is 0, and nothing else is.
    if (value - value === 0) continue;
    if (Number.isNaN(value)) nan++;
    else infinite++;
  }
  return nan + infinite === 0 ? undefined : { nan, infinite, size: values.length };
}
