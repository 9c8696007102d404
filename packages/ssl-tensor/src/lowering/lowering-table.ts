import { convRules } from './conv.js';
import { countingRules } from './counting.js';
import { creationRules } from './creation.js';
import { einsumRules } from './einsum.js';
import { elementwiseRules } from './elementwise.js';
import { float16Rules } from './float16.js';
import { gatherRules } from './gather.js';
import { imageRules } from './image.js';
import type { KernelName } from './kernel-name.js';
import { matMulRules } from './matmul.js';
import { morphologyRules } from './morphology.js';
import { normalizationRules } from './normalization.js';
import { ownKernelRules } from './own-kernels.js';
import { poolRules } from './pool.js';
import { reductionRules } from './reduction.js';
import { type Refusal, refusals } from './refusals.js';
import type { Rule, RuleTable } from './rule.js';
import { segmentRules } from './segment.js';
import { shapeRules } from './shape.js';
import { volumeRules } from './volume.js';

/** Rules by family: the name of the file here that holds them. */
export const kernelFamilies = {
  conv: convRules,
  counting: countingRules,
  creation: creationRules,
  einsum: einsumRules,
  elementwise: elementwiseRules,
  float16: float16Rules,
  gather: gatherRules,
  image: imageRules,
  matmul: matMulRules,
  morphology: morphologyRules,
  normalization: normalizationRules,
  'own-kernels': ownKernelRules,
  pool: poolRules,
  reduction: reductionRules,
  segment: segmentRules,
  shape: shapeRules,
  volume: volumeRules,
} satisfies Readonly<Record<string, RuleTable>>;

/**
 * What compile() makes of every kernel: its rule, or why it has none. Total by type: a kernel of TF.js or of ours that no
 * family and no refusal names is a type error here, and one that does not exist is a type error where it is named.
 */
const kernels: Readonly<Record<KernelName, Rule | Refusal>> = {
  ...refusals,
  ...convRules,
  ...countingRules,
  ...creationRules,
  ...einsumRules,
  ...elementwiseRules,
  ...float16Rules,
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
};

const entries = Object.entries<Rule | Refusal>(kernels);

/** The rule of every kernel that compile() lowers, by kernel name. */
export const loweringTable: ReadonlyMap<string, Rule> = new Map(
  entries.filter((entry): entry is [string, Rule] => typeof entry[1] === 'function'),
);

/** Why a kernel is not lowered, by kernel name. */
export const refusalTable: ReadonlyMap<string, Refusal> = new Map(
  entries.filter((entry): entry is [string, Refusal] => typeof entry[1] !== 'function'),
);
