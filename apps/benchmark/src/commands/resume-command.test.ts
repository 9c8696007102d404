import { expect, test } from 'vitest';
import { resumeCommand } from './resume-command.js';

const settings = { seed: undefined, device: 'auto' } as const;

test.each([
  [{}, 'ssl-benchmark run first-look'],
  [{ npm_command: 'exec', npm_lifecycle_event: 'npx' }, 'npx @selfsup/ssl-benchmark run first-look'],
])('is one that the shell finds, with npm saying %o', (env, expected) => {
  expect(resumeCommand('run first-look', 'a b', settings, env)).toBe(`${expected} --out 'a b' --resume`);
});

test('of the demo is that of npm where npm ran it', () => {
  const env = { npm_command: 'run', npm_lifecycle_event: 'demo' };
  expect(resumeCommand('demo', undefined, settings, env)).toBe('npm run demo -- --resume');
  expect(resumeCommand('demo', undefined, settings, {})).toBe('ssl-benchmark demo --resume');
});

test('repeats what the figures depend on', () => {
  expect(resumeCommand('run x', 'y', { seed: 3, device: 'cpu' }, {})).toBe(
    'ssl-benchmark run x --out y --seed 3 --device cpu --resume',
  );
});
