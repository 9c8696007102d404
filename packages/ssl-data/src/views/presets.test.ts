import { createHash } from 'node:crypto';
import { foldIn, InvalidOptionError, ndArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { DataLoader } from '../loader/data-loader.js';
import { barlowTwinsViews } from './barlow-twins-views.js';
import { byolViews } from './byol-views.js';
import { cifarSupervisedViews, cifarViews } from './cifar-views.js';
import { dinoViews, ibotViews } from './dino-views.js';
import { dinov2Views } from './dinov2-views.js';
import { fixMatchViews } from './fix-match-views.js';
import { maeViews } from './mae-views.js';
import { mocoV1Views, mocoV2Views, mocoV3Views } from './moco-views.js';
import { simclrViews } from './simclr-views.js';
import { simsiamViews } from './simsiam-views.js';
import { smallImageCrops } from './small-image-crops.js';
import { smallImageViews } from './small-image-views.js';
import { evaluationViews, supervisedViews } from './supervised-views.js';
import { swavViews } from './swav-views.js';
import { vicreglViews } from './vicregl-views.js';
import { vicregViews } from './vicreg-views.js';
import type { DescribedView, ViewSpec } from './view.js';

const stream = (n: number): RandomStream => new RandomStream(foldIn(randomKey(12), n));
const pair = [32, 32];
const crops = { size: 24, localSize: 12, localCount: 3 };

/** Every preset on images of 32 x 32, with the sides of its views; `full` are the sides with the paper's options. */
const presets: Record<string, { views: readonly DescribedView[]; sides: number[]; full: number[] }> = {
  barlowTwins: { views: barlowTwinsViews({ size: 32 }), sides: pair, full: sidesOf(barlowTwinsViews()) },
  byol: { views: byolViews({ size: 32 }), sides: pair, full: sidesOf(byolViews()) },
  cifar: { views: cifarViews(), sides: pair, full: sidesOf(cifarViews()) },
  cifarSupervised: { views: cifarSupervisedViews(), sides: [32], full: [32] },
  dino: { views: dinoViews(crops), sides: [24, 24, 12, 12, 12], full: sidesOf(dinoViews()) },
  dinov2: { views: dinov2Views(crops), sides: [24, 24, 12, 12, 12], full: sidesOf(dinov2Views()) },
  evaluation: { views: evaluationViews({ size: 28 }), sides: [28], full: sidesOf(evaluationViews()) },
  fixMatch: { views: fixMatchViews(), sides: pair, full: pair },
  ibot: { views: ibotViews(crops), sides: [24, 24, 12, 12, 12], full: sidesOf(ibotViews()) },
  mae: { views: maeViews({ size: 32 }), sides: [32], full: sidesOf(maeViews()) },
  mocoV1: { views: mocoV1Views({ size: 32 }), sides: pair, full: sidesOf(mocoV1Views()) },
  mocoV2: { views: mocoV2Views({ size: 32 }), sides: pair, full: sidesOf(mocoV2Views()) },
  mocoV3: { views: mocoV3Views({ size: 32 }), sides: pair, full: sidesOf(mocoV3Views()) },
  simclr: { views: simclrViews({ size: 32 }), sides: pair, full: sidesOf(simclrViews()) },
  simsiam: { views: simsiamViews({ size: 32 }), sides: pair, full: sidesOf(simsiamViews()) },
  smallImageCrops: {
    views: smallImageCrops(crops),
    sides: [24, 24, 12, 12, 12],
    full: [28, 28, 16, 16, 16, 16],
  },
  smallImage: { views: smallImageViews(), sides: [28, 28], full: [28, 28] },
  supervised: { views: supervisedViews({ size: 32 }), sides: [32], full: sidesOf(supervisedViews()) },
  swav: { views: swavViews(crops), sides: [24, 24, 12, 12, 12], full: sidesOf(swavViews()) },
  vicregl: { views: vicreglViews(crops), sides: [24, 24, 12, 12, 12], full: sidesOf(vicreglViews()) },
  vicreg: { views: vicregViews({ size: 32 }), sides: pair, full: sidesOf(vicregViews()) },
};

function sidesOf(views: readonly DescribedView[]): number[] {
  return views.map(({ steps }) => steps.outputSize!(500, 375, steps.draw(500, 375, stream(0)))[0]);
}

describe('every preset', () => {
  it('has the sizes of its paper', () => {
    const locals = (count: number, side: number): number[] => [224, 224, ...Array<number>(count).fill(side)];
    expect(Object.fromEntries(Object.entries(presets).map(([name, { full }]) => [name, full]))).toEqual({
      barlowTwins: [224, 224],
      byol: [224, 224],
      cifar: pair,
      cifarSupervised: [32],
      dino: locals(8, 96),
      dinov2: locals(8, 98),
      evaluation: [224],
      fixMatch: pair,
      ibot: locals(10, 96),
      mae: [224],
      mocoV1: [224, 224],
      mocoV2: [224, 224],
      mocoV3: [224, 224],
      simclr: [224, 224],
      simsiam: [224, 224],
      smallImage: [28, 28],
      smallImageCrops: [28, 28, 16, 16, 16, 16],
      supervised: [224],
      swav: locals(6, 96),
      vicreg: [224, 224],
      vicregl: [224, 224],
    });
  });

  const noise = new RandomStream(randomKey(3));
  const dataset = new ImageArrayDataset(
    ndArray(
      Uint8Array.from({ length: 12 * 32 * 32 * 3 }, (_, i) => ((i >> 4) % 128) + (noise.bits() >>> 25)),
      [12, 32, 32, 3],
    ),
  );

  async function hashes(views: readonly DescribedView[], workers: number): Promise<string[]> {
    const loader = new DataLoader({ dataset, views, batchSize: 4, seed: 5, workers });
    const result: string[] = [];
    try {
      for await (const batch of loader.epoch(0)) {
        const hash = createHash('sha256');
        for (const { data, shape } of batch.views) hash.update(shape.join()).update(data);
        result.push(hash.digest('hex'));
      }
    } finally {
      await loader.close();
    }
    return result;
  }

  it.each(Object.entries(presets))('%s: the same batches from 0 and from 2 workers', async (_, { views, sides }) => {
    const expected = await hashes(views, 0);
    expect(expected).toHaveLength(3);
    expect(await hashes(views, 2)).toEqual(expected);
    const { image } = dataset.get(0);
    expect(views.map((view) => view(image, stream(0)).shape)).toEqual(sides.map((side) => [side, side, 3]));
  });
});

/** What a view of a kind drew somewhere inside a composition, with whatever probability it is applied; `undefined` where it was not applied. */
function drawnBy({ kind, options }: ViewSpec, drawn: unknown, wanted: string): unknown {
  if (kind === wanted) return drawn;
  if (kind === 'randomApply')
    return drawn === null
      ? undefined
      : drawnBy((options as { view: ViewSpec }).view, (drawn as { applied: unknown }).applied, wanted);
  if (kind === 'compose')
    for (const [i, part] of (options as ViewSpec[]).entries()) {
      const found = drawnBy(part, (drawn as unknown[])[i], wanted);
      if (found !== undefined) return found;
    }
  return undefined;
}

/** Asserts how often something is drawn: five standard deviations of 3,000 draws. */
function expectShare(view: DescribedView, wanted: string, applied: (drawn: never) => boolean, p: number): void {
  const count = 3000;
  let times = 0;
  for (let n = 0; n < count; n++) {
    const drawn = drawnBy(view.spec, view.steps.draw(64, 64, stream(n)), wanted);
    if (drawn !== undefined && applied(drawn as never)) times++;
  }
  expect(Math.abs(times / count - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / count));
}

const yes = (): boolean => true;
const truth = (value: boolean): boolean => value;
const positive = (value: number): boolean => value > 0;
/** Kind of view, and what counts as applied. */
const features: Record<string, readonly [string, (drawn: never) => boolean]> = {
  flip: ['horizontalFlip', truth],
  jitter: ['colorJitter', yes],
  grey: ['randomGrayscale', truth],
  blur: ['gaussianBlur', yes],
  boxBlur: ['boxBlur', positive],
  solarize: ['solarize', truth],
};

describe('what presets draw', () => {
  const common = { flip: 0.5, jitter: 0.8, grey: 0.2 };
  it.each<[string, readonly DescribedView[], readonly Partial<Record<keyof typeof features, number>>[]]>([
    ['simclrViews', simclrViews({ size: 32 }), [{ ...common, blur: 0.5 }]],
    ['mocoV1Views', mocoV1Views({ size: 32 }), [{ flip: 0.5, jitter: 1, grey: 0.2, blur: 0, boxBlur: 0 }]],
    ['mocoV2Views', mocoV2Views({ size: 32 }), [{ ...common, boxBlur: 0.5, solarize: 0 }]],
    [
      'mocoV3Views',
      mocoV3Views({ size: 32 }),
      [
        { ...common, boxBlur: 1, solarize: 0 },
        { ...common, boxBlur: 0.1, solarize: 0.2 },
      ],
    ],
    [
      'byolViews',
      byolViews({ size: 32 }),
      [
        { ...common, blur: 1, solarize: 0 },
        { ...common, blur: 0.1, solarize: 0.2 },
      ],
    ],
    [
      'barlowTwinsViews',
      barlowTwinsViews({ size: 32 }),
      [
        { ...common, boxBlur: 1, solarize: 0 },
        { ...common, boxBlur: 0.1, solarize: 0.2 },
      ],
    ],
    ['vicregViews', vicregViews({ size: 32 }), [{ ...common, boxBlur: 0.5, solarize: 0.1 }]],
    [
      'dinoViews',
      dinoViews({ ...crops, localCount: 1 }),
      [
        { ...common, boxBlur: 1, solarize: 0 },
        { ...common, boxBlur: 0.1, solarize: 0.2 },
        { ...common, boxBlur: 0.5, solarize: 0 },
      ],
    ],
    [
      'dinov2Views',
      dinov2Views({ ...crops, localCount: 1 }),
      [
        { ...common, blur: 1, solarize: 0 },
        { ...common, blur: 0.1, solarize: 0.2 },
        { ...common, blur: 0.5, solarize: 0 },
      ],
    ],
    [
      'swavViews',
      swavViews(crops),
      [
        { ...common, blur: 0.5, solarize: 0 },
        { ...common, blur: 0.5 },
      ],
    ],
    ['cifarViews', cifarViews(), [{ ...common, blur: 0 }]],
    ['maeViews', maeViews(), [{ flip: 0.5, jitter: 0, grey: 0, blur: 0, boxBlur: 0 }]],
    ['supervisedViews', supervisedViews(), [{ flip: 0.5, jitter: 0 }]],
  ])('%s: each change with its probability', (_, views, shares) => {
    for (const [v, share] of shares.entries())
      for (const [feature, p] of Object.entries(share)) expectShare(views[v]!, ...features[feature]!, p!);
  });

  it.each<[string, readonly DescribedView[], readonly (readonly [number, number])[]]>([
    ['byolViews', byolViews(), [[0.08, 1]]],
    ['mocoV2Views', mocoV2Views(), [[0.2, 1]]],
    ['maeViews', maeViews(), [[0.2, 1]]],
    [
      'dinoViews',
      dinoViews({ localCount: 1 }),
      [
        [0.4, 1],
        [0.4, 1],
        [0.05, 0.4],
      ],
    ],
    [
      'ibotViews',
      ibotViews({ localCount: 1 }),
      [
        [0.25, 1],
        [0.25, 1],
        [0.05, 0.25],
      ],
    ],
    [
      'dinov2Views',
      dinov2Views({ localCount: 1 }),
      [
        [0.32, 1],
        [0.32, 1],
        [0.05, 0.32],
      ],
    ],
    [
      'swavViews',
      swavViews({ localCount: 1 }),
      [
        [0.14, 1],
        [0.14, 1],
        [0.05, 0.14],
      ],
    ],
  ])('%s: crops of its part of the area', (_, views, scales) => {
    for (const [v, [low, high]] of scales.entries()) {
      const { spec, steps } = views[v]!;
      const areas = Array.from({ length: 1000 }, (__, n) => {
        const { height, width } = drawnBy(spec, steps.draw(400, 400, stream(n)), 'randomResizedCrop') as {
          height: number;
          width: number;
        };
        return (height * width) / 160_000;
      });
      // Sides are rounded to whole pixels.
      expect(Math.min(...areas)).toBeGreaterThan(low - 0.005);
      expect(Math.max(...areas)).toBeLessThan(high + 0.005);
      expect(Math.min(...areas)).toBeLessThan(low + 0.05 * (high - low));
      expect(Math.max(...areas)).toBeGreaterThan(high - 0.15 * (high - low));
    }
  });

  it('FixMatch: the strong view applies half of its two operations, and a grey square of half the side', () => {
    const [weak, strong] = fixMatchViews({ size: 32 });
    expectShare(weak, 'horizontalFlip', truth, 0.5);
    expectShare(strong, 'horizontalFlip', truth, 0.5);
    expect(JSON.stringify(weak.spec)).not.toContain('Augment');
    // Identity is one of the fourteen, too.
    expectShare(
      strong,
      'randAugment',
      (drawn: { operation: string }[]) => drawn.some(({ operation }) => operation !== 'Identity'),
      1 - (1 - 0.5 * (13 / 14)) ** 2,
    );
    const flat = { shape: [32, 32, 3], data: new Uint8Array(32 * 32 * 3).fill(127) };
    expect(weak(flat, stream(0))).toEqual(flat);
    const black = { shape: [32, 32, 3], data: new Uint8Array(32 * 32 * 3) };
    let grey = 0;
    for (let n = 0; n < 100; n++)
      grey = Math.max(grey, strong(black, stream(n)).data.filter((value) => value === 127).length);
    expect(grey).toBeGreaterThanOrEqual(16 * 16 * 3);
  });

  it('refuse options they cannot follow', () => {
    expect(() => dinoViews({ localCount: -1 })).toThrow(InvalidOptionError);
    expect(() => swavViews({ localScale: [0.5, 0.1] })).toThrow(InvalidOptionError);
    expect(() => byolViews({ size: 0 })).toThrow(InvalidOptionError);
    expect(dinoViews({ localCount: 0 })).toHaveLength(2);
  });

  it('evaluation resizes the shorter side to 256 and takes the middle', () => {
    const image = { shape: [300, 512, 1], data: Uint8Array.from({ length: 300 * 512 }, (_, i) => (i % 512) >> 1) };
    const [view] = evaluationViews();
    const { data, shape } = view(image, stream(0));
    expect(shape).toEqual([224, 224, 1]);
    // Brightness is the column's half: the middle column of 512 is 128.
    expect(Math.abs(data[112 * 224 + 112]! - 128)).toBeLessThanOrEqual(1);
  });
});
