import { readGoldens, type CaseArray, type LossCase } from './cases.js';

interface Labels {
  readonly electraLoss: readonly (LossCase & { readonly terms: readonly [number, number] })[];
  readonly mixedTargets: readonly LossCase[];
  readonly pseudoLabels: readonly {
    readonly logits: CaseArray;
    readonly threshold: number | CaseArray;
    readonly average: CaseArray | null;
    readonly target: CaseArray | null;
    readonly labels: CaseArray;
    readonly probabilities: CaseArray;
    readonly selected: CaseArray;
  }[];
}

/** Made by generate_labels.py in float64. */
export const labelGoldens = readGoldens<Labels>('labels.json');
