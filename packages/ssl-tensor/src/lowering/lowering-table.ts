import { convRules } from './conv.js';
import { creationRules } from './creation.js';
import { elementwiseRules } from './elementwise.js';
import { gatherRules } from './gather.js';
import { matMulRules } from './matmul.js';
import { normalizationRules } from './normalization.js';
import { ownKernelRules } from './own-kernels.js';
import { poolRules } from './pool.js';
import { reductionRules } from './reduction.js';
import type { Rule } from './rule.js';
import { shapeRules } from './shape.js';

/** The rule of every kernel that compile() lowers, by TF.js kernel name. */
export const loweringTable: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...convRules,
    ...creationRules,
    ...elementwiseRules,
    ...gatherRules,
    ...matMulRules,
    ...normalizationRules,
    ...ownKernelRules,
    ...poolRules,
    ...reductionRules,
    ...shapeRules,
  }),
);
