import '@tensorflow/tfjs-backend-cpu';
import type * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { backward, goldenLayer, hostArray, hostState, layers } from '../../../../test/golden/nn/golden.js';
import '../../../../test/support/to-be-all-close.js';
import { tensor } from '@tensorflow/tfjs-core';
import {
  Conv2d,
  Embedding,
  LayerNorm,
  Linear,
  Mlp,
  MultiHeadAttention,
  TransformerBlock,
  type Module,
  type Padding,
} from '../index.js';

const key = randomKey(1);

interface Built {
  readonly module: Module;
  readonly forward: (x: tf.Tensor) => tf.Tensor;
}

type Config = Readonly<Record<string, unknown>>;
const asPadding = (padding: unknown): Padding =>
  (Array.isArray(padding) ? padding.map((size: number) => [size, size]) : padding) as Padding;

const convolution = (config: Config): Built => {
  const module = new Conv2d(config['inChannels'] as number, config['outChannels'] as number, {
    key,
    kernelSize: config['kernel_size'] as number,
    stride: (config['stride'] ?? 1) as number,
    padding: asPadding(config['padding'] ?? 0),
    dilation: (config['dilation'] ?? 1) as number,
    groups: (config['groups'] ?? 1) as number,
    bias: (config['bias'] ?? true) as boolean,
  });
  return { module, forward: (x) => module.forward(x as tf.Tensor4D) };
};

const linear = (config: Config): Built => {
  const module = new Linear(config['inFeatures'] as number, config['outFeatures'] as number, {
    key,
    bias: config['bias'] as boolean,
  });
  return { module, forward: (x) => module.forward(x) };
};

const attention = (config: Config, mask?: tf.Tensor): Built => {
  const module = new MultiHeadAttention(config['dim'] as number, {
    key,
    heads: config['heads'] as number,
    qkvBias: config['qkvBias'] as boolean,
  });
  return { module, forward: (x) => module.forward(x as tf.Tensor3D, undefined, mask) };
};

function build(name: string): Built {
  const { config, mask } = goldenLayer(name);
  if (name.startsWith('conv')) return convolution(config);
  if (name.startsWith('linear')) return linear(config);
  if (name.startsWith('attention'))
    return attention(config, mask === undefined ? undefined : tensor(hostArray(mask).data, mask.shape, 'int32'));
  if (name === 'layer norm') {
    const module = new LayerNorm(config['dim'] as number, { epsilon: config['epsilon'] as number });
    return { module, forward: (x) => module.forward(x) };
  }
  if (name === 'embedding') {
    const module = new Embedding(config['count'] as number, config['dim'] as number, { key });
    return { module, forward: (x) => module.forward(x) };
  }
  if (name === 'mlp') {
    const module = new Mlp(config['dim'] as number, config['hidden'] as number, { key });
    return { module, forward: (x) => module.forward(x) };
  }
  const module = new TransformerBlock(config['dim'] as number, { key, heads: config['heads'] as number });
  return { module, forward: (x) => module.forward(x as tf.Tensor3D) };
}

describe.each(['eager', 'compiled'] as const)('layers against PyTorch and timm, %s', (mode) => {
  it.each(layers.layers.map(({ name }) => name))('%s: values and gradients', async (name) => {
    const golden = goldenLayer(name);
    const { module, forward } = build(name);
    expect(module.loadStateDict(hostState(golden.state))).toMatchObject({
      missing: [],
      unexpected: [],
      ignored: new Map(),
    });
    const { y, dx, gradients } = await backward(mode, module, forward, golden.x, golden.w);
    expect(y).toBeAllClose(golden.y, { rtol: 1e-5, atol: 1e-5 });
    expect(dx === undefined).toBe(golden.dx === undefined);
    expect(dx ?? 0).toBeAllClose(golden.dx ?? 0, { rtol: 1e-5, atol: 1e-5 });
    expect([...gradients.keys()]).toEqual(Object.keys(golden.gradients));
    for (const [parameter, gradient] of gradients)
      expect(gradient).toBeAllClose(golden.gradients[parameter]!, { rtol: 1e-5, atol: 2e-5 });
    module.dispose();
  });
});
