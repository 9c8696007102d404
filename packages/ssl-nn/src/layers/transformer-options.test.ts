import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { backward, blocks, hostArray, hostState } from '../../../../test/golden/nn/golden.js';
import '../../../../test/support/to-be-all-close.js';
import {
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
