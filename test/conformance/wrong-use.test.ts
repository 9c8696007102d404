/**
 * Wrong use of every method of ssl-vision and ssl-multimodal in the registry: a typed error that says what, where and what to
 * do, and advice that works when it is followed. A new method is in it by its entry. Where it rightly takes what is wrong for
 * others, its class (or the name of its entry) goes into `takes` of that kind.
 */
import '@tensorflow/tfjs-backend-cpu';
import { type NdArray, SslError } from '@selfsup/ssl-core';
import type { Module } from '@selfsup/ssl-nn';
import type { Method } from '@selfsup/ssl-train';
import * as multimodal from '@selfsup/ssl-multimodal';
import * as vision from '@selfsup/ssl-vision';
import { expect, it, vi } from 'vitest';
import { entries } from './entries.js';
import type { Entry } from './entry.js';
import { side } from './pictures.js';
import { type Batch, byAdvice, changed, firstBatch, firstRows, lossOf, pictures } from './wrong-use.js';

const greyStatistics = vi.hoisted(() => ({ mean: 0.5, std: 0.28 }));
/** Statistics of the registry's methods, which hold this object. */
const statistics: { mean: number | number[]; std: number | number[] } = vi.hoisted(() => ({ mean: 0.5, std: 0.28 }));
vi.mock('./pictures.js', async (original) => ({ ...(await original<object>()), statistics }));

type Networks = Method<never, string>['modules'];
const isMultiCrop = ({ views = [] }: Batch): boolean => views.length > 2 && views[0]!.shape[1] !== views[2]!.shape[1];
const patchOf = (modules: Networks): number | undefined =>
  Object.values(modules)
    .filter((module) => module instanceof vision.VisionTransformer)
    .map((module) => side / module.patchEmbed.grid[0])[0];

interface Kind {
  readonly title: string;
  /** Methods that are right to take it. */
  readonly takes?: readonly string[];
  /** The wrong batch; undefined where there is none of that kind for such a method. */
  readonly wrong: (batch: Batch, modules: Networks) => Batch | undefined;
  /** What the refusal says. */
  readonly message: RegExp;
  /** The batch as the message advises it, from the wrong and the right one. Default: the right one. */
  readonly cure?: (message: string, batch: Batch, right: Batch) => Promise<Batch> | Batch;
}

const ofViews =
  (change: (views: readonly NdArray<Uint8Array>[]) => unknown) =>
  (batch: Batch): Batch | undefined =>
    batch.views === undefined ? undefined : { ...batch, views: change(batch.views) as never };

const samples = ['Capi', 'Mae', 'SimMim', 'IJepa', 'Autoencoder', 'Beit', 'DiscreteVae', 'Cpc', 'IGpt'];
const taught = ['Distillation', 'Seed', 'LogitDistillation'];
const crops = ['Dino', 'Swav', 'Ibot', 'DinoV2', 'Msn', 'Pmsn'];
const several = ['SimClr, two workers', 'SimClrV2', 'SupCon', 'Frossl', 'WMse', 'Mmcr'];

const masks = (batch: Batch, modules: Networks, value: (at: number) => number): Batch | undefined => {
  if (batch.views === undefined) return undefined;
  const [images, patches] = [
    Math.min(2, batch.views.length) * batch.views[0]!.shape[0]!,
    (side / (patchOf(modules) ?? 4)) ** 2,
  ];
  const data = Uint8Array.from({ length: images * patches }, (_, at) => value(at));
  return { ...batch, masks: { data, shape: [images, patches] } };
};
/** Masks with as many ones as the message wants. */
const masked = (message: string, batch: Batch): Batch => {
  const [, number, of] = /Mask (\d+) patches (in all|of each image)/.exec(message) ?? [];
  const { data, shape } = batch.masks!;
  const place = (at: number): number => (of === 'in all' ? at : at % shape[1]!);
  return { ...batch, masks: { data: data.map((_, at) => (place(at) < Number(number ?? 20) ? 1 : 0)), shape } };
};

