/** Value and directional derivative of the objective at one step length. */
export interface LinePoint {
  readonly value: number;
  readonly slope: number;
}

/** Sufficient decrease and curvature constants, Nocedal and Wright, section 3.1, for quasi-Newton directions. */
const sufficientDecrease = 1e-4;
const curvature = 0.9;
const maxEvaluations = 30;

/**
 * A step length that meets the strong Wolfe conditions
 * `f(t) <= f(0) + c1 t f'(0)` and `|f'(t)| <= c2 |f'(0)|`, c1 = 1e-4, c2 = 0.9.
 *
 * @param line the objective along a descent direction
 * @param start its value and slope (negative) at 0
 * @param firstStep step to try first
 * @returns the step, or the best one seen that lowers the value, or 0 where none does (rounding has won)
 * Source: Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6, cubic interpolation (3.59).
 */
export function strongWolfe(line: (step: number) => LinePoint, start: LinePoint, firstStep: number): number {
  const decreases = (step: number, point: LinePoint): boolean =>
    point.value <= start.value + sufficientDecrease * step * start.slope;
  const flat = (point: LinePoint): boolean => Math.abs(point.slope) <= -curvature * start.slope;

  let low = { step: 0, ...start };
  let high = low;
  let step = firstStep;
  let bracketed = false;
  for (let evaluation = 0; evaluation < maxEvaluations; evaluation++) {
    const point = line(step);
    if (!Number.isFinite(point.value) || !decreases(step, point) || (point.value >= low.value && low.step > 0)) {
      high = { step, ...point };
      bracketed = true;
    } else {
      if (flat(point)) return step;
      const risesTowardsHigh = bracketed ? point.slope * (high.step - low.step) >= 0 : point.slope >= 0;
      if (risesTowardsHigh) {
        high = low;
        bracketed = true;
      }
      low = { step, ...point };
    }
    step = bracketed ? interpolate(low, high) : 2 * step;
    if (bracketed && Math.abs(high.step - low.step) <= 1e-14 * Math.max(1, Math.abs(low.step))) break;
  }
  return low.step;
}

/** Minimum of the cubic through two points and their slopes, kept away from the ends; bisection where it has none. */
function interpolate(a: LinePoint & { step: number }, b: LinePoint & { step: number }): number {
  const left = Math.min(a.step, b.step);
  const width = Math.abs(b.step - a.step);
  const middle = left + width / 2;
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.step - b.step);
  const discriminant = d1 * d1 - a.slope * b.slope;
  if (!(discriminant >= 0)) return middle;
  const d2 = Math.sign(b.step - a.step) * Math.sqrt(discriminant);
  const cubic = b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2));
  if (!Number.isFinite(cubic)) return middle;
  return Math.min(Math.max(cubic, left + 0.1 * width), left + 0.9 * width);
}
