/** Compares a backbone with a case of `generate.py`: names, outputs, gradients, running statistics. */
import * as tf from '@tensorflow/tfjs-core';
import { evaluation, training } from '@selfsup/ssl-nn';
import type { ForwardContext, MapEncoder, MapOptions, Module, Parameter } from '@selfsup/ssl-nn';
import { compile } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { expect } from 'vitest';
import { digest, hashArray, hashState } from './hash-fill.js';

/** `[norm, projection]` by name. */
export type Digests = Readonly<Record<string, [number, number]>>;

export interface BackboneCase {
  readonly options: Readonly<Record<string, unknown>>;
  /** `[batch, height, width, channels]`; of volumes with a depth before the height. */
  readonly image: number[];
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly evaluation: number[];
  readonly training: number[];
  readonly gradients: Digests;
  readonly inputGradient: [number, number];
  readonly buffers: Digests;
  /** Of its stages, in evaluation: shape, sum, sum of squares. */
  readonly maps?: readonly { readonly shape: number[]; readonly sum: number; readonly squares: number }[];
}

interface BackboneModule extends Module {
  forward(images: tf.Tensor, ctx?: ForwardContext): tf.Tensor2D;
}

const [inputSeed, weightSeed, digestSeed] = [1001, 1002, 1003];

/** Names and shapes of the state dict, without reading a value. */
export function referenceShapes(module: Module): Record<string, number[]> {
  const states = [...module.namedParameters(), ...module.namedBuffers()];
  return Object.fromEntries(states.map(([name, { referenceShape }]) => [name, [...referenceShape]]));
}

export function fillFromGolden(module: Module, shapes: Readonly<Record<string, number[]>>): void {
  const { missing, unexpected } = module.loadStateDict(hashState(new Map(Object.entries(shapes))), { strict: false });
  expect(missing.filter((name) => !name.endsWith('num_batches_tracked'))).toEqual([]);
  expect(unexpected).toEqual([]);
}

/** Digests against the reference, relative to the gradient's size. */
export function expectDigests(actual: ReadonlyMap<string, NdArray>, expected: Digests, tolerance: number): void {
  for (const [name, [norm, projection]] of Object.entries(expected)) {
    const [actualNorm, actualProjection] = digest(actual.get(name)!, digestSeed);
    const scale = tolerance * norm + 1e-6;
    expect(Math.abs(actualNorm - norm), `norm of ${name}: ${actualNorm} for ${norm}`).toBeLessThan(scale);
    expect(
      Math.abs(actualProjection - projection),
      `projection of ${name}: ${actualProjection} for ${projection}`,
    ).toBeLessThan(scale);
  }
}

/** Gradients in the reference's layout: they take the parameters' place in the state dict. */
export function gradientState(module: Module, gradients: tf.NamedTensorMap): Map<string, NdArray> {
  for (const { variable } of module.namedParameters().values()) variable.assign(gradients[variable.name]!);
  return module.stateDict();
}

export function parameterVariables(parameters: ReadonlyMap<string, Parameter>): tf.Variable[] {
  return [...parameters.values()].map(({ variable }) => variable);
}

function expectValues(actual: tf.Tensor, expected: readonly number[], tolerance: number): void {
  const values = actual.dataSync();
  expect(values.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs), 1);
  expected.forEach((value, i) =>
    expect(Math.abs(values[i]! - value), `value ${i}: ${values[i]} for ${value}`).toBeLessThan(tolerance * scale),
  );
}

export async function expectBackboneGolden(
  backbone: BackboneModule,
  golden: BackboneCase,
  mode: 'eager' | 'compiled',
): Promise<void> {
  expect(referenceShapes(backbone)).toEqual(golden.shapes);
  fillFromGolden(backbone, golden.shapes);
  const input = tf.variable(tf.tensor(hashArray(golden.image, inputSeed).data, golden.image));
  const direction = hashArray([golden.image[0]!, golden.training.length / golden.image[0]!], weightSeed);
  const variables = [input, ...parameterVariables(backbone.namedParameters())] as tf.Variable[];
  const pass = (weights: tf.Tensor) => {
    const inEvaluation = backbone.forward(input, evaluation);
    let inTraining: tf.Tensor2D | undefined;
    const { grads } = tf.variableGrads(() => {
      inTraining = tf.keep(backbone.forward(input, training));
      return tf.sum(tf.mul(inTraining, weights));
    }, variables);
    return { inEvaluation, inTraining: inTraining!, grads };
  };
  const { inEvaluation, inTraining, grads } =
    mode === 'eager' ? pass(tf.tensor(direction.data, [...direction.shape])) : await compile(pass)(direction);
  expectValues(inEvaluation, golden.evaluation, 1e-5);
  expectValues(inTraining, golden.training, 1e-5);
  expectDigests(backbone.stateDict(), golden.buffers, 1e-5);
  const inputGradient = grads[input.name]!;
  expectDigests(
    new Map([['input', { data: inputGradient.dataSync() as Float32Array, shape: inputGradient.shape }]]),
    { input: golden.inputGradient },
    1e-4,
  );
  expectDigests(gradientState(backbone, grads), golden.gradients, 1e-4);
}

/** Compares the maps of a case, whose running statistics are those of before the training pass. */
export function expectMapsGolden(
  backbone: MapEncoder<tf.Tensor, unknown>,
  golden: BackboneCase,
  options: MapOptions = {},
): void {
  fillFromGolden(backbone, golden.shapes);
  const input = tf.tensor(hashArray(golden.image, inputSeed).data, golden.image);
  const maps = backbone.maps(input, evaluation, options);
  expect(maps.map(({ shape }) => shape)).toEqual(golden.maps!.map(({ shape }) => shape));
  maps.forEach((map, i) => {
    const { sum, squares } = golden.maps![i]!;
    const values = [...map.dataSync()];
    const tolerance = 1e-5 * Math.max(1, squares);
    expect(Math.abs(values.reduce((total, value) => total + value, 0) - sum)).toBeLessThan(tolerance);
    expect(Math.abs(values.reduce((total, value) => total + value * value, 0) - squares)).toBeLessThan(tolerance);
  });
}
