import { readGoldens, type CaseArray, type LossCase } from './cases.js';

interface Structure {
  readonly dse: readonly (LossCase & { readonly images: CaseArray; readonly groups: CaseArray[] })[];
}

/** Made by generate_structure.py in float64. */
export const structure = readGoldens<Structure>('structure.json');