const kinds: readonly Kind[] = [
  {
    title: 'no views',
    wrong: ofViews(() => undefined),
    message: /^\w+: batch\.views must be an array of views, got undefined\. Give the loader views: new DataLoader/,
    cure: (message, _, right) => byAdvice(message, right),
  },
  {
    title: 'no pictures or no texts of pairs',
    wrong: ({ inputIds, ...batch }) => (inputIds === undefined ? undefined : batch),
    message: /^\w+: batch\.inputIds must be .*\. Give the Trainer new ImageTextLoader\(\{ images: /,
  },
  {
    title: 'fewer texts than pictures',
    wrong: (batch) => (batch.inputIds === undefined ? undefined : { ...batch, inputIds: firstRows(batch.inputIds, 3) }),
    message: /^\w+: batch\.inputIds must be a text for each of the 16 pictures, got 3 texts/,
  },
  {
    title: 'an empty list of views',
    wrong: ofViews(() => []),
    message: /^\w+: views must be .*, got none\. .*new DataLoader/,
    cure: (message, _, right) => byAdvice(message, right),
  },
  {
    title: 'one view',
    takes: [...samples, ...taught],
    wrong: ofViews((views) => views.slice(0, 1)),
    message: /^\w+: views must be .*(two|\d) .*, got \[\d+, 12, 12, \d\]\. Give the loader .*new DataLoader/,
    cure: (message, _, right) => byAdvice(message, right),
  },
  {
    title: 'three views of one size',
    takes: [...samples, ...crops, ...several, 'LeJepa', 'VisReg', ...taught],
    wrong: ofViews(([view]) => [view, view, view]),
    message:
      /^\w+: ((views must be (two|4) arrays.*|batch\.boxes must be 3 of.*), got .*\. .*new DataLoader|views must be of a number of images|batch\.teacher\.features must be \[48)/,
    cure: (message, _, right) => byAdvice(message, right),
  },
  {
    title: 'two global views and no local one',
    takes: crops,
    wrong: (batch) => (isMultiCrop(batch) ? { ...batch, views: batch.views!.slice(0, 2) } : undefined),
    message: /^\w+: views must be two global views and one or more local ones, got .*new DataLoader/,
    cure: (message, _, right) => byAdvice(message, right),
  },
  {
    title: 'views of two sizes, the smaller one second',
    wrong: ofViews(([view, ...others]) => [view, pictures(view!, 8), ...others]),
    message: /^\w+: views must be .*one (shape|size).*, got .* and \[\d+, 8, 8, \d\].*new DataLoader/,
    cure: (message, _, right) => byAdvice(message, right),
  },
  {
    title: 'views of other images',
    takes: samples,
    wrong: ofViews(([view]) => [view, firstRows(view!, 3)]),
    message: /^\w+: views must be .* and \[3, 12, 12, \d\].*new DataLoader/,
    cure: (message, _, right) => byAdvice(message, right),
  },
  {
    title: 'a last batch of one image',
    takes: ['Mae', 'SimMim', 'Dino', 'Swav', 'Ibot', 'DiscreteVae', 'IGpt'],
    wrong: (batch) => firstRows(batch, 1),
    message:
      /^\w+: (views|batch) must be (of .* or more|.* multiple.* images), got .*\. Take (a larger )?batchSize.*(dropLast|shuffleParts)/,
  },
  {
    title: 'grey pictures with statistics of three channels',
    takes: ['DiscreteVae', 'IGpt'],
    wrong: (batch) => changed(batch, (view) => pictures(view, view.shape[1]!, 1)),
    message:
      /^normalizeImages: mean must be one number or 1, one for each channel, got 3\. .*for grey ones a number each/,
  },
  {
    title: 'pictures of other channels than the encoder takes',
    wrong: (batch) => changed(batch, (view) => pictures(view, view.shape[1]!, view.shape[3] === 1 ? 3 : 1)),
    message:
      /must be \[batch, \w+, \w+, \d\].*, got .*\. .*((encoder|tokenizer).*inChannels: \d|palette of such pictures)/,
  },
  {
    title: 'pictures in rows',
    wrong: (batch) => changed(batch, ({ data, shape }) => ({ data, shape: [shape[0]!, data.length / shape[0]!] })),
    message: /must be .*(\[batch, height, width, \w+\]|two of one size).*, got \[/,
  },
  {
    title: 'part of a patch, or another size than a decoder has',
    wrong: (batch, modules) =>
      patchOf(modules) === undefined && modules['decoder'] === undefined
        ? undefined
        : changed(batch, (view) => pictures(view, view.shape[1]! - 1)),
    message:
      /(multiples of \d, such as height \d+ or \d+ and width|Give the loader views of that size, such as maeViews\(\{ size: 12)/,
    cure: (message, batch) => {
      const size = Number(/(?:height \d+ or|size:) (\d+)/.exec(message)?.[1]);
      return changed(batch, (view) => pictures(view, size));
    },
  },
  {
    title: 'local views of part of a patch',
    wrong: (batch, modules) =>
      patchOf(modules) === undefined || !isMultiCrop(batch)
        ? undefined
        : { ...batch, views: batch.views!.map((view, at) => (at < 2 ? view : pictures(view, 7))) },
    message:
      /^\w+: views must be of sizes that the backbone takes, .* got 7 x 7 \(PatchEmbed: .*multiples of 4.*localSize: 12/,
    cure: (message, batch) => changed(batch, (view) => pictures(view, Number(/localSize: (\d+)/.exec(message)?.[1]))),
  },
  {
    title: 'multi-crop for an encoder of one size',
    wrong: (batch, { backbone }) => {
      if (!isMultiCrop(batch)) return undefined;
      ofOneSize(backbone!);
      return batch;
    },
    message:
      /^\w+: views must be of sizes that the backbone takes, as it took 12 x 12 pixels, got 8 x 8 \(.*localSize: 12/,
    cure: (message, batch) => changed(batch, (view) => pictures(view, Number(/localSize: (\d+)/.exec(message)?.[1]))),
  },
  {
    title: 'no labels where there would be some',
    wrong: ({ labels, ...batch }) => (labels === undefined ? undefined : batch),
    message:
      /^\w+: batch\.labels must be classes of the images, got undefined\. Give the loader a data set with labels/,
  },
  {
    title: 'labels of other images',
    wrong: ({ labels, ...batch }) => (labels === undefined ? undefined : { ...batch, labels: firstRows(labels, 3) }),
    message: /labels must be int32 \[16\], got int32 \[3\]/,
  },
  {
    title: 'masks of a loader with another number of patches',
    takes: ['ignoring masks', 'Beit'],
    wrong: (batch, modules) => masks(batch, modules, () => 1),
    message: /^\w+: batch\.masks must be of \d+ masked patches.*, got \d+\. Mask \d+ patches (in all|of each image)/,
    cure: masked,
  },
  {
    title: 'masks of bytes',
    takes: ['ignoring masks'],
    wrong: (batch, modules) => masks(batch, modules, (at) => (at % 4 === 0 ? 255 : 0)),
    message: /^\w+: batch\.masks must be 0 or 1 for each patch, got 255/,
    cure: masked,
  },
  {
    title: 'masks of one view',
    takes: ['ignoring masks'],
    wrong: (batch) =>
      batch.views === undefined ? undefined : { ...batch, masks: { data: new Uint8Array(12).fill(1), shape: [3, 4] } },
    message: /^\w+: batch\.masks must be (\[\d+, \d+\], got \[3, 4\]|of \d+ masked patches)/,
    cure: (_, { masks: _masks, ...batch }) => batch,
  },
];

/** An encoder that takes pictures of the global views' size alone, as one with a layer of all pixels does. */
function ofOneSize(encoder: Module): void {
  for (const name of ['forward', 'encode'] as const) {
    const given = encoder as unknown as Record<string, ((images: { shape: number[] }) => unknown) | undefined>;
    const own = given[name];
    if (own === undefined) continue;
    given[name] = function only(this: unknown, ...inputs) {
      const { shape } = inputs[0];
      if (shape[1] !== side)
        throw new TypeError(`Size(${shape[1]! * shape[2]!}) must match the shape [-1, ${side ** 2}]`);
      return own.apply(this, inputs);
    };
  }
}

const published = new Set<unknown>([...Object.values(vision), ...Object.values(multimodal)]);
const ours: { readonly entry: Entry; readonly right: Batch }[] = [];
for (const entry of entries.filter((one) => published.has(one.method().constructor)))
  ours.push({ entry, right: await firstBatch(entry) });
// Of volumes the classes' own tests tell.
const ofPictures = ours.filter(({ right: { views, images } }) => (images ?? views![0]!).shape.length === 4);

it('is about every method of both packages', () => {
  expect(ours.length).toBeGreaterThan(40);
  expect(ofPictures.length).toBeGreaterThan(0.8 * ours.length);
});

it.each(ofPictures.map(({ entry, right }) => [entry.name, entry, right] as const))(
  '%s refuses what is wrong, by a message whose advice works',
  async (_name, entry, right) => {
    expect(lossOf(entry.method(), right)).toSatisfy(Number.isFinite);
    expect(await problemsOf(entry, right)).toEqual([]);
  },
);

/** What is amiss with an entry's answers, kind by kind. */
async function problemsOf(entry: Entry, right: Batch): Promise<string[]> {
  const problems: string[] = [];
  const followed = new Set<string>();
  const unmasked = attempt(entry.method(), right);
  for (const { title, takes = [], wrong, message, cure } of kinds) {
    const method = entry.method();
    const batch = wrong(right, method.modules);
    if (batch === undefined) continue;
    if (title.includes('statistics')) Object.assign(statistics, vision.imagenetStatistics);
    const told = attempt(method, batch);
    Object.assign(statistics, greyStatistics);
    if (typeof told === 'number') {
      const names = [method.constructor.name, entry.name, ...(told === unmasked ? ['ignoring masks'] : [])];
      if (!Number.isFinite(told) || !names.some((name) => takes.includes(name)))
        problems.push(
          `${title}: was taken, with a loss of ${told}. Where that is right it goes into takes of its kind`,
        );
      continue;
    }
    const text = String(told instanceof Error ? told.message : told);
    if (!SslError.isInstance(told) || !message.test(text)) problems.push(`${title}: ${String(told)}, not ${message}`);
    const advice = text
      .split(', got ')
      .at(-1)!
      .replace(/^[^.]*\. /, '');
    if (cure === undefined || followed.has(advice)) continue;
    followed.add(advice);
    const then = await Promise.resolve(cure(text, batch, right)).then((one) => attempt(entry.method(), one), String);
    if (typeof then !== 'number' || !Number.isFinite(then))
      problems.push(`${title}: ${advice}, and then ${String(then)}`);
  }
  return problems;
}

function attempt(method: Method<never, string>, batch: Batch): unknown {
  try {
    return lossOf(method, batch);
  } catch (error) {
    return error;
  }
}
