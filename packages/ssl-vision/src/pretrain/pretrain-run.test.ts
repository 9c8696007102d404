import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-core';
import { ImageArrayDataset, simclrViews, smallImageViews } from '@selfsup/ssl-data';
import { NonFiniteLossError } from '@selfsup/ssl-train';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pretrain } from './pretrain.js';
import type { PretrainOptions } from './pretrain-options.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'pretrain-'))));
afterEach(() => rm(folder, { recursive: true }));

/** Stripes across and stripes down, at random places. */
const labels = Int32Array.from({ length: 60 }, (_, i) => i % 2);
const stream = new RandomStream(randomKey(4));
const data = new Uint8Array(60 * 256);
labels.forEach((label, i) => {
  const at = stream.integer(5);
  for (let p = 0; p < 256; p++) {
    const place = (label === 0 ? Math.floor(p / 16) : p % 16) + at;
    data[i * 256 + p] = (place % 5 < 2 ? 190 : 20) + stream.integer(30);
  }
});
const images = { data, shape: [60, 16, 16, 1] };
const small = { batchSize: 20, epochs: 3, workers: 0, progress: 'silent' } as const;
const run = async (name: string, options: Partial<PretrainOptions> = {}) => {
  const notes: string[] = [];
  const evaluations: Readonly<Record<string, number>>[] = [];
  const watcher = {
    onNote: ({ text }: { readonly text: string }) => void notes.push(text),
    onEvaluation: ({ metrics }: { readonly metrics: Readonly<Record<string, number>> }) =>
      void evaluations.push(metrics),
  };
  const out = join(folder, name);
  const result = await pretrain({
    data: new ImageArrayDataset(images),
    ...small,
    out,
    ...options,
    observers: [...(options.observers ?? []), watcher],
  });
  const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as {
    settings: Record<string, unknown>;
    reasons: Record<string, string>;
  };
  return { ...result, notes, evaluations, config, out };
};
const bytesOf = ({ out }: { readonly out: string }) => readFile(join(out, 'encoder.safetensors'));

