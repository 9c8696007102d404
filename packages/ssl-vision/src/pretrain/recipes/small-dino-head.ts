import type { RunFacts } from './recipe.js';

/** Prototypes and widths for small encoders: the papers' are for ImageNet. */
export const smallDinoHead = { hiddenDim: 512, bottleneckDim: 128, outDim: 1024 } as const;

/** Time constants of a run, for a teacher of constant momentum: 0.99 for 2,000 steps. */
const timeConstants = 20;
/** Of short runs: at 0.9 the loss of 200 steps rose above that of a uniform guess. */
const fastest = 0.99;

/** Momentum of a teacher at the start of a run: the papers' are for a hundred thousand steps and more. */
export const teacherMomentum = ({ epochs, stepsPerEpoch }: RunFacts, paper: number): number =>
  Math.min(paper, Math.max(fastest, Number((1 - timeConstants / (epochs * stepsPerEpoch)).toFixed(4))));
