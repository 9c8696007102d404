import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

import { convRules } from '../../packages/ssl-tensor/src/lowering/conv.js';
import { countingRules } from '../../packages/ssl-tensor/src/lowering/counting.js';
import { creationRules } from '../../packages/ssl-tensor/src/lowering/creation.js';
import { einsumRules } from '../../packages/ssl-tensor/src/lowering/einsum.js';
import { elementwiseRules } from '../../packages/ssl-tensor/src/lowering/elementwise.js';
import { gatherRules } from '../../packages/ssl-tensor/src/lowering/gather.js';
import { imageRules } from '../../packages/ssl-tensor/src/lowering/image.js';
import { loweringTable } from '../../packages/ssl-tensor/src/lowering/lowering-table.js';
import { matMulRules } from '../../packages/ssl-tensor/src/lowering/matmul.js';
import { morphologyRules } from '../../packages/ssl-tensor/src/lowering/morphology.js';
import { normalizationRules } from '../../packages/ssl-tensor/src/lowering/normalization.js';
import { ownKernelRules } from '../../packages/ssl-tensor/src/lowering/own-kernels.js';
import { poolRules } from '../../packages/ssl-tensor/src/lowering/pool.js';
import { reductionRules } from '../../packages/ssl-tensor/src/lowering/reduction.js';
import type { RuleTable } from '../../packages/ssl-tensor/src/lowering/rule.js';
import { segmentRules } from '../../packages/ssl-tensor/src/lowering/segment.js';
import { shapeRules } from '../../packages/ssl-tensor/src/lowering/shape.js';
import { volumeRules } from '../../packages/ssl-tensor/src/lowering/volume.js';

/** Rules by the file in packages/ssl-tensor/src/lowering that holds them. */
export const kernelFamilies: Readonly<Record<string, RuleTable>> = {
  conv: convRules,
  counting: countingRules,
  creation: creationRules,
  einsum: einsumRules,
  elementwise: elementwiseRules,
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
};

/** Why a kernel is refused, and which kernels that holds for. */
const refusals: readonly (readonly [reason: string, kernels: readonly string[]])[] = [
  ['Complex numbers have no element type in the graph', ['Complex', 'ComplexAbs', 'FFT', 'IFFT', 'Imag', 'Real']],
  [
    'The shape of its result depends on values',
    [
      'NonMaxSuppressionV3',
      'NonMaxSuppressionV4',
      'NonMaxSuppressionV5',
      'RaggedGather',
      'RaggedRange',
      'RaggedTensorToTensor',
      'SparseFillEmptyRows',
      'SparseReshape',
      'Unique',
    ],
  ],
  [
    'Strings have no element type in the graph',
    ['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'],
  ],
  ['Draws host randomness; use `randomUniform(key, shape)`', ['Multinomial']],
  ['Draws on a canvas', ['Draw']],
];

/** Reason by refused kernel. */
export const refusedKernels: ReadonlyMap<string, string> = new Map(
  refusals.flatMap(([reason, kernels]) => kernels.map((kernel) => [kernel, reason] as const)),
);

/** Kernels that TF.js registers for its CPU backend. */
export function cpuKernels(): string[] {
  return tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
}

/** Contents of docs/kernels.md. */
export function kernelTable(): string {
  const familyOf = new Map(
    Object.entries(kernelFamilies).flatMap(([family, rules]) =>
      Object.keys(rules).map((kernel) => [kernel, family] as const),
    ),
  );
  const eager = new Set(cpuKernels());
  const kernels = [...new Set([...eager, ...loweringTable.keys()])].toSorted((a, b) => (a < b ? -1 : 1));
  const rows = kernels.map((kernel) => {
    const family = familyOf.get(kernel);
    if (family === undefined) return `| ${kernel} | refused | ${refusedKernels.get(kernel) ?? ''} |`;
    return `| ${kernel} | lowered | \`${family}.ts\`${eager.has(kernel) ? '' : ', a kernel of our own'} |`;
  });
  const lowered = kernels.filter((kernel) => loweringTable.has(kernel)).length;
  return [
    '# Kernels',
    '',
    "What `compile()` makes of each kernel of TF.js's CPU backend. A lowered kernel has a rule in",
    '`packages/ssl-tensor/src/lowering`; a refused one throws `UnsupportedOpError` inside a compiled function, except on',
    'constants, which are computed while tracing. Written by `npx tsx --conditions=ssl-source tools/kernel-table.ts`; a test',
    'fails when it is out of date.',
    '',
    `${lowered} lowered, ${kernels.length - lowered} refused.`,
    '',
    '| kernel | in `compile()` | rule, or why not |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
