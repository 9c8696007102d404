import { afterEach, expect, it, vi } from 'vitest';
import { DataError } from '@selfsup/ssl-core';

afterEach(() => {
  vi.doUnmock('sharp');
  vi.resetModules();
});

it('a sharp that does not load is a typed error with the cure', async () => {
  vi.doMock('sharp', () => {
    throw new Error('Could not load the "sharp" module using the linux-x64 runtime\nPossible solutions:');
  });
  const { decodeImage } = await import('./decode-image.js');
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
    'base64',
  );
  const error = await decodeImage(png).catch((reason: unknown) => reason);
  expect(DataError.isInstance(error)).toBe(true);
  expect((error as Error).message).toMatch(/npm install --include=optional sharp/);
});
