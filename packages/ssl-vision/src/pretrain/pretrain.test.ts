import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageArrayDataset } from '@selfsup/ssl-data';
import { expect, it } from 'vitest';
import { loadEncoder } from './load-encoder.js';
import { pretrain } from './pretrain.js';

it('a stopped run goes on to the same bytes, and the file alone gives the same features', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pretrain-'));
  const images = {
    data: Uint8Array.from({ length: 12 * 768 }, (_, i) => (i * 37 + (i >> 8) * 11) % 256),
    shape: [12, 16, 16, 3],
  };
  const settings = {
    data: new ImageArrayDataset(images),
    batchSize: 4,
    epochs: 2,
    workers: 0,
    progress: 'silent',
  } as const;
  const whole = await pretrain({ ...settings, out: join(folder, 'a') });
  const out = join(folder, 'b');
  const stop = new AbortController();
  const observers = [{ onStep: ({ step }: { step: number }) => void (step === 2 && stop.abort()) }];
  expect((await pretrain({ ...settings, out, observers, signal: stop.signal })).encoder).toBeUndefined();
  await pretrain({ ...settings, out });
  const read = (run: string) => readFile(join(folder, run, 'encoder.safetensors'));
  expect((await read('b')).equals(await read('a'))).toBe(true);
  const loaded = await loadEncoder(out);
  expect((await loaded.embed(images)).data).toEqual((await whole.encoder!.embed(images)).data);
  await expect(pretrain({ ...settings, out, method: 'byol' as never })).rejects.toThrow(/method/);
  await expect(pretrain({ ...settings, out, epochs: 3 })).rejects.toThrow(/finished run.*epochs was 2, is 3/);
  await expect(pretrain({ ...settings, out, method: 'mae' })).rejects.toThrow(/method was "simclr", is "mae"/);
  // An observer that ends a run ends it for good.
  const early = [
    {
      onStep: ({ step }: { step: number }, run: { stop(reason: string): void }) =>
        void (step === 2 && run.stop('enough')),
    },
  ];
  const stopped = await pretrain({ ...settings, out: join(folder, 'c'), observers: early });
  expect([stopped.interrupted, stopped.encoder!.description.training['steps']]).toEqual([false, 2]);
  await rm(folder, { recursive: true });
}, 100_000);
