import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cpuKernels, kernelFamilies, kernelTable, refusedKernels } from '../../../../test/support/kernel-table.js';
import { loweringTable } from './lowering-table.js';

const folder = import.meta.dirname;

it('holds the rules of every family, and no kernel twice', () => {
  const kernels = Object.values(kernelFamilies).flatMap((rules) => Object.keys(rules));
  expect(kernels.toSorted()).toEqual([...loweringTable.keys()].toSorted());
  expect(new Set(kernels).size).toBe(kernels.length);
});

it('has a conformance suite for every family, which fails for a rule that no case lowers', () => {
  const families = readdirSync(folder).filter(
    (name) => !name.endsWith('.test.ts') && /: RuleTable = \{/.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(families.toSorted()).toEqual(Object.keys(kernelFamilies).map((family) => `${family}.ts`));
  for (const name of families) {
    const table = /export const (\w+): RuleTable/.exec(readFileSync(join(folder, name), 'utf8'))![1]!;
    expect(readFileSync(join(folder, name.replace('.ts', '.test.ts')), 'utf8')).toMatch(
      new RegExp(`describeConformance\\('[\\w ]+', ${table}, `),
    );
  }
});

it("every kernel of TF.js's CPU backend is lowered or has a reason why not", () => {
  const kernels = cpuKernels();
  expect(kernels.length).toBeGreaterThan(150);
  expect(kernels.filter((kernel) => loweringTable.has(kernel) === refusedKernels.has(kernel))).toEqual([]);
  expect([...refusedKernels.keys()].filter((kernel) => !kernels.includes(kernel))).toEqual([]);
});

it('docs/kernels.md is up to date', () => {
  expect(readFileSync(join(folder, '../../../../docs/kernels.md'), 'utf8')).toBe(kernelTable());
});
