import { expect, test } from 'vitest';
import { machine } from './machine.js';
import { packageDirectory } from './package-directory.js';
import { appVersion, versions } from './versions.js';

test('every version that can change a figure is there', () => {
  const all = versions();
  expect(Object.keys(all)).toEqual([
    'node',
    '@selfsup/ssl-tensor',
    '@selfsup/ssl-nn',
    '@selfsup/ssl-losses',
    '@selfsup/ssl-data',
    '@selfsup/ssl-train',
    '@selfsup/ssl-vision',
    '@selfsup/ssl-text-mlm',
    '@selfsup/ssl-transfer',
    'onnxruntime-node',
    'tfjs',
  ]);
  for (const version of [...Object.values(all), appVersion()]) expect(version).toMatch(/^\d+\.\d+\.\d+/);
});

test('the machine is described', () => {
  const { cpu, cores, memory, os } = machine();
  expect(cpu).not.toBe('');
  expect(cores).toBeGreaterThan(0);
  expect(memory).toBeGreaterThan(0);
  expect(os).toMatch(/^\w+ \S+ \w+$/);
});

test('a package that is not installed is named', () => {
  expect(() => packageDirectory('no-such-package-here')).toThrow(/no-such-package-here is not installed/);
});
