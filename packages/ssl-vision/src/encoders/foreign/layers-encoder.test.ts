import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { training, twinOf } from '@selfsup/ssl-nn';
import { compile, InvalidOptionError, keyArray, randomKey } from '@selfsup/ssl-tensor';
import { DataLoader, ImageArrayDataset, resize } from '@selfsup/ssl-data';
import { AdamW, Trainer } from '@selfsup/ssl-train';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../../test/support/to-be-all-close.js';
import { pictures, statistics } from '../../../../../test/golden/vision/expect-training.js';
import { Byol } from '../../methods/byol/byol.js';
import { Distillation } from '../../methods/distillation/distillation.js';
import { SmallConvEncoder } from '../small-conv-encoder.js';
import { LayersEncoder } from './layers-encoder.js';

beforeAll(() => tf.setBackend('cpu'));

const model = (pool = true, rate = 0): LayersModel =>
  sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization({ momentum: 0.8 }),
      layers.activation({ activation: 'relu' }),
      sequential({
        layers: [
          layers.conv2d({ inputShape: [8, 8, 4], filters: 6, kernelSize: 3, strides: 2, padding: 'same' }),
          layers.conv2d({ filters: 6, kernelSize: 1 }),
        ],
      }),
      layers.dropout({ rate }),
      ...(pool ? [layers.globalAveragePooling2d({})] : []),
    ],
  });
const images = tf.randomNormal([6, 8, 8, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
const close = { rtol: 1e-4, atol: 1e-5 };

describe('LayersEncoder', () => {
  it("equals the model's own predict, eagerly and compiled, pooled or not", async () => {
    for (const pool of [true, false]) {
      const own = model(pool);
      const predicted = own.predict(images) as tf.Tensor;
      const expected = (pool ? predicted : tf.mean(predicted, [1, 2])).dataSync().slice();
      const encoder = new LayersEncoder(own);
      expect(encoder.featureDim).toBe(6);
      expect(encoder.forward(images).dataSync()).toBeAllClose(expected, close);
      const compiled = compile((x: tf.Tensor) => encoder.forward(x as tf.Tensor4D));
      expect((await compiled(images)).dataSync()).toBeAllClose(expected, close);
    }
  });

  it('has the trainable weights as parameters and all others as buffers, under names that do not count models', () => {
    const names = [model(), model()].map((own) => {
      const encoder = new LayersEncoder(own);
      return [[...encoder.namedParameters().keys()], [...encoder.namedBuffers().keys()]];
    });
    expect(names[0]).toEqual(names[1]);
    expect(names[0]).toEqual([
      [
        'layers.0.kernel',
        'layers.1.gamma',
        'layers.1.beta',
        ...['kernel', 'bias', 'kernel_1', 'bias_1'].map((name) => `layers.3.${name}`),
      ],
      ['layers.1.moving_mean', 'layers.1.moving_variance'],
    ]);
    const frozen = model();
    frozen.layers[0]!.trainable = false;
    expect(new LayersEncoder(frozen).namedParameters().has('layers.0.kernel')).toBe(false);
  });

  it('has the gradients of the model eagerly and compiled, and moves its statistics', async () => {
    const [eager, compiled] = [new LayersEncoder(model(true, 0.3)), new LayersEncoder(model(true, 0.3))];
    compiled.loadStateDict(eager.stateDict());
    const step = (encoder: LayersEncoder) => (x: tf.Tensor, key: tf.Tensor) => {
      const variables = [...encoder.namedParameters().values()].map(({ variable }) => variable);
      const loss = (): tf.Scalar =>
        tf.mean(tf.square(encoder.forward(x as tf.Tensor4D, { training: true, key: key as tf.Tensor1D })));
      const { value, grads } = tf.variableGrads(loss, variables);
      return [value, ...variables.map(({ name }) => grads[name]!)];
    };
    const key = keyArray(randomKey(5));
    const expected = step(eager)(images, tf.tensor1d(key.data, 'int32'));
    const found = await compile(step(compiled))(images, key);
    expected.forEach((gradient, at) =>
      expect(found[at]!.dataSync()).toBeAllClose(gradient.dataSync(), { rtol: 1e-3, atol: 1e-5 }),
    );
    const [own, other] = [eager.stateDict(), compiled.stateDict()];
    for (const [name, { data }] of own)
      expect(other.get(name)!.data as Float32Array).toBeAllClose(data as Float32Array, close);
    expect(Math.max(...own.get('layers.1.moving_mean')!.data)).toBeGreaterThan(0.001);
  });

  it('trains in a method, and the model has what it learnt', async () => {
    const own = model();
    const backbone = new LayersEncoder(own);
    const before = backbone.stateDict();
    const encoder = new SmallConvEncoder({ key: randomKey(7), inChannels: 3, channels: [5, 10], strides: [1, 2] });
    const method = new Distillation({
      backbone,
      key: randomKey(1),
      normalize: statistics,
      teacher: { encoder, normalize: statistics },
    });
    const loader = new DataLoader({
      dataset: new ImageArrayDataset(pictures(3, 8, 24)),
      views: [resize({ size: 8 })],
      batchSize: 8,
      workers: 0,
    });
    const optimizer = new AdamW([{ parameters: method.trainable() }]);
    const run = { method, loader, optimizer, schedule: 0.01, steps: 30, seed: 0, logEvery: 1 };
    const { history } = await new Trainer({ ...run, progress: 'silent', handleSignals: false }).fit();
    await loader.close();
    expect(history.at(-1)!.loss).toBeLessThan(0.8 * history[0]!.loss);
    expect(backbone.stateDict().get('layers.0.kernel')).not.toEqual(before.get('layers.0.kernel'));
    expect((own.predict(images) as tf.Tensor).dataSync()).toBeAllClose(backbone.forward(images).dataSync(), close);
    expect([...own.layers[0]!.getWeights()[0]!.dataSync()]).toEqual([
      ...backbone.stateDict().get('layers.0.kernel')!.data,
    ]);
  });

  it('has twins with weights of their own, as methods with momentum want', () => {
    const backbone = new LayersEncoder(model());
    const twin = twinOf(backbone);
    const features = twin.forward(images).dataSync();
    expect(features).toEqual(backbone.forward(images).dataSync());
    const { variable } = backbone.namedParameters().get('layers.0.kernel')!;
    tf.tidy(() => variable.assign(tf.mul(variable, 2)));
    expect(twin.forward(images).dataSync()).toEqual(features);
    expect(backbone.forward(images).dataSync()).not.toEqual(features);
    const byol = new Byol({ backbone, key: randomKey(0), normalize: statistics, hiddenDim: 8, outDim: 4 });
    const views = [1, 2].map((seed) => tf.tensor4d([...pictures(seed, 8, 8).data], [8, 8, 8, 3], 'int32'));
    expect(Number.isFinite(byol.loss({ views }, training).loss.dataSync()[0])).toBe(true);
  });

  it('refuses what is no encoder', () => {
    expect(() => new LayersEncoder({} as never)).toThrow(InvalidOptionError);
    expect(() => new LayersEncoder(null as never)).toThrow('a model of tf.layers');
    const flat = sequential({ layers: [layers.dense({ inputShape: [4], units: 2 })] });
    expect(() => new LayersEncoder(flat)).toThrow('one whose input is [batch, height, width, channels]');
    const volumes = sequential({ layers: [layers.reshape({ inputShape: [8, 8, 3], targetShape: [8, 24] })] });
    expect(() => new LayersEncoder(volumes)).toThrow('one whose output is [batch, dim]');
    expect(() => new LayersEncoder(sequential())).toThrow(InvalidOptionError);
  });
});
