import { randomKey } from '@selfsup/ssl-core';
import { ImageArrayDataset } from '@selfsup/ssl-data';
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
  parts = pretrainParts(new ImageArrayDataset(images), settings, { workers: 0 });
  return { settings, reasons, parts };
}

describe.each(methods)('the recipe of %s', (method) => {
  it.each([
    { count: 12, side: 16 },
    { count: 4000, side: 28 },
    { count: 900, side: 64, colour: 'colour' },
  ] as const)('fits $count pictures of $side pixels', (pictures) => {
    const { settings, reasons, parts } = chosen(method, pictures);
    expect(parts.method.name).toBe(method);
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
    expect(parts.views.length).toBeGreaterThanOrEqual(method === 'mae' ? 1 : 2);
  });
});

it.each(['dino', 'swav', 'ibot', 'dinov2'] as const)('%s has local views that patches fit', (method) => {
  for (const side of [16, 28, 30, 64]) {
    const { call } = chosen(method, { count: 12, side }).parts;
    const { size, localSize } = call!.options as { readonly size: number; readonly localSize: number };
    expect([size % 4, localSize % 4]).toEqual([0, 0]);
    expect(localSize).toBeLessThan(0.7 * size);
  }
});

it('keeps the teacher of DINO, whose gradients are clipped', () => {
  const { parts, settings } = chosen('dino', { count: 12, side: 16 });
  expect(parts.method).toBeInstanceOf(Dino);
  expect(parts.encoder).toBe((parts.method as unknown as Dino).modules.teacher);
  expect(settings.clipNorm).toBe(3);
  expect(parts.gradientStages.map(({ name }) => name)).toEqual(['clipByGlobalNorm']);
});

it('lets a teacher follow by the length of the run, at most as slowly as in the paper', () => {
  const momentum = (epochs: number) => {
    const facts = { count: 640, backbone: 'small-conv', batchSize: 64, epochs, stepsPerEpoch: 10 } as const;
    return recipes.dino.preset!(facts).value.momentum;
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
  });
  expect(groups!(0.25).map(({ learningRate }) => learningRate)).toEqual([undefined, 0.25]);
});
