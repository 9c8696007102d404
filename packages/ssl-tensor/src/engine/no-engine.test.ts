import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as forNode from '#engine';
import { DeviceError } from '../errors/device-error.js';
import * as chosen from './choose-engine.js';
import * as forBrowsers from './no-engine.js';

it('browsers are told that compile() has no engine there, and what works', async () => {
  await expect(forBrowsers.engineFor({})).rejects.toThrow(DeviceError);
  await expect(forBrowsers.engineFor({})).rejects.toThrow(/'cpu' .*in browsers.*without compile\(\)/s);
  await expect(forBrowsers.engineFor({ device: 'webgpu' })).rejects.toThrow(/'webgpu'/);
});

it('both sides of #engine export the same, and Node has its own', () => {
  expect(Object.keys(forBrowsers)).toEqual(Object.keys(chosen));
  expect(forNode.engineFor).toBe(chosen.engineFor);
  const { imports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    imports: Record<string, Record<string, Record<string, string>>>;
  };
  // A bundler for browsers may ask for both conditions.
  expect(Object.keys(imports['#engine']!)).toEqual(['browser', 'node', 'default']);
  expect(imports['#engine']!['default']).toEqual(imports['#engine']!['browser']);
});
