import { expect, it } from 'vitest';
import { startedByTsx, TsxRelay } from './tsx-relay.js';

const byTsx = [
  '--require',
  '/app/node_modules/tsx/dist/preflight.cjs',
  '--import',
  'file:///app/node_modules/tsx/dist/loader.mjs',
];

it('tells the command from the loader', () => {
  expect(startedByTsx(byTsx)).toBe(true);
  expect(startedByTsx(['--require', 'C:\\app\\node_modules\\tsx\\dist\\preflight.cjs'])).toBe(true);
  expect(startedByTsx(['--import', 'tsx', '--conditions=ssl-source'])).toBe(false);
});

it('warns once, of a step after the first that is longer than tsx waits', () => {
  const relay = new TsxRelay(byTsx);
  expect([relay.warning(9), relay.warning(0.05)]).toEqual([undefined, undefined]);
  expect(relay.warning(0.25)).toMatch(/a step takes 250 ms.*node --import tsx <file> saves first/);
  expect(relay.warning(0.25)).toBeUndefined();
  expect([1, 1, 1].map((seconds) => new TsxRelay(['--import', 'tsx']).warning(seconds))).toEqual(
    Array(3).fill(undefined),
  );
});
