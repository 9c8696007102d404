import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors, type Module, type StateDict } from '@selfsup/ssl-nn';
import type { NdArray } from '@selfsup/ssl-tensor/host';

const folder = join(import.meta.dirname, '../golden/text/families');

/** A head's scores and loss. */
interface HeadGolden {
  readonly config: Record<string, unknown>;
  readonly logits: number[][];
  readonly loss: number;
}

/** What `generate_families.py` has written of a family at a size. */
export interface FamilyGolden {
  readonly shape: [number, number];
  readonly inputIds: number[];
  readonly attentionMask: number[];
  readonly tokenTypeIds: number[] | null;
  readonly config: Record<string, unknown>;
  readonly positions: number[];
  readonly targets: number[];
  readonly hiddenStates: number[][];
  readonly logits: number[];
  readonly loss: number;
  readonly classes: HeadGolden;
  readonly many: HeadGolden;
  readonly numbers: HeadGolden;
  readonly tags: HeadGolden;
  readonly spans: HeadGolden;
  readonly replaced: HeadGolden;
  readonly labels: {
    readonly classWeights: number[];
    readonly classes: number[];
    readonly many: number[];
    readonly numbers: number[];
    readonly tags: number[];
    readonly starts: number[];
    readonly ends: number[];
    readonly replaced: number[];
  };
}

/** Golden values, and the tensors of a part by transformers' names. */
export function familyGolden(name: string): {
  readonly golden: FamilyGolden;
  readonly part: (part: string) => StateDict;
} {
  const golden = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as FamilyGolden;
  const { tensors } = decodeSafetensors(Uint8Array.from(readFileSync(join(folder, `${name}.safetensors`))));
  const part = (wanted: string): StateDict =>
    new Map(
      [...tensors].flatMap(([key, array]) =>
        key.startsWith(`${wanted}|`) ? [[key.slice(wanted.length + 1), array] as [string, NdArray]] : [],
      ),
    );
  return { golden, part };
}

/** The golden batch as a model reads it. */
export function familyInputs(golden: FamilyGolden): {
  readonly inputIds: tf.Tensor2D;
  readonly attentionMask: tf.Tensor2D;
  readonly tokenTypeIds?: tf.Tensor2D;
} {
  const ints = (values: number[]): tf.Tensor2D => tf.tensor2d(values, golden.shape, 'int32');
  return {
    inputIds: ints(golden.inputIds),
    attentionMask: ints(golden.attentionMask),
    ...(golden.tokenTypeIds === null ? {} : { tokenTypeIds: ints(golden.tokenTypeIds) }),
  };
}

/** Value and gradients by the state's name, in the state dict's layout. */
export function gradientsOf(
  model: Module,
  loss: () => tf.Scalar,
): { readonly value: number; readonly gradients: Map<string, NdArray> } {
  const parameters = [...model.namedParameters()];
  const { value, grads } = tf.variableGrads(
    loss,
    parameters.map(([, { variable }]) => variable),
  );
  const gradients = new Map<string, NdArray>();
  for (const [name, { variable, layout }] of parameters) {
    const gradient = grads[variable.name];
    if (gradient === undefined) continue;
    const array = { data: gradient.dataSync() as Float32Array, shape: gradient.shape };
    gradients.set(name, layout?.toReference(array) ?? array);
  }
  return { value: value.dataSync()[0]!, gradients };
}
