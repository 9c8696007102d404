import { readdirSync, readFileSync } from 'node:fs';
import { randomKey } from '@selfsup/ssl-core';
import { ImageArrayDataset } from '@selfsup/ssl-data';
import { shapesOnly } from '@selfsup/ssl-nn';
import { afterEach, describe, expect, it } from 'vitest';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Dino } from '../../methods/dino/dino.js';
import { chooseSettings } from '../choose-settings.js';
import { type PretrainParts, pretrainParts } from '../pretrain-parts.js';
import type { MethodName } from './recipes.js';
import { recipes } from './recipes.js';

const methods = Object.keys(recipes) as MethodName[];
const channelsOf = { colour: 3, grey: 1 } as const;
let parts: PretrainParts | undefined;
afterEach(() => parts?.loader.close());

/** Methods by their class's name where that is another's. */
const classOf: Partial<Record<MethodName, string>> = {
  dcl: 'simclr',
  dclw: 'simclr',
  'denoising-autoencoder': 'autoencoder',
};
/** Methods that take one view. */
const singles: readonly MethodName[] = [
  'distillation',
  'mae',
  'simmim',
  'ijepa',
  'capi',
  'autoencoder',
  'denoising-autoencoder',
];
const chosenViews = (method: MethodName): readonly number[] =>
  singles.includes(method) ? [1] : method === 'fastsiam' ? [4] : [2, 6];

/** Parts of a run, as `pretrain` chooses them. */
function chosen(
  method: MethodName,
  {
    count,
    side,
    colour = 'grey',
  }: { readonly count: number; readonly side: number; readonly colour?: 'colour' | 'grey' },
) {
  const channels = channelsOf[colour];
  const list = Array<number>(channels).fill(0.5);
  const facts = { count, channels, side, normalize: { mean: list, std: list } };
  const { settings, reasons } = chooseSettings({ data: 'photos', out: 'run', method }, facts, undefined, 2);
  const images = { data: new Uint8Array(count * channels), shape: [count, 1, 1, channels] };
  const encoder = new SmallConvEncoder({ key: randomKey(9), inChannels: channels, channels: [4], strides: [2] });
  const teacher = { teacher: { encoder, normalize: { mean: 0.5, std: 0.5 } }, settings: {}, lines: [], imports: [] };
  const own = recipes[method] as { readonly teacher?: true };
  const dataset = new ImageArrayDataset(images);
  // Names and shapes are what is looked at.
  parts = shapesOnly(() =>
    pretrainParts(dataset, settings, { workers: 0 }, own.teacher === true ? teacher : undefined),
  );
  return { settings, reasons, parts };
}

describe.each(methods)('the recipe of %s', (method) => {
  it.each([
    { count: 12, side: 16 },
    { count: 4000, side: 28 },
    { count: 900, side: 64, colour: 'colour' },
  ] as const)('fits $count pictures of $side pixels', (pictures) => {
    const { settings, reasons, parts } = chosen(method, pictures);
    expect(parts.method.name).toBe(classOf[method] ?? method);
    // All that was chosen is JSON, and said.
    expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
    expect(Object.hasOwn(reasons, 'methodOptions')).toBe(Object.keys(settings.methodOptions).length > 0);
    const { queueSize, queueLength = queueSize ?? settings.batchSize } = settings.methodOptions as Record<
      string,
      number
    >;
    expect(queueLength % settings.batchSize).toBe(0);
    expect(queueLength).toBeLessThanOrEqual(Math.max(settings.batchSize, pictures.count / 2));
    // The kept encoder is what the file describes.
    expect([...parts.encoder.stateDict().keys()]).toEqual([...parts.method.modules.backbone.stateDict().keys()]);
  });

  it('names each of its choices as the class does, and writes the call of its views', () => {
    const { parts } = chosen(method, { count: 12, side: 16 });
    expect(parts.call!.name).toMatch(/Views$|Crops$/);
    expect(parts.views.length % (parts.call!.times ?? 1)).toBe(0);
    expect(chosenViews(method)).toContain(parts.views.length);
  });
});

/** Methods that want more than a call says: a network that is trained before, or an encoder of their own. */
const byHandAlone: readonly string[] = ['logit-distillation', 'seed', 'beit', 'discrete-vae', 'cpc', 'igpt', 'amdim'];

it('there is one for each method of the package', () => {
  const folder = new URL('../../methods/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const names = files.flatMap((file) => {
    const text = readFileSync(new URL(file.replaceAll('\\', '/'), folder), 'utf8');
    return /implements Method\b/.test(text)
      ? (/readonly name = '(?<name>[\w-]+)'/.exec(text)?.groups?.['name'] ?? [])
      : [];
  });
  expect(names.length).toBeGreaterThan(24);
  expect(names.filter((name) => !Object.hasOwn(recipes, name) && !byHandAlone.includes(name))).toEqual([]);
});

