import { expect, it } from 'vitest';
import { TimeLeft } from './time-left.js';

it('is unknown until a step was measured, and nothing at the end', () => {
  const left = new TimeLeft({ totalSteps: 10, stepsPerEpoch: 5 });
  expect([left.after(1, undefined), left.after(1, 2), left.after(10, undefined)]).toEqual([undefined, 18, 0]);
});

it('counts observers and checkpoints where they come', () => {
  const left = new TimeLeft({ totalSteps: 12, stepsPerEpoch: 5 });
  for (let step = 0; step < 5; step++) left.addBesideStep(0.1);
  left.addBesideEpoch(7);
  // Seven steps, and the end of the second epoch; the third is not whole.
  expect(left.after(5, 1)).toBeCloseTo(7 * 1.1 + 7);
  expect(left.after(9, 1)).toBeCloseTo(3 * 1.1 + 7);
  expect(left.after(10, 1)).toBeCloseTo(2 * 1.1);
});

it('counts from where a resumed run is', () => {
  const left = new TimeLeft({ totalSteps: 20, stepsPerEpoch: 5 });
  left.addBesideEpoch(3);
  // In the middle of the third epoch: two ends are to come.
  expect(left.after(13, 2)).toBe(7 * 2 + 2 * 3);
});
