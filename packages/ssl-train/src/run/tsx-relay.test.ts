import { expect, it } from 'vitest';
import { startedByTsx } from './tsx-relay.js';

// What it does is tested by programs that tsx starts: interruption.test.ts, 'busy'.
it('tells the command from the loader', () => {
  const byTsx = [
    '--require',
    '/app/node_modules/tsx/dist/preflight.cjs',
    '--import',
    'file:///app/tsx/dist/loader.mjs',
  ];
  expect(startedByTsx(byTsx)).toBe(true);
  expect(startedByTsx(['--require', 'C:\\app\\node_modules\\tsx\\dist\\preflight.cjs'])).toBe(true);
  expect(startedByTsx(['--import', 'tsx', '--conditions=ssl-source'])).toBe(false);
});
