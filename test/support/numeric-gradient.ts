/** Gradient of a scalar function in float64 by central differences. */
export function numericGradient(f: (x: readonly number[]) => number, x: readonly number[], step = 1e-5): number[] {
  return x.map((_, index) => {
    const moved = (by: number): number => f(x.map((value, position) => (position === index ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}
