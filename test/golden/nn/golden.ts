import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import type { Module } from '../../../packages/ssl-nn/src/index.js';

/** A tensor as the generator writes it. */
export interface GoldenArray {
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: number[];
}

type GoldenState = Readonly<Record<string, GoldenArray>>;

/** One layer with its weights, an input, `loss = sum(y * w)` and the gradients. */
interface GoldenLayer {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: GoldenState;
  readonly x: GoldenArray;
  readonly w: GoldenArray;
  readonly y: GoldenArray;
  readonly dx?: GoldenArray;
  readonly gradients: GoldenState;
  readonly mask?: GoldenArray;
}

interface GoldenBatchNorm {
  readonly name: string;
  readonly features: number;
  readonly affine: boolean;
  readonly state: GoldenState;
  readonly steps: readonly (Omit<GoldenLayer, 'name' | 'config' | 'state' | 'dx'> & {
    readonly dx: GoldenArray;
    readonly stateAfter: GoldenState;
  })[];
  readonly evaluation: Omit<GoldenLayer, 'name' | 'config' | 'state' | 'gradients' | 'dx'> & {
    readonly dx: GoldenArray;
  };
}

export const goldenUrl = (file: string): URL => new URL(file, import.meta.url);

export const layers = JSON.parse(readFileSync(goldenUrl('layers.json'), 'utf8')) as {
  layers: GoldenLayer[];
  batchNorms: GoldenBatchNorm[];
};

/** One of the transformer's options, of `generate_blocks.py`. */
export type GoldenBlock = Omit<GoldenLayer, 'config' | 'mask' | 'dx'> & {
  readonly dx: GoldenArray;
  readonly bias?: GoldenArray;
};

export const blocks = (JSON.parse(readFileSync(goldenUrl('blocks.json'), 'utf8')) as { layers: GoldenBlock[] }).layers;

export function goldenLayer(name: string): GoldenLayer {
  const found = layers.layers.find((layer) => layer.name === name);
  if (found === undefined) throw new Error(`no golden layer '${name}'`);
  return found;
}

export const hostArray = ({ data, shape, dtype }: GoldenArray): NdArray => ({
  data: dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data),
  shape,
});
export const hostState = (state: GoldenState): Map<string, NdArray> =>
  new Map(Object.entries(state).map(([name, array]) => [name, hostArray(array)]));

/** Result of {@link backward}: everything a golden layer holds, in the reference's layout. */
interface Backward {
  readonly y: NdArray;
  readonly dx: NdArray | undefined;
  readonly gradients: Map<string, NdArray>;
}

const read = (tensor: tf.Tensor): NdArray => ({ data: tensor.dataSync().slice() as Float32Array, shape: tensor.shape });

/** Runs `forward` and the gradient of `sum(y * w)`, eagerly or compiled. */
export async function backward(
  mode: 'eager' | 'compiled',
  module: Module,
  forward: (x: tf.Tensor) => tf.Tensor,
  x: GoldenArray,
  w: GoldenArray,
): Promise<Backward> {
  const parameters = [...module.namedParameters()];
  const step = (input: tf.Tensor, weight: tf.Tensor): tf.Tensor[] => {
    const targets = [
      ...(x.dtype === 'float32' ? [input] : []),
      ...parameters.map(([, { variable }]) => variable as tf.Tensor),
    ];
    let y: tf.Tensor | undefined;
    const { grads } = tf.engine().gradients(() => {
      y = tf.keep(forward(input));
      return tf.sum(tf.mul(y, weight)) as tf.Scalar;
    }, targets);
    return [y!, ...grads];
  };
  const [input, weight] = [hostArray(x), hostArray(w)];
  const outputs =
    mode === 'compiled'
      ? await compile(step)(input as never, weight as never)
      : step(tf.tensor(input.data, x.shape, x.dtype), tf.tensor(weight.data, w.shape, w.dtype));
  const arrays = outputs.map(read);
  const first = x.dtype === 'float32' ? 2 : 1;
  const gradients = new Map(
    parameters.map(([name, { layout }], index) => [
      name,
      layout === undefined ? arrays[first + index]! : layout.toReference(arrays[first + index]!),
    ]),
  );
  return { y: arrays[0]!, dx: first === 2 ? arrays[1]! : undefined, gradients };
}
