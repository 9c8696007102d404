import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { ImageArrayDataset } from '@selfsup/ssl-data';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { loadRuntime } from '@selfsup/ssl-runtime';
import { compile } from '@selfsup/ssl-tensor';
import { loadEncoder, normalizeImages, pretrain } from '@selfsup/ssl-vision';
import '../support/to-be-all-close.js';

const { InferenceSession, Tensor } = loadRuntime();
const stream = new RandomStream(randomKey(1));
const [count, side] = [12, 16];

describe.each([
  { method: 'simclr', channels: 3, epochs: 2 },
  { method: 'mae', channels: 1, epochs: 1 },
] as const)('what pretrain writes with $method', ({ method, channels, epochs }) => {
  const data = Uint8Array.from({ length: count * side * side * channels }, () => stream.integer(256));
  const images = { data, shape: [count, side, side, channels] };
  let out: string;
  beforeAll(async () => {
    out = mkdtempSync(join(tmpdir(), 'ssl-pretrained-'));
    const options = { data: new ImageArrayDataset(images), out, method, epochs, batchSize: 4, workers: 0 };
    await pretrain({ ...options, progress: 'silent' });
  }, 100_000);
  afterAll(() => rmSync(out, { recursive: true }));

  it('gives the same features by its file, by its module, and as ONNX in a bare runtime, of any batch', async () => {
    const { encoder, embed, description } = await loadEncoder(out).then((loaded) => ({
      encoder: loaded.encoder,
      embed: () => loaded.embed(images),
      description: loaded.description,
    }));
    const { data: features, shape } = await embed();
    expect(shape).toEqual([count, description.featureDim]);
    expect(Math.max(...features) - Math.min(...features)).toBeGreaterThan(0.01);
    const forward = compile((x: tf.Tensor) => encoder.forward(normalizeImages(x, description.normalize)));
    expect(features).toBeAllClose((await forward(images)).dataSync(), { rtol: 1e-5, atol: 1e-5 });
    const session = await InferenceSession.create(readFileSync(join(out, 'encoder.onnx')), { logSeverityLevel: 3 });
    for (const rows of [count, 1, 5]) {
      const some = data.slice(0, rows * side * side * channels);
      const result = await session.run({ images: new Tensor('uint8', some, [rows, side, side, channels]) });
      expect(result['features']!.data as Float32Array).toBeAllClose(features.slice(0, rows * shape[1]!), {
        rtol: 1e-5,
        atol: 1e-5,
      });
    }
  });

  it('is refused where it is foreign, newer, damaged or gone, and says which', async () => {
    const file = join(out, 'encoder.safetensors');
    const { tensors, metadata } = await loadSafetensors(file);
    const entry = 'selfsup.encoder';
    const description = JSON.parse(metadata[entry]!) as Record<string, unknown>;
    const other = join(out, 'other.safetensors');
    const problems: readonly (readonly [object | undefined, RegExp])[] = [
      [undefined, /does not describe itself/],
      [{ ...description, format: 99 }, /newer version.*Update/],
      [{ ...description, channels: 'three' }, /damaged description: normalize|damaged description: channels/],
      [{ ...description, encoder: { builder: 'Nothing', options: {} } }, /does not know/],
      [{ ...description, featureDim: 7 }, /says featureDim 7/],
    ];
    for (const [changed, message] of problems) {
      await saveSafetensors(other, tensors, changed === undefined ? {} : { [entry]: JSON.stringify(changed) });
      const error = await loadEncoder(other).catch((reason: unknown) => reason);
      expect(CheckpointError.isInstance(error)).toBe(true);
      expect(String(error)).toMatch(message);
      expect(String(error)).toContain(other);
    }
    writeFileSync(other, readFileSync(file).subarray(0, 5000));
    await expect(loadEncoder(other)).rejects.toThrow(other);
    await expect(loadEncoder(join(out, 'nothing'))).rejects.toThrow('nothing');
  });
});
