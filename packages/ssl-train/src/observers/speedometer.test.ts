import { expect, it } from 'vitest';
import { Speedometer } from './speedometer.js';

it('measures recent speed', () => {
  const speed = new Speedometer();
  expect([speed.samplesPerSecond, speed.secondsPerStep]).toEqual([0, undefined]);
  speed.add(64, 100);
  for (let step = 0; step < 400; step++) speed.add(64, 0.5);
  expect(speed.samplesPerSecond).toBeCloseTo(128, 3);
  expect(speed.secondsPerStep).toBeCloseTo(0.5, 5);
});

it('does not take compiling for the speed of the steps to come', () => {
  const speed = new Speedometer();
  speed.add(64, 32, true);
  expect([speed.samplesPerSecond, speed.secondsPerStep, speed.measured]).toEqual([
    2,
    undefined,
    { steps: 0, seconds: 0 },
  ]);
  speed.add(64, 0.5);
  // The last batch of an epoch, of other shapes, compiles again.
  speed.add(7, 20, true);
  expect([speed.samplesPerSecond, speed.secondsPerStep]).toEqual([128, 0.5]);
  expect(speed.measured).toEqual({ steps: 1, seconds: 0.5 });
});

it('counts what a short last batch has', () => {
  const speed = new Speedometer();
  for (const samples of [64, 64, 12]) speed.add(samples, 1);
  expect(speed.samplesPerSecond).toBeGreaterThan(44);
  expect(speed.samplesPerSecond).toBeLessThan(47);
});
