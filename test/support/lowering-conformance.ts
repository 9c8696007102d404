import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';

import { compile } from '../../packages/ssl-tensor/src/compile/compile.js';
import { loweringTable } from '../../packages/ssl-tensor/src/lowering/lowering-table.js';
import type { Rule, RuleTable } from '../../packages/ssl-tensor/src/lowering/rule.js';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { reasonsToSkip } from '../devices/choose-cases.js';
import { deviceUnderTest } from '../devices/exclusions.js';
import './to-be-all-close.js';

/** One argument of a case; drawn from the case's own random stream. */
export interface Operand {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly draw: (stream: RandomStream, index: number) => number;
}

/** Float operand, uniform in `[low, high)`. */
export function floats(shape: readonly number[], low = -2, high = 2): Operand {
  return { shape, dtype: 'float32', draw: (stream) => stream.uniform(low, high) };
}

/** Integer operand, uniform in `low .. high - 1`. */
export function ints(shape: readonly number[], low = -5, high = 6): Operand {
  return { shape, dtype: 'int32', draw: (stream) => low + stream.integer(high - low) };
}

/** Boolean operand, true half of the time. */
export function bools(shape: readonly number[]): Operand {
  return { shape, dtype: 'bool', draw: (stream) => Number(stream.bernoulli(0.5)) };
}

/** Operand with these elements. */
export function exactly(
  values: readonly number[],
  shape: readonly number[] = [values.length],
  dtype: Operand['dtype'] = 'float32',
): Operand {
  return { shape, dtype, draw: (_, index) => values[index]! };
}

/** Floats of every kind that TF.js and the runtime should agree on. */
export const specialFloats = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  100,
  -100,
  1e30,
  -1e30,
  1e-30,
] as const;

/** A computation that must give the same eagerly on TF.js's CPU backend and compiled. */
export interface ConformanceCase {
  readonly name: string;
  readonly inputs: readonly Operand[];
  /** Parameters are typed `never`, which every TF.js op accepts. */
  readonly run: (...inputs: never[]) => tf.Tensor | tf.Tensor[];
  /** Compare gradients with respect to the float operands too. Default: true. */
  readonly gradient: boolean;
  readonly rtol: number;
  readonly atol: number;
  /** Tolerance as a fraction of the largest element: sums of many products. */
  readonly scaled: number;
}

/** Values and gradients agree. */
export function agrees(
  name: string,
  inputs: readonly Operand[],
  run: ConformanceCase['run'],
  { gradient = true, rtol = 1e-5, atol = 1e-6, scaled = 0 }: Partial<ConformanceCase> = {},
): ConformanceCase {
  return {
    name: `${name} ${inputs.map(({ shape, dtype }) => `${dtype}[${shape.join(',')}]`).join(' ')}`,
    inputs,
    run,
    gradient,
    rtol,
    atol,
    scaled,
  };
}

/** Values agree; the op has no gradient, or the operands are none to differentiate at. */
export function agreesInValue(
  name: string,
  inputs: readonly Operand[],
  run: ConformanceCase['run'],
  options: Partial<ConformanceCase> = {},
): ConformanceCase {
  return agrees(name, inputs, run, { ...options, gradient: false });
}

const tensorOf = ({ shape, dtype, draw }: Operand, stream: RandomStream): tf.Tensor => {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tf.tensor(
    Array.from({ length: size }, (_, index) => draw(stream, index)),
    [...shape],
    dtype,
  );
};

const list = (result: tf.Tensor | tf.Tensor[]): tf.Tensor[] => (Array.isArray(result) ? result : [result]);

/** Values of `run`, and gradients of the sum of its float results weighted by `weights`. */
function evaluate(
  { run, gradient }: ConformanceCase,
  inputs: readonly tf.Tensor[],
  weights: readonly tf.Tensor[],
): { values: tf.Tensor[]; gradients: tf.Tensor[] } {
  const call = (tensors: readonly tf.Tensor[]): tf.Tensor[] => list(run(...(tensors as never[])));
  const values = call(inputs);
  if (!gradient) return { values, gradients: [] };
  const isFloat = inputs.map(({ dtype }) => dtype === 'float32');
  const objective = (...variables: tf.Tensor[]): tf.Tensor => {
    let next = 0;
    const results = call(inputs.map((input, index) => (isFloat[index] ? variables[next++]! : input))).filter(
      ({ dtype }) => dtype === 'float32',
    );
    return tf.addN(results.map((result, index) => tf.sum(tf.mul(result, weights[index]!))));
  };
  return { values, gradients: tf.grads(objective)(inputs.filter((_, index) => isFloat[index])) };
}

