/** Two axes of a parameter, the first before the second. */
export type AxisPair = readonly [number, number];

/**
 * Axes over which a second moment is kept as a product of rows and columns: height and width of a filter, which lies
 * here as `[height, width, in, out]`, and the last two of everything else. These are the last two axes of the reference's
 * layouts. Undefined for vectors and scalars.
 */
export function factoredAxes(shape: readonly number[]): AxisPair | undefined {
  if (shape.length < 2) return undefined;
  return shape.length === 4 ? [0, 1] : [shape.length - 2, shape.length - 1];
}

/** The shape without an axis. */
export const withoutAxis = (shape: readonly number[], axis: number): readonly number[] =>
  shape.filter((_, index) => index !== axis);
