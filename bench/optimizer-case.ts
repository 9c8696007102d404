import { InvalidOptionError } from '@selfsup/ssl-core';
import { AdamW, Lars, type Optimizer, type ParameterGroup } from '@selfsup/ssl-train';

/** An optimiser with the settings that its peer has. */
interface OptimizerCase {
  readonly make: (groups: readonly ParameterGroup[]) => Optimizer;
  readonly learningRate: number;
}

const cases: Readonly<Record<string, OptimizerCase>> = {
  adamw: { make: (groups) => new AdamW(groups, { weightDecay: 0.05 }), learningRate: 1e-3 },
  lars: { make: (groups) => new Lars(groups, { weightDecay: 1e-4 }), learningRate: 1 },
};

/** The optimiser that the script's first argument names; AdamW without one. */
export function optimizerCase(): OptimizerCase {
  const name = process.argv[2] ?? 'adamw';
  const found = cases[name];
  if (found === undefined) throw new InvalidOptionError('bench', 'optimiser', Object.keys(cases).join(' or '), name);
  return found;
}
