import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { foldIn, randomKey, type RandomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { goldenUrl, hostArray, type GoldenArray } from '../../../test/golden/nn/golden.js';
import '../../../test/support/to-be-all-close.js';
import {
  BatchNorm,
  Conv2d,
  Embedding,
  LayerNorm,
  Linear,
  loadSafetensors,
  Module,
  Relu,
  saveSafetensors,
  Sequential,
  TransformerBlock,
} from './index.js';

class SmallNet extends Module {
  static override readonly fieldNames = { tokens: 'embed' };
  readonly conv: Conv2d;
  readonly bn = new BatchNorm(8);
  readonly tokens: Embedding;
  readonly blocks: TransformerBlock[];
  readonly norm = new LayerNorm(8);
  readonly head: Sequential;

  constructor(key: RandomKey) {
    super();
    const at = (name: string): RandomKey => foldIn(key, name);
    this.conv = new Conv2d(3, 8, { key: at('conv'), kernelSize: 3, stride: 2, padding: 1, bias: false });
    this.tokens = new Embedding(5, 8, { key: at('embed') });
    this.blocks = [0, 1].map((index) => new TransformerBlock(8, { key: at(`blocks.${index}`), heads: 2 }));
    this.head = new Sequential([new Linear(8, 6, { key: at('a') }), new Relu(), new Linear(6, 4, { key: at('b') })]);
  }

  forward(images: tf.Tensor4D, ids: tf.Tensor2D): tf.Tensor2D {
    const features = tf.relu(this.bn.forward(this.conv.forward(images)));
    const [batch, height, width, channels] = features.shape;
    let x = tf.concat(
      [this.tokens.forward(ids) as tf.Tensor3D, tf.reshape(features, [batch, height * width, channels])],
      1,
    ) as tf.Tensor3D;
    for (const block of this.blocks) x = block.forward(x);
    return this.head.forward(tf.mean(this.norm.forward(x), 1)) as tf.Tensor2D;
  }
}

const golden = JSON.parse(readFileSync(goldenUrl('small-net.json'), 'utf8')) as {
  images: GoldenArray;
  ids: GoldenArray;
  y: GoldenArray;
  names: string[];
};
const path = fileURLToPath(goldenUrl('small-net.safetensors'));

it('a net saved by PyTorch gives the same outputs here, and again after a round trip', async () => {
  const { tensors, metadata } = await loadSafetensors(path);
  expect(metadata).toEqual({ format: 'pt' });
  const net = new SmallNet(randomKey(3));
  const run = compile((images: tf.Tensor4D, ids: tf.Tensor2D) => net.forward(images, ids));
  const feed = [hostArray(golden.images), hostArray(golden.ids)] as never as [tf.Tensor4D, tf.Tensor2D];
  const untrained = await run(...feed);
  expect(Math.abs(untrained.dataSync()[0]! - golden.y.data[0]!)).toBeGreaterThan(1e-2);

  net.loadStateDict(tensors);
  expect([...net.stateDict().keys()]).toEqual(golden.names);
  expect(await run(...feed)).toBeAllClose(golden.y, { rtol: 1e-5, atol: 1e-5 });
  const eager = net.forward(
    tf.tensor4d(golden.images.data, golden.images.shape as [number, number, number, number]),
    tf.tensor2d(golden.ids.data, golden.ids.shape as [number, number], 'int32'),
  );
  expect(eager).toBeAllClose(golden.y, { rtol: 1e-5, atol: 1e-5 });

  const directory = mkdtempSync(join(tmpdir(), 'ssl-nn-'));
  try {
    await saveSafetensors(join(directory, 'net.safetensors'), net.stateDict());
    const copy = new SmallNet(randomKey(4));
    copy.loadStateDict((await loadSafetensors(join(directory, 'net.safetensors'))).tensors);
    expect(new Map(copy.stateDict())).toEqual(new Map(golden.names.map((name) => [name, tensors.get(name)!])));
    copy.dispose();
  } finally {
    rmSync(directory, { recursive: true });
  }
  net.dispose();
});
