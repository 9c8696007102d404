import { describe, expect, it } from 'vitest';
import { minimize } from './l-bfgs.js';
import type { Objective } from './l-bfgs.js';
import { strongWolfe } from './strong-wolfe.js';

/** An objective from a function and its gradient. */
function objective(
  start: number[],
  value: (x: Float64Array) => number,
  gradient: (x: Float64Array) => number[],
): Objective & { x: Float64Array } {
  let direction = new Float64Array(0);
  return {
    x: Float64Array.from(start),
    size: start.length,
    evaluate(target) {
      target.set(gradient(this.x));
      return value(this.x);
    },
    along(along) {
      direction = Float64Array.from(along);
      return (step) => {
        const point = this.x.map((component, i) => component + step * direction[i]!);
        return {
          value: value(point),
          slope: gradient(point).reduce((sum, component, i) => sum + component * direction[i]!, 0),
        };
      };
    },
    advance(step) {
      this.x = this.x.map((component, i) => component + step * direction[i]!);
    },
  };
}

describe('minimize', () => {
  const options = { maxIterations: 200, gradientTolerance: 1e-9, memory: 10 };

  it('walks down the Rosenbrock valley', () => {
    const problem = objective(
      [-1.2, 1],
      ([a, b]) => (1 - a!) ** 2 + 100 * (b! - a! * a!) ** 2,
      ([a, b]) => [-2 * (1 - a!) - 400 * a! * (b! - a! * a!), 200 * (b! - a! * a!)],
    );
    const result = minimize(problem, options);
    expect(problem.x[0]).toBeCloseTo(1, 8);
    expect(problem.x[1]).toBeCloseTo(1, 8);
    expect(result.iterations).toBeLessThan(60);
  });

  it('solves a badly scaled quadratic', () => {
    const scales = [1e-3, 1, 1e3];
    const problem = objective(
      [1, 1, 1],
      (x) => x.reduce((sum, component, i) => sum + scales[i]! * (component - i) ** 2, 0),
      (x) => Array.from(x, (component, i) => 2 * scales[i]! * (component - i)),
    );
    expect(minimize(problem, options).gradientNorm).toBeLessThan(1e-9);
    problem.x.forEach((component, i) => expect(component).toBeCloseTo(i, 5));
  });

  it('stops at the iteration limit and says so', () => {
    const problem = objective(
      [100],
      ([a]) => a! ** 4,
      ([a]) => [4 * a! ** 3],
    );
    const result = minimize(problem, { ...options, maxIterations: 2 });
    expect(result.iterations).toBe(2);
    expect(result.gradientNorm).toBeGreaterThan(1e-9);
  });
});

describe('strongWolfe', () => {
  it.each([1e-3, 0.1, 1, 10, 1e3])('meets both conditions from a first step of %s', (first) => {
    // Moré and Thuente's first test function: -t / (t^2 + 2).
    const line = (t: number): { value: number; slope: number } => ({
      value: -t / (t * t + 2),
      slope: (t * t - 2) / (t * t + 2) ** 2,
    });
    const start = line(0);
    const step = strongWolfe(line, start, first);
    const end = line(step);
    expect(end.value).toBeLessThanOrEqual(start.value + 1e-4 * step * start.slope);
    expect(Math.abs(end.slope)).toBeLessThanOrEqual(0.9 * Math.abs(start.slope));
  });

  it('steps back from infinity', () => {
    const line = (t: number): { value: number; slope: number } =>
      t < 1 ? { value: -Math.log(1 - t) - 2 * t, slope: 1 / (1 - t) - 2 } : { value: NaN, slope: NaN };
    const step = strongWolfe(line, line(0), 4);
    expect(step).toBeGreaterThan(0);
    expect(line(step).value).toBeLessThan(0);
  });
});
