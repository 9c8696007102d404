import { readGoldens, type LossCase } from './cases.js';

type Name =
  | 'maskedPatchMSE'
  | 'maskedL1'
  | 'visualTokenCrossEntropy'
  | 'nextTokenCrossEntropy'
  | 'meanSquaredError'
  | 'binaryCrossEntropy'
  | 'replacedTokenDetection';

/** Made by generate_reconstruction.py in float64. */
export const reconstruction = readGoldens<Readonly<Record<Name, readonly LossCase[]>>>('reconstruction.json');