interface HostResult {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly dtype: string;
}

const read = (tensors: readonly tf.Tensor[]): HostResult[] =>
  tensors.map((tensor) => ({ data: tensor.dataSync(), shape: tensor.shape, dtype: tensor.dtype }));

/** As tf.tidy, for results that are not tensors. */
function scoped<T>(body: () => T): T {
  tf.engine().startScope();
  try {
    return body();
  } finally {
    tf.engine().endScope();
  }
}

/** Runs one case both ways and compares. */
async function expectAgreement(item: ConformanceCase): Promise<void> {
  await tf.setBackend('cpu');
  const stream = new RandomStream(foldIn(randomKey(3), item.name));
  const inputs = item.inputs.map((operand) => tensorOf(operand, stream));
  const shapes = item.gradient
    ? scoped(() =>
        list(item.run(...(inputs as never[])))
          .filter(({ dtype }) => dtype === 'float32')
          .map(({ shape }) => shape),
      )
    : [];
  const weights = shapes.map((shape) => tensorOf(floats(shape, -1, 1), stream));
  const eager = scoped(() => {
    const { values, gradients } = evaluate(item, inputs, weights);
    return { values: read(values), gradients: read(gradients) };
  });
  const compiled = compile((tensors: tf.Tensor[], cotangents: tf.Tensor[]) => evaluate(item, tensors, cotangents), {
    name: item.name,
    // Without a pool of threads for each of many small graphs.
    threads: 1,
  });
  const result = await compiled(inputs, weights);
  const fast = { values: read(result.values), gradients: read(result.gradients) };
  tf.dispose([inputs, weights, result]);
  compiled.dispose();
  for (const kind of ['values', 'gradients'] as const) {
    expect(fast[kind].length).toBe(eager[kind].length);
    eager[kind].forEach((expected, index) => {
      const scale =
        item.scaled === 0
          ? 0
          : item.scaled * Array.from(expected.data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(fast[kind][index]!, `${kind} ${index}`).toBeAllClose(expected, {
        rtol: item.rtol,
        atol: item.atol + scale,
        dtype: expected.dtype,
      });
    });
  }
}

/** Replaces each rule by one that also notes its name. */
function noteRules(): Set<string> {
  const used = new Set<string>();
  const table = loweringTable as Map<string, Rule>;
  for (const [kernel, rule] of table) {
    table.set(kernel, (...call) => {
      used.add(kernel);
      return rule(...call);
    });
  }
  return used;
}

/** Tests every case; those that the device under test leaves out are skipped, with the reason. */
function testCases(cases: readonly ConformanceCase[], used: Set<string>, all?: boolean): void {
  const record = (item: ConformanceCase, tensors: readonly tf.Tensor[]): unknown => {
    const floats = list(item.run(...(tensors as never[]))).filter(({ dtype }) => dtype === 'float32');
    return evaluate(
      item,
      tensors,
      floats.map(({ shape }) => tf.ones(shape)),
    );
  };
  const reasons = reasonsToSkip(cases, used, record, all);
  // oxlint-disable-next-line vitest/expect-expect -- expectAgreement asserts
  it.for(cases)('$name', async (item, { skip }) => {
    const reason = reasons.get(item);
    if (reason !== undefined) skip(reason);
    await expectAgreement(item);
  });
}

/**
 * Tests every case, compiled against eager.
 *
 * @param repeats 'every case' on devices too that leave out cases of the same ops: it is their sizes that matter
 */
export function describeAgreement(cases: readonly ConformanceCase[], repeats?: 'every case'): void {
  describe(`${deviceUnderTest}: compiled agrees with eager`, () => {
    testCases(cases, noteRules(), repeats === undefined ? undefined : true);
  });
}

/** Tests every case of a family and that every rule of the family was lowered by one of them. */
export function describeConformance(family: string, rules: RuleTable, cases: readonly ConformanceCase[]): void {
  describe(`${family} on ${deviceUnderTest}: compiled agrees with TF.js's CPU backend`, () => {
    const used = noteRules();
    testCases(cases, used);
    // Where ops run one by one, nothing is lowered.
    it.skipIf(deviceUnderTest === 'tensorflow')('every rule of the family was lowered by a case', () => {
      expect(Object.keys(rules).filter((kernel) => !used.has(kernel))).toEqual([]);
    });
  });
}
