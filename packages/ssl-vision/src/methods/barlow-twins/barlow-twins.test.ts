import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { BarlowTwins, barlowTwinsSmall, type BarlowTwinsOptions } from './barlow-twins.js';

type Own = Omit<BarlowTwinsOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/barlow-twins.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): BarlowTwins =>
  new BarlowTwins({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });
const lossOf = (method: BarlowTwins, views = tensorsOf(batchOf(0)).views): number =>
  method.loss({ views }, training).loss.dataSync()[0]!;

describe('BarlowTwins', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('is all redundancy for equal views', () => {
    const { views } = tensorsOf(batchOf(0));
    const equal = [views[0]!, views[0]!];
    expect(lossOf(build({ lambda: 0 }), equal)).toBeLessThan(1e-4);
    const one = lossOf(build({ lambda: 1 }), equal);
    expect(one).toBeGreaterThan(0.1);
    expect(lossOf(build({ lambda: 2, scale: 0.5 }), equal)).toBeCloseTo(one, 3);
  });

  it('has a preset for small pictures', () => {
    const { modules, settings } = new BarlowTwins({
      backbone: backbone(),
      key,
      normalize: statistics,
      ...barlowTwinsSmall,
    });
    expect(modules.head.namedParameters().get('layers.3.weight')!.variable.shape).toEqual([2048, 2048]);
    expect(modules.head.namedParameters().has('layers.3.bias')).toBe(true);
    expect(settings).toMatchObject({ lambda: 0.0051, scale: 0.1 });
  });

  it('refuses what does not fit', () => {
    expect(() => build({ lambda: -1 })).toThrow(InvalidOptionError);
    expect(() => build({ scale: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ depth: 0 })).toThrow(InvalidOptionError);
    expect(() => lossOf(build(), tensorsOf(batchOf(0, 3)).views)).toThrow(ShapeError);
  });
});
