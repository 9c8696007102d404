import { expect, it } from 'vitest';
import { RunClock } from './run-clock.js';

it('counts the time of earlier parts, and leaves out what is not training', async () => {
  let now = 100;
  const clock = new RunClock({ seconds: 10, trainingSeconds: 8 }, () => now);
  now += 5;
  await clock.outside(() => void (now += 2));
  await expect(clock.outside(() => Promise.reject(new RangeError(`${(now += 1)}`)))).rejects.toThrow('108');
  expect(clock.read()).toEqual({ seconds: 18, trainingSeconds: 13 });
});
