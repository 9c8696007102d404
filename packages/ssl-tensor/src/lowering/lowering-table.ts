import { convRules } from './conv.js';
import { countingRules } from './counting.js';
import { creationRules } from './creation.js';
import { einsumRules } from './einsum.js';
import { elementwiseRules } from './elementwise.js';
import { gatherRules } from './gather.js';
import { imageRules } from './image.js';
import { matMulRules } from './matmul.js';
import { morphologyRules } from './morphology.js';
import { normalizationRules } from './normalization.js';
import { ownKernelRules } from './own-kernels.js';
import { poolRules } from './pool.js';
import { reductionRules } from './reduction.js';
import type { Rule } from './rule.js';
import { segmentRules } from './segment.js';
import { shapeRules } from './shape.js';
import { volumeRules } from './volume.js';

/** The rule of every kernel that compile() lowers, by TF.js kernel name. */
export const loweringTable: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...convRules,
    ...countingRules,
    ...creationRules,
    ...einsumRules,
    ...elementwiseRules,
    ...gatherRules,
    ...imageRules,
    ...matMulRules,
    ...morphologyRules,
    ...normalizationRules,
    ...ownKernelRules,
    ...poolRules,
    ...reductionRules,
    ...segmentRules,
    ...shapeRules,
    ...volumeRules,
  }),
);