describe('what watches a run by default', () => {
  it('tells kNN of labelled pictures and spread of features, and changes no byte of the encoder', async () => {
    const watched = await run('watched', { labelled: { images, labels } });
    const names = watched.evaluations.flatMap((metrics) => Object.keys(metrics));
    expect(new Set(names)).toEqual(new Set(['featureDeviation', 'collapseLevel', 'rankMe', 'effectiveRank', 'knn']));
    const knn = watched.evaluations.flatMap(({ knn }) => (knn === undefined ? [] : [knn]));
    // 12 pictures for the test; after the first epoch and at the end at least.
    expect(knn.length).toBeGreaterThanOrEqual(2);
    expect(knn.every((share) => Number.isInteger(Math.round(share * 12 * 1e6) / 1e6))).toBe(true);
    expect(watched.notes.filter((text) => text.includes('collapse'))).toEqual([]);
    const alone = await run('alone', { watch: false });
    expect(alone.evaluations).toEqual([]);
    expect((await bytesOf(watched)).equals(await bytesOf(alone))).toBe(true);
    const report = await readFile(join(watched.out, 'report.html'), 'utf8');
    expect(report).toMatch(/<h2>Neighbours<\/h2>\s*<p>Each row: a picture.*\s*<figure><img src="data:image\/png/);
    expect(report).toContain('knn');
  }, 100_000);

  it('names the first tensor that is not finite, and keeps the step', async () => {
    const error = await run('broken', { learningRate: 1e30, epochs: 20 }).catch((reason: unknown) => reason);
    expect(NonFiniteLossError.isInstance(error)).toBe(true);
    const [path] = /\S*nan-step-\d+\.safetensors/.exec(String(error)) ?? [];
    expect((await readFile(path!)).byteLength).toBeGreaterThan(1000);
  }, 100_000);

  it('gives way to an observer of the caller with the same name', async () => {
    const seen: string[] = [];
    const own = {
      name: 'collapse-watch',
      onEpochEnd: ({ epoch }: { readonly epoch: number }) => void seen.push(`${epoch}`),
    };
    const { evaluations } = await run('own', { observers: [own], epochs: 1 });
    expect([seen, evaluations]).toEqual([['1'], []]);
  }, 100_000);
});

describe('the batch of a run', () => {
  // 32 by its number of pictures.
  const many = { data: new Uint8Array(180 * 256).map((_, i) => data[i % data.length]!), shape: [180, 16, 16, 1] };
  const source = { data: new ImageArrayDataset(many), watch: false };

  it('that fits is the one that was chosen, and looking at the memory changes nothing', async () => {
    const chosen = await run('chosen', { ...source, epochs: 1, workers: 1, batchSize: undefined as never });
    expect([chosen.settings['batchSize'], chosen.config.reasons['batchSize']]).toEqual([
      32,
      'of 180 pictures, at most 128',
    ]);
    const given = await run('given', { ...source, epochs: 1, batchSize: 32 });
    const weights = ({ encoder }: typeof given) => [...encoder!.encoder.stateDict().values()].map(({ data }) => data);
    expect(weights(chosen)).toEqual(weights(given));
  }, 100_000);

  it('is halved until the step fits the memory, which is told, and stays so where the run goes on', async () => {
    const settings = { batchSize: undefined as never, imageSize: 32, epochs: 2 };
    const constrained = vi.spyOn(process, 'constrainedMemory').mockReturnValue(process.memoryUsage.rss() + 60e6);
    const stop = new AbortController();
    const stopping = { onStep: ({ step }: { readonly step: number }) => void (step === 2 && stop.abort()) };
    let first: Awaited<ReturnType<typeof run>>;
    try {
      first = await run('a', { ...source, ...settings, observers: [stopping], signal: stop.signal });
    } finally {
      constrained.mockRestore();
    }
    const { batchSize, learningRate } = first.config.settings as { batchSize: number; learningRate: number };
    expect(batchSize).toBeLessThan(32);
    expect(batchSize).toBeGreaterThanOrEqual(8);
    expect(learningRate).toBeCloseTo(1e-3 * Math.sqrt(batchSize / 128), 12);
    expect(first.config.reasons['batchSize']).toMatch(
      /^32 would take about 0\.\d GB of memory, and 0\.\d GB can be had/,
    );
    expect(first.notes.join('\n')).toContain(`batchSize ${batchSize} (32 would take`);
    const rest = await run('a', { ...source, ...settings });
    expect([rest.interrupted, rest.settings['batchSize']]).toEqual([false, batchSize]);
    expect(rest.config).toEqual(first.config);
    // Given, it is the caller's.
    await expect(run('a', { ...source, ...settings, batchSize: 32 })).rejects.toThrow(/batchSize was \d+, is 32/);
  }, 100_000);
});

describe('options', () => {
  it('takes views, statistics, threads and what the method can be told, and compares them where a run goes on', async () => {
    const views = smallImageViews({ size: 16, degrees: 0 });
    const options = {
      epochs: 1,
      watch: false,
      views,
      normalize: { mean: 0.4, std: 0.3 },
      threads: 1,
      methodOptions: { temperature: 0.5 },
    };
    const { encoder, notes, config } = await run('a', options);
    expect(encoder!.description).toMatchObject({
      normalize: { mean: [0.4], std: [0.3] },
      method: { name: 'simclr', settings: { temperature: 0.5 } },
      views: JSON.parse(JSON.stringify(views.map(({ spec }) => spec))) as object,
    });
    expect(notes.join('\n')).toContain('1 threads compute (as given), 0 build batches');
    expect(Object.keys(config.reasons)).not.toContain('views');
    // What cannot be written is left to be put in, each in a line of its own.
    const byHand = await readFile(join(folder, 'a', 'by-hand.ts'), 'utf8');
    expect(byHand.match(/^const (?:dataset|views) = undefined!;$/gm)).toHaveLength(2);
    expect(byHand).toContain('temperature: 0.5');
    const other = run('a', { ...options, methodOptions: { temperature: 0.4 } });
    await expect(other).rejects.toThrow(/methodOptions.temperature was 0.5, is 0.4/);
    await expect(run('a', { ...options, views: smallImageViews({ size: 16 }) })).rejects.toThrow(/views was /);
  }, 100_000);

  it.each([
    ['of another method', { methodOptions: { maskRatio: 0.5 } as never }, /maskRatio/],
    ['of the other method', { method: 'mae', methodOptions: { temperature: 0.5 } }, /temperature/],
    ['one view', { views: simclrViews({ size: 16 })[0] as never }, /list of views/],
    ['one observer', { observers: {} as never }, /list of observers/],
    ['statistics of bytes', { normalize: { mean: 127, std: 60 } }, /0 \.\. 1/],
    ['classes that are not there', { method: 'supcon' }, /two or more classes .* such as 'simclr'/],
    ['labels of one class', { labelled: { images, labels: new Int32Array(60) } }, /two or more classes/],
  ] satisfies readonly (readonly [string, Partial<PretrainOptions>, RegExp])[])(
    'refuses %s',
    async (_, options, message) => {
      const all = { data: new ImageArrayDataset(images), ...small, out: join(folder, 'a'), ...options };
      const error = await pretrain(all).catch((reason: unknown) => reason);
      expect(InvalidOptionError.isInstance(error)).toBe(true);
      expect(String(error)).toMatch(message);
    },
  );
});
