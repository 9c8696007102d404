import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import { expect, it } from 'vitest';
import { moduleFile } from './module-file.js';

it('is the module’s own URL, and of an empty import.meta a path to resolve from', () => {
  expect(moduleFile(import.meta)).toBe(import.meta.url);
  expect(isAbsolute(moduleFile({}))).toBe(true);
  expect(() => createRequire(moduleFile({}))).not.toThrow();
});
