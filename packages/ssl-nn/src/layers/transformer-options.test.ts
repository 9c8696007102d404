import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { backward, blocks, hostArray, hostState } from '../../../../test/golden/nn/golden.js';
import '../../../../test/support/to-be-all-close.js';
import {
  CrossAttention,
  LayerScale,
  MultiHeadAttention,
  RmsNorm,
  RotaryPositions,
  SwiGlu,
  TransformerBlock,
  type AttentionPositions,
  type Module,
  type MultiHeadAttentionOptions,
  type RotaryTables,
  type TransformerBlockOptions,
} from '../index.js';

interface Built {
  readonly module: Module;
  readonly forward: (x: tf.Tensor) => tf.Tensor;
}

const key = randomKey(1);

const unary = (module: Module & { forward(x: tf.Tensor): tf.Tensor }) => (): Built => ({
  module,
  forward: (x) => module.forward(x),
});

const block = (options: Omit<TransformerBlockOptions, 'key' | 'heads'>) => (): Built => {
  const module = new TransformerBlock(8, { key, heads: 2, ...options });
  return { module, forward: (x) => module.forward(x as tf.Tensor3D) };
};

const attention =
  (options: Omit<MultiHeadAttentionOptions, 'key' | 'heads'>, positions?: () => AttentionPositions, heads = 2) =>
  (): Built => {
    const module = new MultiHeadAttention(8, { key, heads, ...options });
    return { module, forward: (x) => module.forward(x as tf.Tensor3D, undefined, undefined, undefined, positions?.()) };
  };

/** Attention in which queries and keys turn; what has one head has no bias. */
const turning = (rotary: () => RotaryTables, heads = 2): (() => Built) =>
  attention({ qkvBias: heads === 2 }, () => ({ rotary: rotary() }), heads);

/** Two queries of width 8; the others are the memory, whose features are 6. */
const cross = (mask?: () => tf.Tensor) => (): Built => {
  const module = new CrossAttention(8, { key, heads: 2, memoryDim: 6 });
  const forward = (x: tf.Tensor): tf.Tensor => {
    const [queries, memory] = [tf.slice(x, [0, 0, 0], [2, 2, 8]), tf.slice(x, [0, 2, 0], [2, 5, 6])];
    return module.forward(
      queries as tf.Tensor3D,
      memory as tf.Tensor3D,
      undefined,
      mask === undefined ? {} : { mask: mask() },
    );
  };
  return { module, forward };
};

const t5 = blocks.find(({ name }) => name === 'bias of t5')!.bias!;

const built: Readonly<Record<string, () => Built>> = {
  'layer scale': unary(new LayerScale(8)),
  'rms norm': unary(new RmsNorm(8)),
  swiglu: unary(new SwiGlu(8, 6, { key })),
  'swiglu packed': unary(new SwiGlu(8, 6, { key, packed: true })),
  'block with layer scale': block({ layerScale: 0.1 }),
  'block with rms norm, swiglu and qk norm': block({ norm: 'rms', mlp: 'swiglu', mlpRatio: 1.5, qkNorm: 'rms' }),
  'block with layer qk norm': block({ qkNorm: 'layer' }),
  'block with norms after': block({ normPlacement: 'post' }),
  causal: attention({ causal: true }),
  'bias of t5': attention({}, () => ({ bias: tf.tensor(hostArray(t5).data, t5.shape) })),
  'window of swin': attention({ relativePositions: { grid: [2, 3] } }),
  'window of beit': attention({ qkvBias: false, relativePositions: { grid: [2, 3], classToken: true } }),
  'rotary of llama': turning(() => new RotaryPositions(4).line(5)),
  'rotary of roformer': turning(() => new RotaryPositions(4, { pairs: 'neighbours' }).line(5)),
  'rotary of eva': turning(() => new RotaryPositions(8, { pairs: 'neighbours' }).grid([2, 3], 1), 1),
  'rotary of dinov3': turning(() => new RotaryPositions(8, { base: 100, coordinates: 'centred' }).grid([2, 3], 2), 1),
  'cross attention': cross(),
  'cross attention with padding': cross(() => tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 5], 'int32')),
};

describe.each(['eager', 'compiled'] as const)('options against PyTorch, timm and transformers, %s', (mode) => {
  it.each(blocks)('$name: values and gradients', async (golden) => {
    const { module, forward } = built[golden.name]!();
    expect(module.loadStateDict(hostState(golden.state))).toMatchObject({ missing: [], unexpected: [] });
    const { y, dx, gradients } = await backward(mode, module, forward, golden.x, golden.w);
    expect(y).toBeAllClose(golden.y, { rtol: 1e-5, atol: 1e-5 });
    expect(dx!).toBeAllClose(golden.dx, { rtol: 1e-5, atol: 2e-5 });
    expect([...gradients.keys()].toSorted()).toEqual(Object.keys(golden.gradients).toSorted());
    for (const [parameter, gradient] of gradients)
      expect(gradient).toBeAllClose(golden.gradients[parameter]!, { rtol: 1e-5, atol: 5e-5 });
  });
});

it('every golden has its option, and every option its golden', () => {
  expect(Object.keys(built)).toEqual(blocks.map(({ name }) => name));
});

it('self-attention is cross-attention to itself, causal or not as each call wants', () => {
  const own = new MultiHeadAttention(8, { key, heads: 2, fused: false, causal: true });
  const module = new CrossAttention(8, { key, heads: 2 });
  module.loadStateDict(own.stateDict());
  const x = tf.tensor3d(
    Array.from({ length: 48 }, (_, i) => Math.sin(i)),
    [2, 3, 8],
  );
  expect(module.forward(x, x, undefined, { causal: true }).dataSync()).toBeAllClose(own.forward(x).dataSync(), {
    rtol: 1e-6,
    atol: 1e-6,
  });
  const [causal, open] = [true, false].map((each) => module.forward(x, x, undefined, { causal: each }).dataSync());
  expect(causal!.slice(0, 8)).not.toEqual(open!.slice(0, 8));
});

it('drops attention weights while training alone', () => {
  const module = new CrossAttention(8, { key, heads: 2, attentionDropout: 0.5 });
  const x = tf.ones([1, 4, 8]) as tf.Tensor3D;
  const context = { training: true, key: tf.tensor1d([1, 2], 'int32') };
  expect(module.forward(x, x, context).dataSync()).not.toEqual(module.forward(x, x).dataSync());
  expect(() => module.forward(x, x, { training: true })).toThrow('ctx.key');
});

it('cross-attention refuses what does not fit', () => {
  const module = new CrossAttention(8, { key, heads: 2, memoryDim: 6 });
  const x = tf.zeros([2, 3, 8]) as tf.Tensor3D;
  expect(() => module.forward(x, x)).toThrow('memory must be [2, tokens, 6], got [2, 3, 8]');
  expect(() => module.forward(x, tf.zeros([3, 3, 6]))).toThrow('memory must be [2, tokens, 6]');
  expect(() => new CrossAttention(8, { key, heads: 3 })).toThrow('a divisor of dim (8)');
  expect(() => new CrossAttention(8, { key, heads: 2, attentionDropout: 1 })).toThrow('attentionDropout');
});