it.each(['dino', 'swav', 'ibot', 'dinov2', 'msn', 'pmsn', 'lejepa', 'visreg'] as const)(
  '%s has local views that patches fit',
  (method) => {
    for (const side of [16, 28, 30, 64]) {
      const { call } = chosen(method, { count: 12, side }).parts;
      const { size, localSize } = call!.options as { readonly size: number; readonly localSize: number };
      expect([size % 4, localSize % 4]).toEqual([0, 0]);
      expect(localSize).toBeLessThan(0.8 * size);
    }
  },
);

it('keeps the teacher of DINO, whose gradients are clipped', () => {
  const { parts, settings } = chosen('dino', { count: 12, side: 16 });
  expect(parts.method).toBeInstanceOf(Dino);
  expect(parts.encoder).toBe((parts.method as unknown as Dino).modules.teacher);
  expect(settings.clipNorm).toBe(3);
  expect(parts.gradientStages.map(({ name }) => name)).toEqual(['clipByGlobalNorm']);
});

const facts = {
  count: 640,
  backbone: 'small-conv',
  batchSize: 64,
  epochs: 10,
  stepsPerEpoch: 10,
  imageSize: 32,
  patchSize: undefined,
} as const;

it('lets a teacher follow by the length of the run, at most as slowly as in the paper', () => {
  const momentum = (epochs: number) => {
    return recipes.dino.preset!({ ...facts, epochs }).value.momentum;
  };
  expect([1, 200, 400, 1000, 10_000].map(momentum)).toEqual([0.99, 0.99, 0.995, 0.996, 0.996]);
});

it("leaves SimSiam's predictor at the run's highest rate", () => {
  const { architecture } = chosen('simsiam', { count: 12, side: 16 }).parts;
  const { groups } = recipes.simsiam.build({
    architecture,
    encoder: () => new SmallConvEncoder({ key: randomKey(0), channels: [4], strides: [1] }),
    options: { outDim: 8 },
    key: randomKey(1),
    normalize: { mean: [0.5], std: [0.5] },
    imageSize: 16,
    channels: 1,
  });
  expect(groups!(0.25).map(({ learningRate }) => learningRate)).toEqual([undefined, 0.25]);
});

it.each(['lejepa', 'visreg'] as const)('%s has local views whatever the size', (method) => {
  const locals = [16, 20, 28, 64].map((side) => {
    const { localSize, localCount } = chosen(method, { count: 12, side }).parts.call!.options as Record<string, number>;
    return [localSize, localCount];
  });
  expect(locals).toEqual([
    [12, 4],
    [12, 4],
    [16, 4],
    [32, 4],
  ]);
});

it('whitens in parts that divide the batch, twice as many as the projections are wide', () => {
  const parts = [1, 2, 6, 64, 100, 128, 131, 192, 256].map((batchSize) => {
    const { wSize, outDim } = recipes['w-mse'].preset!({ ...facts, batchSize }).value;
    return [wSize, outDim];
  });
  expect(parts).toEqual([
    [1, 1],
    [2, 1],
    [6, 3],
    [64, 32],
    [100, 50],
    [128, 64],
    [131, 64],
    [96, 48],
    [128, 64],
  ]);
});

it('fills the queue of SMoG before groups are found anew', () => {
  for (const batchSize of [2, 32, 64, 128]) {
    const { queueSize, groups } = recipes.smog.preset!({ ...facts, batchSize, count: 60_000 }).value;
    expect(queueSize).toBeLessThanOrEqual(300 * batchSize);
    expect(groups).toBeLessThanOrEqual(queueSize! / 4);
  }
});

it('hides squares of SimMIM that divide the patches', () => {
  const units = [16, 28, 32, 64].map(
    (imageSize) => recipes.simmim.preset!({ ...facts, imageSize, patchSize: 4 }).value.maskUnit,
  );
  expect(units).toEqual([2, 1, 2, 2]);
});

it('has decoders of autoencoders for pictures that can be halved once or more', () => {
  const channels = [16, 28, 30, 32, 64, 128].map(
    (imageSize) => recipes.autoencoder.preset!({ ...facts, imageSize }).value.channels,
  );
  expect(channels).toEqual([[64, 32], [64, 32], [32], [128, 64, 32], [128, 128, 64, 32], [128, 128, 64, 32]]);
});
