import { readGoldens, type LossCase } from './cases.js';

type Name =
  | 'softTargetCrossEntropy'
  | 'fixMatch'
  | 'sigmoidFocal'
  | 'softmaxFocal'
  | 'dice'
  | 'generalizedDice'
  | 'diceCrossEntropy'
  | 'distillation'
  | 'decoupledDistillation'
  | 'featureDistillation'
  | 'attentionTransfer'
  | 'similarityPreserving'
  | 'relationalDistillation'
  | 'seedDistillation'
  | 'mixedCrossEntropy';

/** Made by generate_transfer.py in float64. */
export const transfer = readGoldens<Readonly<Record<Name, readonly LossCase[]>>>('transfer.json');
