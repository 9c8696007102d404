import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import golden from '../../../../test/golden/train/schedules.json' with { type: 'json' };
import '../../../../test/support/to-be-all-close.js';
import { constant } from './constant.js';
import { cosine } from './cosine.js';
import { inverseSquareRoot } from './inverse-square-root.js';
import { linearWarmup } from './linear-warmup.js';
import { oneCycle } from './one-cycle.js';
import { polynomial } from './polynomial.js';
import { scaleByBatch } from './scale-by-batch.js';
import type { Schedule } from './schedule.js';
import { stepDecay } from './step-decay.js';
import { warmupCosine } from './warmup-cosine.js';

const values = (schedule: Schedule, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => schedule(step));

describe('schedules equal PyTorch', () => {
  const cases: readonly (readonly [Exclude<keyof typeof golden, 'generator' | 'seed' | 'versions'>, Schedule])[] = [
    ['oneCycle', oneCycle({ max: 0.4, totalSteps: 50 })],
    [
      'oneCycleLinear',
      oneCycle({ max: 0.4, totalSteps: 40, riseFraction: 0.25, startDivisor: 10, finalDivisor: 100, anneal: 'linear' }),
    ],
    ['cosine', cosine({ base: 0.4, totalSteps: 30, final: 0.01 })],
    ['stepDecay', stepDecay({ base: 0.4, milestones: [5, 12], factor: 0.2 })],
    ['polynomial', polynomial({ base: 0.4, totalSteps: 20, power: 2 })],
    ['warmupCosine', warmupCosine({ base: 0.4, warmupSteps: 8, totalSteps: 32, final: 0.02 })],
  ];
  it.each(cases)('%s', (name, schedule) => {
    const expected = golden[name];
    expect(values(schedule, expected.length)).toBeAllClose(expected, { rtol: 1e-12, atol: 1e-15 });
  });
});

describe('inverseSquareRoot', () => {
  it('rises in a line and falls with the root', () => {
    const schedule = inverseSquareRoot({ base: 0.2, warmupSteps: 4 });
    const expected = [0, 0.05, 0.1, 0.15, 0.2, 0.2 / Math.sqrt(1.25), 0.2 / Math.sqrt(1.5)];
    expect(values(schedule, 7)).toBeAllClose(expected, { rtol: 1e-15 });
    expect(schedule(4 + 3 * 4)).toBeCloseTo(0.1, 15);
  });
  it('falls by its timescale, as transformers’ get_inverse_sqrt_schedule', () => {
    // There: 1 / sqrt((step + shift) / timescale) with shift = timescale - warmupSteps.
    const [base, warmupSteps, timescale] = [0.3, 10, 90];
    const schedule = inverseSquareRoot({ base, warmupSteps, timescale });
    const theirs = (step: number): number =>
      base * (step < warmupSteps ? step / warmupSteps : 1 / Math.sqrt((step + timescale - warmupSteps) / timescale));
    expect(values(schedule, 300)).toBeAllClose(
      Array.from({ length: 300 }, (_, step) => theirs(step)),
      { rtol: 1e-14 },
    );
  });
  it('refuses no warm-up', () =>
    expect(() => inverseSquareRoot({ base: 1, warmupSteps: 0 })).toThrow(InvalidOptionError));
});

describe('constant', () => {
  it('stays', () => expect(values(constant(0.3), 3)).toEqual([0.3, 0.3, 0.3]));
  it('refuses NaN', () => expect(() => constant(NaN)).toThrow(InvalidOptionError));
});

describe('linearWarmup', () => {
  it('rises from base / warmupSteps and stays', () =>
    expect(values(linearWarmup({ base: 8, warmupSteps: 4 }), 6)).toEqual([2, 4, 6, 8, 8, 8]));
  it('is constant without warm-up', () => expect(values(linearWarmup({ base: 8, warmupSteps: 0 }), 2)).toEqual([8, 8]));
});

describe('cosine', () => {
  it('rises as well as falls: the momentum of BYOL', () => {
    const momentum = cosine({ base: 0.996, totalSteps: 100, final: 1 });
    expect(momentum(0)).toBe(0.996);
    expect(momentum(50)).toBeCloseTo(0.998, 12);
    expect(values(momentum, 103).slice(100)).toEqual([1, 1, 1]);
  });
});

describe('warmupCosine', () => {
  it('never leaves the span between its ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 200 }),
        fc.nat(400),
        (warmupSteps, rest, step) => {
          const value = warmupCosine({ base: 1, warmupSteps, totalSteps: warmupSteps + rest, final: 0.001 })(step);
          return value >= 0.001 && value <= 1;
        },
      ),
      { seed: 3 },
    );
  });
  it('refuses a warm-up as long as the run', () =>
    expect(() => warmupCosine({ base: 1, warmupSteps: 5, totalSteps: 5 })).toThrow(
      'warmupSteps must be less than totalSteps (5)',
    ));
});

describe('oneCycle', () => {
  it('stays at its last value', () => {
    const schedule = oneCycle({ max: 1, totalSteps: 10 });
    expect(schedule(9)).toBeCloseTo(1 / 25 / 1e4, 15);
    expect(schedule(500)).toBe(schedule(9));
  });
  it.each([1, 2, 3, 4, 10])('is finite and positive for %i steps', (totalSteps) => {
    for (const value of values(oneCycle({ max: 1, totalSteps }), totalSteps))
      expect(value > 0 && value <= 1).toBe(true);
  });
  it('refuses a rise over the whole run', () =>
    expect(() => oneCycle({ max: 1, totalSteps: 10, riseFraction: 1 })).toThrow(InvalidOptionError));
});

describe('stepDecay', () => {
  it('refuses milestones out of order', () =>
    expect(() => stepDecay({ base: 1, milestones: [5, 3] })).toThrow("milestones must be ascending, got '5, 3'"));
});

describe('scaleByBatch', () => {
  it('follows the linear rule', () => expect(scaleByBatch({ base: 0.3, batchSize: 1024 })).toBeCloseTo(1.2, 12));
  it('follows the square root rule', () =>
    expect(scaleByBatch({ base: 0.3, batchSize: 1024, rule: 'sqrt' })).toBeCloseTo(0.6, 12));
  it('refuses an empty batch', () =>
    expect(() => scaleByBatch({ base: 1, batchSize: 0 })).toThrow('batchSize must be a positive integer, got 0'));
});
