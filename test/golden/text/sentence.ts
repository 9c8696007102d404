/** Goldens of sentence objectives: a BERT of two layers and what torch makes of it. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors, type Module, type Parameter } from '@selfsup/ssl-nn';
import { keyArray } from '@selfsup/ssl-tensor';
import { type NdArray, randomKey } from '@selfsup/ssl-core';
import { bertConfig, BertForMaskedLM } from '@selfsup/ssl-text-mlm';
import type { MethodLoss, StepContext } from '@selfsup/ssl-train';

interface Golden {
  readonly shape: [number, number];
  readonly parts: readonly { readonly inputIds: number[]; readonly attentionMask: number[] }[];
  readonly maskedPositions: number[];
  readonly maskedLabels: number[];
  readonly cases: Readonly<
    Record<string, { readonly loss: number; readonly gradients: Readonly<Record<string, number[]>> }>
  >;
}

export const golden = JSON.parse(readFileSync(new URL('sentence.json', import.meta.url), 'utf8')) as Golden;

/** Its configuration. */
export const goldenConfig = bertConfig({
  vocabSize: 48,
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 64,
  maxPositionEmbeddings: 16,
  hiddenDropout: 0,
  attentionDropout: 0,
});

/** The model of the goldens. */
export function goldenModel(): BertForMaskedLM {
  const model = new BertForMaskedLM(goldenConfig, { key: randomKey(1) });
  const bytes = readFileSync(new URL('bert-mlm.safetensors', import.meta.url));
  model.loadStateDict(decodeSafetensors(Uint8Array.from(bytes)).tensors);
  return model;
}

/** A part of the goldens' batch, as the loaders give them. */
export function goldenRows(part: number): Record<'inputIds' | 'attentionMask', NdArray<Int32Array>> {
  const { inputIds, attentionMask } = golden.parts[part]!;
  const array = (values: number[]): NdArray<Int32Array> => ({ data: Int32Array.from(values), shape: golden.shape });
  return { inputIds: array(inputIds), attentionMask: array(attentionMask) };
}

/** `0.3 sin(shift + 0.7 i)`, as the generator's. */
export const sines = (shape: number[], shift: number): NdArray<Float32Array> => ({
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => 0.3 * Math.sin(shift + 0.7 * at)),
  shape,
});

/** A training context of a key. */
export const trainingContext = (seed = 3): StepContext => ({
  training: true,
  key: tf.tensor1d([...keyArray(randomKey(seed)).data], 'int32'),
  values: {} as never,
  phase: '',
});

/** Loss and gradients by name, in the state dict's layout. */
export function differentiated(
  modules: Readonly<Record<string, Module>>,
  loss: () => MethodLoss,
): { readonly loss: number; readonly gradients: Map<string, NdArray<Float32Array>> } {
  const parameters = Object.entries(modules).flatMap(([module, own]) =>
    [...own.namedParameters()].map(([name, parameter]): [string, Parameter] => [`${module}.${name}`, parameter]),
  );
  const { value, grads } = tf.variableGrads(
    () => loss().loss,
    [...new Set(parameters.map(([, { variable }]) => variable))],
  );
  const gradients = new Map<string, NdArray<Float32Array>>();
  for (const [name, { variable, layout }] of parameters) {
    const gradient = grads[variable.name];
    if (gradient === undefined) continue;
    const array = { data: gradient.dataSync() as Float32Array, shape: [...gradient.shape] };
    gradients.set(name, (layout?.toReference(array) as NdArray<Float32Array> | undefined) ?? array);
  }
  return { loss: value.dataSync()[0]!, gradients };
}
