import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { cpuKernels, kernelTable } from '../../../../test/support/kernel-table.js';
import { compile } from '../compile/compile.js';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import { runOwnKernel } from '../ops/run-own-kernel.js';
import type { KernelName, TfjsKernelName } from './kernel-name.js';
import { kernelFamilies, loweringTable, refusalTable } from './lowering-table.js';
import { type Refusal, refusals } from './refusals.js';
import type { Rule, RuleTable } from './rule.js';

const folder = import.meta.dirname;

it('holds the rules of every family, and no kernel twice', () => {
  const kernels = [...Object.values(kernelFamilies).flatMap((rules) => Object.keys(rules)), ...Object.keys(refusals)];
  expect(kernels.toSorted()).toEqual([...loweringTable.keys(), ...refusalTable.keys()].toSorted());
  expect(new Set(kernels).size).toBe(kernels.length);
});

it('has a conformance suite for every family, which fails for a rule that no case lowers', () => {
  const families = readdirSync(folder).filter(
    (name) => !name.endsWith('.test.ts') && /^\} satisfies RuleTable;/m.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(families.toSorted()).toEqual(Object.keys(kernelFamilies).map((family) => `${family}.ts`));
  for (const name of families) {
    const table = /export const (\w+Rules) = /.exec(readFileSync(join(folder, name), 'utf8'))![1]!;
    expect(readFileSync(join(folder, name.replace('.ts', '.test.ts')), 'utf8')).toMatch(
      new RegExp(`describeConformance\\('[\\w ]+', ${table}, `),
    );
  }
});

it("knows every kernel of TF.js's CPU backend, and every name of tfjs-core's", () => {
  const known = [...loweringTable.keys(), ...refusalTable.keys()];
  expect(cpuKernels().length).toBeGreaterThan(150);
  expect(cpuKernels().filter((kernel) => !known.includes(kernel))).toEqual([]);
  // A kernel's name is the one kind of constant that is called what it holds.
  const named = Object.entries(tf).flatMap(([name, value]) => (value === name ? [name] : []));
  expect(named.length).toBeGreaterThan(150);
  expect(known.filter((kernel) => !kernel.startsWith('Ssl')).toSorted()).toEqual(named.toSorted());
});

it('is total by type: unknown kernels and missing ones do not compile', () => {
  const rule: Rule = (builder) => builder.scalar(0);
  const family: RuleTable = {
    Add: rule,
    // @ts-expect-error -- no kernel of TF.js or of ours
    Addd: rule,
  };
  type Rest = Exclude<keyof typeof refusals, 'Unique'>;
  const rest = refusals as Readonly<Record<Rest, Refusal>>;
  type Lowered = Exclude<KernelName, keyof typeof refusals>;
  const lowered = Object.fromEntries(loweringTable) as Readonly<Record<Lowered, Rule>>;
  const whole: Readonly<Record<KernelName, Rule | Refusal>> = { ...rest, ...lowered, Unique: rule };
  // @ts-expect-error -- nothing says what becomes of Unique
  const missing: Readonly<Record<KernelName, Rule | Refusal>> = { ...rest, ...lowered };
  // @ts-expect-error -- a kernel of ours, not of TF.js
  const foreign: TfjsKernelName = 'SslGelu';
  // @ts-expect-error -- misspelt: the table has SslGelu
  const misspelt = (): tf.Tensor => runOwnKernel('SslGellu', {});
  expect([family.Add, whole.Unique, missing.Unique, foreign, typeof misspelt]).toEqual([
    rule,
    rule,
    refusals.Unique,
    'SslGelu',
    'function',
  ]);
});

it('tells the user why a kernel is refused, and what to do', async () => {
  const error = await compile((x: tf.Tensor1D) => tf.unique(x).values)(tf.tensor1d([1, 1])).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UnsupportedOpError);
  expect((error as UnsupportedOpError).op).toBe('Unique');
  expect((error as UnsupportedOpError).message).toContain(refusals.Unique.reason);
  expect((error as UnsupportedOpError).message).toContain(refusals.Unique.wayOut);
});

it('tells the user which kernel nobody knows, and where it was called', async () => {
  const error = await compile((x: tf.Tensor1D) => tf.engine().runKernel<tf.Tensor>('Fresnel', { x }))(
    tf.ones([1]),
  ).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnsupportedOpError);
  expect((error as UnsupportedOpError).op).toBe('Fresnel');
  expect((error as UnsupportedOpError).userLine).toMatch(/lowering-table\.test\.ts:\d+:\d+$/);
});

it('docs/kernels.md is up to date', () => {
  expect(readFileSync(join(folder, '../../../../docs/kernels.md'), 'utf8')).toBe(kernelTable());
});
