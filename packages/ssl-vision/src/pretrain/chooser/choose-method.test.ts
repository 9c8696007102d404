import { InvalidOptionError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { recipes } from '../recipes/recipes.js';
import { chooseMethod, rankMethods } from './choose-method.js';
import { type MeasuredMethod, measuredPictures } from './measured-method.js';
import type { TaskFacts } from './task-facts.js';

const random = { knn: 0.3, probe10: 0.3, probe60: 0.4 };
const budget = { images: 18_720, epochs: 4, batchSize: 64, seeds: 1, threads: 2, random };
const row = (method: string, knn: number, more: Partial<MeasuredMethod> = {}): MeasuredMethod => ({
  data: 'letters',
  encoder: 'small-conv',
  seconds: 120,
  peakMemory: 900,
  ...budget,
  method,
  knn,
  probe10: knn,
  probe60: knn + 0.1,
  ...more,
});
const vit = 'ViT 4 x 128, patches of 4, mean';
const rows = [
  row('simclr', 0.7),
  row('vicreg', 0.8),
  row('byol', 0.25),
  row('dino', 0.6, { seconds: 400, peakMemory: 1500 }),
  row('mae', 0.5, { encoder: vit, seconds: 100 }),
];
const task = { images: 18_720, imageSize: 28, channels: 1, cores: 2 } as const;
const choose = (facts: Partial<TaskFacts> = {}, table = rows) =>
  rankMethods({ ...task, ...facts }, { rows: table, sets: measuredPictures });
const of = (method: string, facts?: Partial<TaskFacts>, table?: readonly MeasuredMethod[]) =>
  choose(facts, table as MeasuredMethod[]).ranked.find((advice) => advice.method === method)!;
const text = (method: string, facts?: Partial<TaskFacts>): string =>
  of(method, facts)
    .reasons.map((reason) => `${reason.basis}: ${reason.text}`)
    .join('\n');

describe('chooseMethod', () => {
  it('ranks by the table, says its figures, and what is not measured', () => {
    const { ranked } = choose();
    expect(ranked[0]!.method).toBe('vicreg');
    expect(ranked.map(({ score }) => score)).toEqual(ranked.map(({ score }) => score).toSorted((a, b) => b - a));
    expect(text('vicreg')).toContain(
      'measured: decorrelates, on letters: linear probe with 60 labels per class 90.0 (random encoder 40.0, best vicreg 90.0) after 1168 steps',
    );
    expect(of('vicreg').reasons[0]).toMatchObject({ basis: 'measured', points: 100 });
    // (0.8 - 0.4) / (0.9 - 0.4)
    expect(of('simclr').reasons[0]).toMatchObject({ basis: 'measured', points: 80 });
    expect(of('byol').reasons[0]!.points).toBe(-10);
    // A random encoder of another kind is better than what a transformer has learnt.
    const conv = [...rows, row('tico', 0.75, { encoder: 'resnet18', random: { ...random, probe60: 0.7 } })];
    expect(of('mae', {}, conv).reasons[0]).toMatchObject({ basis: 'measured', points: -50 });
    expect(of('mae', { backbone: 'vit-micro' }, conv).reasons[0]).toMatchObject({ points: 100 });
    expect(text('moco')).toContain('facts: contrastive, queue and twin: not measured here');
    // Every method is there once.
    const all = [...ranked, ...choose().excluded].map(({ method }) => method);
    expect(all.toSorted()).toEqual(Object.keys(recipes).toSorted());
  });

  it('gives a score that is the sum of its reasons', () => {
    for (const { score, reasons } of choose({ minutes: 5, memory: 1e9, goal: 'dense' }).ranked)
      expect(score).toBe(reasons.reduce((sum, { points }) => sum + points, 0));
  });

  it('looks at neighbours for retrieval, and at the probe of few labels where there are few', () => {
    expect(text('simclr', { goal: 'retrieval' })).toContain('kNN 70.0');
    expect(text('simclr', { labels: 300 })).toContain('10 labels per class 70.0');
  });

  it('prefers sets with the same channels', () => {
    const emoji = row('simclr', 0.9, { data: 'emoji', encoder: 'resnet18' });
    const said = (channels: number) => of('simclr', { channels }, [...rows, emoji]).reasons[0]!.text;
    expect([said(1).includes('letters'), said(1).includes('emoji')]).toEqual([true, false]);
    expect([said(3).includes('letters'), said(3).includes('emoji')]).toEqual([false, true]);
    expect(said(2)).toMatch(/letters.*; emoji.*, none with 2 channels/);
  });

  it('does not offer classes where there are none, nor encoders that a method does not train', () => {
    const why = (facts: Partial<TaskFacts>) =>
      Object.fromEntries(choose(facts).excluded.map(({ method, why }) => [method, why]));
    const distillation = 'it copies a teacher, which has to be given';
    expect(why({})).toEqual({ supcon: 'it learns from classes, and there are none', distillation });
    expect(why({ labels: 5000 })['supcon']).toContain('not all pictures');
    expect(why({ labels: task.images })).toEqual({ distillation });
    expect(text('supcon', { labels: task.images })).toContain('learns from the classes');
    const convolutional = why({ backbone: 'resnet18' });
    expect(Object.keys(convolutional)).toEqual([
      'supcon',
      'ibot',
      'dinov2',
      'msn',
      'pmsn',
      'mae',
      'simmim',
      'ijepa',
      'capi',
      'distillation',
    ]);
    expect(convolutional['mae']).toMatch(/vit-tiny/);
    expect(Object.keys(why({ backbone: 'vit-micro' }))).toEqual([
      'supcon',
      'densecl',
      'amdim',
      'vicregl',
      'distillation',
    ]);
    expect(text('simclr', { backbone: 'resnet18' })).toContain('not measured here with resnet18');
  });

  it('offers what is made for places where places matter', () => {
    const first = (goal: 'dense' | 'fine-tuning') =>
      choose({ goal }, [])
        .ranked.slice(0, 3)
        .map(({ method }) => method);
    expect(first('dense')).toEqual(['densecl', 'vicregl', 'mae']);
    expect(first('fine-tuning').slice(0, 2)).toEqual(['mae', 'simmim']);
    expect(text('mae', { goal: 'fine-tuning' })).toContain('made for it: its paper fine-tunes');
    // What is measured of whole pictures counts half.
    expect(of('simclr', { goal: 'dense' }).reasons[0]).toMatchObject({
      points: 40,
      text: expect.stringContaining('not for dense') as string,
    });
  });

  it('fits epochs into the time: of the method, else by passes of others with the encoder', () => {
    // 120 s for 4 epochs.
    const { options, minutes } = of('simclr', { minutes: 2 });
    expect([options.epochs, minutes]).toEqual([4, 2]);
    expect(of('moco', { minutes: 2 }).options.epochs).toBe(6);
    expect(text('moco', { minutes: 2 })).toContain('facts: 6 of 14 epochs fit into the time on 2 threads');
    expect(of('dino', { minutes: 2 }).score).toBeLessThan(of('dino').score);
    expect(of('simclr', { minutes: 600 }).options.epochs).toBeUndefined();
    // Four times the area, another encoder: not measured.
    expect(text('simclr', { minutes: 2, imageSize: 56 })).toContain('time with resnet18 is not measured');
    expect(of('mae', { imageSize: 56, backbone: 'vit-micro', minutes: 60 }).minutes).toBeCloseTo(
      (4 * 100 * 14) / 4 / 60,
      5,
    );
  });

  it('halves batches until they fit the memory, and says what a small batch costs', () => {
    // 300 MB and 600 for 64 pictures: 1.5 GB for 128.
    expect(of('simclr').memory).toBe(1.5e9);
    const small = of('simclr', { memory: 0.7e9 });
    expect(small.options.batchSize).toBe(32);
    expect(small.memory).toBe(0.6e9);
    expect(text('simclr', { memory: 0.7e9 })).toMatch(
      /measured: batches of 32 take about 0\.6 GB, of 128 1\.5\n.*facts: batches of 32 are small: the other pictures/,
    );
    expect(of('simclr', { memory: 0.1e9 }).reasons.map(({ points }) => points)).toContain(-60);
    expect(text('simclr', { memory: 1e9, backbone: 'resnet50' })).toContain('its memory is not measured');
  });

  it('gives options that pretrain takes', () => {
    expect(of('simclr', { batchSize: 32, backbone: 'small-conv' }).options).toEqual({
      method: 'simclr',
      backbone: 'small-conv',
      batchSize: 32,
    });
    expect(of('simclr').options).toEqual({ method: 'simclr' });
  });

  it('refuses facts that cannot be', () => {
    for (const wrong of [
      { images: 1 },
      { imageSize: 0 },
      { labels: task.images + 1 },
      { batchSize: 1 },
      { minutes: 0 },
      { memory: -1 },
      { goal: 'beauty' as never },
      { backbone: 'resnet-18' as never },
      { minuts: 3 } as object,
    ]) {
      const error = (() => {
        try {
          return choose(wrong);
        } catch (reason) {
          return reason;
        }
      })();
      expect([wrong, InvalidOptionError.isInstance(error)]).toEqual([wrong, true]);
    }
  });

  it('chooses by the committed table', () => {
    // One wants classes, one a teacher.
    expect(chooseMethod(task).ranked.length).toBe(Object.keys(recipes).length - 2);
  });
});
