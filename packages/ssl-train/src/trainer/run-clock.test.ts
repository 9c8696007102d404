import { expect, it } from 'vitest';
import { RunClock } from './run-clock.js';
import { Speedometer } from './speedometer.js';

it('counts the time of earlier parts, and leaves out what is not training', async () => {
  let now = 100;
  const clock = new RunClock({ seconds: 10, trainingSeconds: 8 }, () => now);
  now += 5;
  await clock.outside(() => void (now += 2));
  await expect(clock.outside(() => Promise.reject(new RangeError(`${(now += 1)}`)))).rejects.toThrow('108');
  expect(clock.read()).toEqual({ seconds: 18, trainingSeconds: 13 });
});

it('measures recent speed', () => {
  const speed = new Speedometer();
  expect([speed.samplesPerSecond, speed.secondsPerStep]).toEqual([0, 0]);
  speed.add(64, 100);
  for (let step = 0; step < 400; step++) speed.add(64, 0.5);
  expect(speed.samplesPerSecond).toBeCloseTo(128, 3);
  expect(speed.secondsPerStep).toBeCloseTo(0.5, 5);
});
