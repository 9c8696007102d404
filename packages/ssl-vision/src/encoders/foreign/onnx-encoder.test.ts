import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, twinOf } from '@selfsup/ssl-nn';
import { compile, DataError, exportOnnx, InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../../../../test/support/to-be-all-close.js';
import { normalizeImages, rawPixelStatistics } from '../../images/normalize-images.js';
import { SmallConvEncoder } from '../small-conv-encoder.js';
import { VisionTransformer } from '../vision-transformer/vision-transformer.js';
import { OnnxEncoder } from './onnx-encoder.js';

const key = randomKey(3);
const conv = new SmallConvEncoder({ key, inChannels: 3, channels: [4, 6], strides: [1, 2] });
const vit = new VisionTransformer({ key, imageSize: 8, patchSize: 4, dim: 12, depth: 2, heads: 2 });
const images = tf.randomNormal([5, 8, 8, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
const compiled = <T extends tf.Tensor>(fn: (x: tf.Tensor4D) => T): Promise<T> =>
  compile((x: tf.Tensor) => fn(x as tf.Tensor4D))(images) as Promise<T>;

/** A module of a function, for files of other forms. */
class Form extends Module {
  constructor(
    readonly inner: Module,
    private readonly run: (x: tf.Tensor4D) => tf.Tensor | Record<string, tf.Tensor>,
  ) {
    super();
  }
  forward(x: tf.Tensor4D): tf.Tensor | Record<string, tf.Tensor> {
    return this.run(x);
  }
}
const file = (
  inner: Module,
  run: (x: tf.Tensor4D) => tf.Tensor | Record<string, tf.Tensor>,
  [shape, more]: [number[], object?] = [[1, 8, 8, 3]],
): Promise<Uint8Array> =>
  exportOnnx(new Form(inner, run) as never, [tf.zeros(shape)], { inputNames: ['pixels'], ...more });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssl-onnx-encoder-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('OnnxEncoder', () => {
  it('gives the features of the model that the file is of, from a path and from bytes, for any batch', async () => {
    const bytes = await file(conv, (x) => conv.forward(x));
    const path = join(folder, 'conv.onnx');
    writeFileSync(path, bytes);
    const [fromPath, fromBytes] = [await OnnxEncoder.open(path), await OnnxEncoder.open(bytes)];
    expect(fromPath.featureDim).toBe(6);
    expect(fromPath.digest).toBe(fromBytes.digest);
    expect(fromPath.stages).toEqual([]);
    expect(fromPath.parameterCount()).toBe(0);
    const features = await compiled((x) => fromPath.forward(x));
    expect(features.shape).toEqual([5, 6]);
    expect(features.dataSync()).toBeAllClose(conv.forward(images).dataSync(), { rtol: 1e-4, atol: 1e-5 });
    const twin = await compiled((x) => twinOf(fromBytes).forward(x));
    expect(twin.dataSync()).toEqual(features.dataSync());
    await fromPath.close();
    await expect(compiled((x) => fromPath.forward(x))).rejects.toThrow('a closed one');
  });

  it('takes NCHW, maps, and a batch that the file fixes', async () => {
    const bytes = await file(
      conv,
      (x) => tf.transpose(conv.maps(tf.transpose(x, [0, 2, 3, 1]), undefined, { stages: [1] })[0]!, [0, 3, 1, 2]),
      [[2, 3, 8, 8], { dynamicBatch: false }],
    );
    const encoder = await OnnxEncoder.open(bytes);
    expect(encoder.stages).toEqual([{ stride: 2, channels: 6 }]);
    const features = await compiled((x) => encoder.forward(x));
    expect(features.dataSync()).toBeAllClose(conv.forward(images).dataSync(), { rtol: 1e-4, atol: 1e-5 });
    const map = await compiled((x) => encoder.maps(x)[0]!);
    expect(map.shape).toEqual([5, 4, 4, 6]);
    expect(map.dataSync()).toBeAllClose(conv.maps(images)[1]!.dataSync(), { rtol: 1e-4, atol: 1e-5 });
  });

  it('pools tokens, and makes maps of them', async () => {
    const bytes = await file(vit, (x) => vit.encode(x).tokens);
    const [cls, mean] = [await OnnxEncoder.open(bytes), await OnnxEncoder.open(bytes, { pool: 'mean' })];
    expect(cls.digest).not.toBe(mean.digest);
    expect(cls.stages).toEqual([{ stride: 4, channels: 12 }]);
    const tokens = vit.encode(images).tokens;
    const expected = tf.mean(tf.slice(tokens, [0, 1, 0], [5, 4, 12]), 1);
    const close = { rtol: 1e-4, atol: 1e-5 };
    expect((await compiled((x) => cls.forward(x))).dataSync()).toBeAllClose(vit.forward(images).dataSync(), close);
    expect((await compiled((x) => mean.forward(x))).dataSync()).toBeAllClose(expected.dataSync(), close);
    const map = await compiled((x) => cls.maps(x)[0]!);
    expect(map.shape).toEqual([5, 2, 2, 12]);
    expect(map.dataSync()).toBeAllClose(tf.slice(tokens, [0, 1, 0], [5, 4, 12]).dataSync(), close);
    await expect(OnnxEncoder.open(bytes, { prefix: 2 })).rejects.toThrow('a grid of squares');
  });

  it('takes features and map of several outputs, in one run of the file', async () => {
    const bytes = await file(vit, (x) => {
      const encoded = vit.encode(x);
      return { hidden: encoded.tokens, pooled: vit.pooled(encoded) };
    });
    const encoder = await OnnxEncoder.open(bytes);
    const both = await compiled((x) => tf.concat([encoder.forward(x), tf.mean(encoder.maps(x)[0]!, [1, 2])], 1));
    expect(both.shape).toEqual([5, 24]);
    const expected = tf.concat(
      [vit.forward(images), tf.mean(tf.slice(vit.encode(images).tokens, [0, 1, 0], [5, 4, 12]), 1)],
      1,
    );
    expect(both.dataSync()).toBeAllClose(expected.dataSync(), { rtol: 1e-4, atol: 1e-5 });
    await expect(OnnxEncoder.open(bytes, { output: 'logits' })).rejects.toThrow(
      "output must be a name that the file has, got 'logits'. The file has 'hidden' float32 [batch, 5, 12], 'pooled' float32 [batch, 12]",
    );
  });

  it('hands pixels as they are to a file that normalises them', async () => {
    const statistics = { mean: 0.4, std: 0.2 };
    const bytes = await file(conv, (x) => conv.forward(x), [[1, 8, 8, 3], { normalize: statistics }]);
    const encoder = await OnnxEncoder.open(bytes);
    const pixels = tf.cast(tf.clipByValue(tf.add(tf.mul(images, 60), 128), 0, 255), 'int32');
    const run = compile((x: tf.Tensor) => encoder.forward(normalizeImages(x, rawPixelStatistics)));
    const expected = conv.forward(normalizeImages(pixels, statistics));
    expect((await run(pixels)).dataSync()).toBeAllClose(expected.dataSync(), { rtol: 1e-4, atol: 1e-5 });
  });

  it('refuses files and pictures that do not fit, and says what there is', async () => {
    const bytes = await file(conv, (x) => conv.forward(x));
    const path = join(folder, 'cut.onnx');
    writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
    await expect(OnnxEncoder.open(path)).rejects.toBeInstanceOf(DataError);
    await expect(OnnxEncoder.open(path)).rejects.toThrow(/cut\.onnx: is no ONNX file that the runtime can run/);
    await expect(OnnxEncoder.open(join(folder, 'none.onnx'))).rejects.toThrow('no such file');
    await expect(OnnxEncoder.open(folder)).rejects.toThrow('is a folder');
    await expect(OnnxEncoder.open(bytes, { maxBytes: 100 })).rejects.toThrow('more than the limit of 100');
    await expect(OnnxEncoder.open(7 as never)).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(OnnxEncoder.open(bytes, { input: 'images' })).rejects.toThrow(
      "The file has 'pixels' float32 [batch, 8, 8, 3]",
    );
    const encoder = await OnnxEncoder.open(bytes);
    const step = compile((x: tf.Tensor) => encoder.forward(x as tf.Tensor4D));
    await expect(step(tf.zeros([2, 12, 12, 3]))).rejects.toBeInstanceOf(ShapeError);
    await expect(step(tf.zeros([2, 12, 12, 3]))).rejects.toThrow(
      "images must be [batch, 8, 8, 3], the sizes of the file (a teacher's size brings pictures to them), got [2, 12, 12, 3]",
    );
    expect(() => encoder.maps(images)).toThrow('mapOutput');
    expect(() => encoder.forward(images)).toThrow('works inside compile() only');
    const odd = await file(conv, (x) => tf.mean(x, [1, 2]), [[1, 8, 8, 7]]);
    await expect(OnnxEncoder.open(odd)).rejects.toThrow("given, 'NCHW' or 'NHWC'");
    expect((await OnnxEncoder.open(odd, { layout: 'NHWC' })).featureDim).toBe(7);
    const flat = await file(conv, (x) => tf.reshape(x, [-1, 4]), [[1, 4]]);
    await expect(OnnxEncoder.open(flat)).rejects.toThrow(
      "float32 or uint8 of rank 4, got undefined. The file has 'pixels' float32 [batch, 4]",
    );
  });
});
