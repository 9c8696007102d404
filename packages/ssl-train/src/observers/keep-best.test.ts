import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { toy } from '../../test/toy-run.js';
import { readCheckpoint } from '../checkpoint/checkpoint-file.js';
import { type BestCheckpoints, keepBest } from './keep-best.js';
import type { TrainerObserver } from './trainer-observer.js';

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ssl-keep-best-'));
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(dir, { recursive: true }));

const scores = [0.1, 0.6, 0.5, NaN, 0.9, 0.9, 0.7];
const scorer: TrainerObserver = { onStep: ({ step }) => ({ knn: scores[step - 1]! }) };
const steps = scores.length;
const stepsOf = ({ best }: BestCheckpoints): readonly number[] => best.map(({ step }) => step);
const files = (): readonly string[] => readdirSync(join(dir, 'best-knn')).sort();
const fileOf = (step: number): string => `step-0000000${step}.safetensors`;

describe('keepBest', () => {
  it('keeps the best beside the newest, of equal ones the earlier', async () => {
    const best = keepBest({ metric: 'knn', mode: 'max', keep: 2 });
    const { checkpoint } = await toy({ steps, observers: [scorer, best], checkpoint: { dir, keep: 1 } }).trainer.fit();
    expect(checkpoint).toContain(fileOf(7));
    expect(stepsOf(best)).toEqual([5, 6]);
    expect(files()).toEqual([fileOf(5), fileOf(6)]);
    expect((await readCheckpoint(best.best[0]!.path)).record.step).toBe(5);
  });

  it('takes the smallest with min, and the loss of logged steps without a metric', async () => {
    const least = keepBest({ metric: 'knn', mode: 'min' });
    const loss = keepBest({ mode: 'min', dir: join(dir, 'own') });
    const observers = [scorer, least, loss];
    const { history } = await toy({ steps, observers, checkpoint: { dir }, logEvery: 1 }).trainer.fit();
    expect(stepsOf(least)).toEqual([1]);
    const lowest = history.reduce((a, b) => (b.loss < a.loss ? b : a));
    expect(loss.best).toEqual([{ step: lowest.step, value: lowest.loss, path: join(dir, 'own', fileOf(lowest.step)) }]);
  });

  it.each([1, 2, 3, 4, 5, 6])('ends as an unbroken run when it was stopped after step %i', async (stop) => {
    const fit = async (first: boolean): Promise<BestCheckpoints> => {
      const pause: TrainerObserver = { onStep: ({ step }, run) => void (first && step === stop && run.stop('pause')) };
      const best = keepBest({ metric: 'knn', mode: 'max', keep: 2 });
      await toy({ steps, observers: [scorer, best, pause], checkpoint: { dir } }).trainer.fit();
      return best;
    };
    await fit(true);
    expect(stepsOf(await fit(false))).toEqual([5, 6]);
    expect(files()).toEqual([fileOf(5), fileOf(6)]);
  });

  it('makes up for a copy that an end of the process kept it from, and says what somebody deleted', async () => {
    const dying: TrainerObserver = {
      onCheckpoint: () => {
        throw new RangeError('killed');
      },
    };
    const run = (observers: readonly TrainerObserver[]) => toy({ steps, observers, checkpoint: { dir } }).trainer.fit();
    await expect(run([scorer, dying, keepBest({ metric: 'knn', mode: 'max' })])).rejects.toThrow('killed');
    const best = keepBest({ metric: 'knn', mode: 'max' });
    const seen: number[][] = [];
    const watcher: TrainerObserver = { onStep: () => void seen.push([...stepsOf(best)]) };
    await run([watcher, scorer, best]);
    expect(seen[0]).toEqual([1]);
    expect(stepsOf(best)).toEqual([5]);
    rmSync(join(dir, 'best-knn'), { recursive: true });
    const again = keepBest({ metric: 'knn', mode: 'max' });
    const { notes } = await run([scorer, again]);
    expect(notes.join()).toContain('is not there any more');
    expect(again.best).toEqual([]);
  });

  it('says that a run without checkpoints keeps none', async () => {
    const best = keepBest({ metric: 'knn', mode: 'max' });
    const { notes } = await toy({ steps, observers: [scorer, best] }).trainer.fit();
    expect(notes.filter((note) => note.includes('checkpoint: { dir }'))).toHaveLength(1);
    expect(best.best).toEqual([]);
  });

  it('refuses options out of range', () => {
    expect(() => keepBest({ mode: 'most' as 'max' })).toThrow(InvalidOptionError);
    expect(() => keepBest({ mode: 'max', keep: 0 })).toThrow(InvalidOptionError);
    expect(() => keepBest({ mode: 'max', dir: '' })).toThrow(InvalidOptionError);
  });
});
