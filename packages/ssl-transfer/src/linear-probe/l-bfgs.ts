import { strongWolfe } from './strong-wolfe.js';
import type { LinePoint } from './strong-wolfe.js';

/** A smooth function with a current point, which it owns. Float64 throughout. */
export interface Objective {
  /** Number of unknowns. */
  readonly size: number;
  /** Value at the current point; writes the gradient. */
  evaluate(gradient: Float64Array): number;
  /** The function along `direction` from the current point. */
  along(direction: Float64Array): (step: number) => LinePoint;
  /** Moves the current point by `step` times the direction last given to `along`. */
  advance(step: number): void;
}

/** Options of {@link minimize}. */
export interface LbfgsOptions {
  readonly maxIterations: number;
  /** Stop when the Euclidean norm of the gradient falls to this. */
  readonly gradientTolerance: number;
  /** Number of curvature pairs kept. */
  readonly memory: number;
}

/** Result of {@link minimize}; the minimiser is the objective's current point. */
export interface LbfgsResult {
  readonly value: number;
  readonly gradientNorm: number;
  readonly iterations: number;
}

/**
 * Minimises by L-BFGS with a strong Wolfe line search.
 *
 * Source: Liu and Nocedal 1989; Nocedal and Wright (2006), algorithms 7.4 and 7.5, initial scaling (7.20).
 */
export function minimize(
  objective: Objective,
  { maxIterations, gradientTolerance, memory }: LbfgsOptions,
): LbfgsResult {
  let gradient = new Float64Array(objective.size);
  let nextGradient = new Float64Array(objective.size);
  let value = objective.evaluate(gradient);
  let pairs: CurvaturePair[] = [];
  let iterations = 0;
  for (; iterations < maxIterations && norm(gradient) > gradientTolerance; iterations++) {
    const direction = quasiNewtonDirection(gradient, pairs);
    const slope = dot(gradient, direction);
    const firstStep = pairs.length === 0 ? Math.min(1, 1 / norm(gradient)) : 1;
    const step = slope < 0 ? strongWolfe(objective.along(direction), { value, slope }, firstStep) : 0;
    if (step === 0) {
      // Steepest descent once more without the memory; if even that finds nothing, float64 is exhausted.
      if (pairs.length === 0) break;
      pairs = [];
      continue;
    }
    objective.advance(step);
    value = objective.evaluate(nextGradient);
    const move = direction.map((component) => step * component);
    const change = nextGradient.map((component, i) => component - gradient[i]!);
    const curvature = dot(move, change);
    if (curvature > 0) {
      pairs.push({ move, change, curvature });
      if (pairs.length > memory) pairs.shift();
    }
    [gradient, nextGradient] = [nextGradient, gradient];
  }
  return { value, gradientNorm: norm(gradient), iterations };
}

interface CurvaturePair {
  readonly move: Float64Array;
  readonly change: Float64Array;
  /** `move . change`, positive. */
  readonly curvature: number;
}

/** `-H g` by the two-loop recursion. */
function quasiNewtonDirection(gradient: Float64Array, pairs: readonly CurvaturePair[]): Float64Array {
  const direction = gradient.map((component) => -component);
  const weights = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { move, change, curvature } = pairs[i]!;
    weights[i] = dot(move, direction) / curvature;
    addScaled(direction, -weights[i]!, change);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] = direction[i]! * scale;
  }
  pairs.forEach(({ move, change, curvature }, i) =>
    addScaled(direction, weights[i]! - dot(change, direction) / curvature, move),
  );
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function addScaled(target: Float64Array, scale: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + scale * source[i]!;
}
