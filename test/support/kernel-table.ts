import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

import { kernelFamilies, loweringTable, refusalTable } from '../../packages/ssl-tensor/src/lowering/lowering-table.js';

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
  const kernels = [...loweringTable.keys(), ...refusalTable.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  const rows = kernels.map((kernel) => {
    const refusal = refusalTable.get(kernel);
    if (refusal !== undefined) return `| ${kernel} | ${refusal.kind} | ${refusal.reason} |`;
    return `| ${kernel} | lowered | \`${familyOf.get(kernel)}.ts\`${kernel.startsWith('Ssl') ? ', a kernel of our own' : ''} |`;
  });
  const composed = [...refusalTable.values()].filter(({ kind }) => kind === 'composed').length;
  return [
    '# Kernels',
    '',
    'What `compile()` makes of each kernel of TF.js. A lowered kernel has a rule in `packages/ssl-tensor/src/lowering`; a',
    'composed one is never called, because TF.js computes the op with other kernels; a refused one throws',
    '`UnsupportedOpError` inside a compiled function, except on constants, which are computed while tracing. The table is',
    "`lowering-table.ts` there, total by type over tfjs-core's kernel names. Written by",
    '`npx tsx --conditions=ssl-source tools/kernel-table.ts`; a test fails when it is out of date.',
    '',
    `${loweringTable.size} lowered, ${composed} composed, ${refusalTable.size - composed} refused.`,
    '',
    '| kernel | in `compile()` | rule, or why not |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
