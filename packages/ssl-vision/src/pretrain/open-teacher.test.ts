import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { ImageArrayDataset } from '@selfsup/ssl-data';
import { exportOnnx } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmallConvEncoder } from '../encoders/small-conv-encoder.js';
import { pretrain } from './pretrain.js';
import type { PretrainOptions } from './pretrain-options.js';

const stream = new RandomStream(randomKey(4));
const pixels = (channels: number) => ({
  data: Uint8Array.from({ length: 24 * 256 * channels }, () => stream.integer(256)),
  shape: [24, 16, 16, channels],
});
const data = new ImageArrayDataset(pixels(1));
const small = { batchSize: 8, epochs: 2, workers: 0, watch: false, progress: 'silent', threads: 1 } as const;
let folder: string;
const run = (name: string, options: Partial<PretrainOptions>) =>
  pretrain({ data, ...small, out: join(folder, name), ...options });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teacher-'));
  for (const seed of [0, 1]) await run(`teacher-${seed}`, { seed });
  await run('student', { method: 'distillation', teacher: join(folder, 'teacher-0') });
}, 100_000);
afterAll(() => rm(folder, { recursive: true }));

describe('the teacher of a run', () => {
  it('is the folder of a run, its file, or its ONNX file', async () => {
    for (const [name, file] of [
      ['file', 'encoder.safetensors'],
      ['onnx', 'encoder.onnx'],
    ] as const) {
      const { encoder, settings } = await run(name, {
        method: 'distillation',
        teacher: join(folder, 'teacher-0', file),
      });
      expect(encoder!.description.method.name).toBe('distillation');
      expect((settings['teacher'] as { digest: string }).digest).toMatch(/^[0-9a-f]{16}$/);
    }
  }, 60_000);

  it('is that of the start where a run goes on, finished or not', async () => {
    const again = await run('student', { method: 'distillation', teacher: join(folder, 'teacher-0') });
    expect(again.encoder!.description.method.name).toBe('distillation');
    const other = run('student', { method: 'distillation', teacher: join(folder, 'teacher-1') });
    await expect(other).rejects.toBeInstanceOf(CheckpointError);
    await expect(run('student', { method: 'distillation', teacher: join(folder, 'teacher-1') })).rejects.toThrow(
      'teacher.digest was ',
    );
  });

  it('is wanted by one method alone, and of pictures like those of the run', async () => {
    await expect(run('none', { method: 'distillation' })).rejects.toThrow(
      "Such as teacher: 'runs/large', the folder of a run, or teacher: { encoder, normalize }",
    );
    await expect(run('none', { teacher: join(folder, 'teacher-0') })).rejects.toThrow("Take method: 'distillation'");
    const colour = { method: 'distillation', data: new ImageArrayDataset(pixels(3)) } as const;
    await expect(run('none', { ...colour, teacher: join(folder, 'teacher-0') })).rejects.toThrow(
      'of pictures of 3 channels',
    );
    const encoder = new SmallConvEncoder({ key: randomKey(1), channels: [4], strides: [2] });
    const path = join(folder, 'float.onnx');
    await exportOnnx(encoder as never, [tf.zeros([1, 16, 16, 1])], { path });
    await expect(run('none', { method: 'distillation', teacher: path })).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(run('none', { method: 'distillation', teacher: path })).rejects.toThrow(
      'Give teacher: { encoder: await OnnxEncoder.open(path), normalize, size }',
    );
    const given = { encoder, normalize: { mean: 0.5, std: 0.25 } };
    expect((await run('own', { method: 'distillation', teacher: given })).encoder).toBeDefined();
  }, 60_000);
});
