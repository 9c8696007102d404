import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type * as Index from './index.js';
import { RuntimeError } from './runtime-error.js';

const variable = 'SSL_ONNXRUNTIME_NODE';

/** A module that has loaded nothing yet. */
async function fresh(): Promise<typeof Index> {
  vi.resetModules();
  return import('./index.js');
}

const caught = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (error) {
    return error;
  }
};

beforeEach(() => vi.stubEnv(variable, undefined));
afterEach(() => {
  vi.unstubAllEnvs();
});

it('loads the runtime, once, and tells its version without', async () => {
  const { loadRuntime, runtimeVersion } = await fresh();
  expect(runtimeVersion()).toBe('1.30.0');
  const runtime = loadRuntime();
  expect(new runtime.Tensor('float32', Float32Array.of(1, 2), [2]).dims).toEqual([2]);
  expect(loadRuntime()).toBe(runtime);
});

it('takes the folder of the environment variable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runtime-'));
  await writeFile(join(folder, 'package.json'), '{"name":"onnxruntime-node","version":"9.9.9","main":"index.js"}');
  await writeFile(join(folder, 'index.js'), "exports.env = 'mine';");
  vi.stubEnv(variable, folder);
  const { loadRuntime, runtimeVersion } = await fresh();
  expect(runtimeVersion()).toBe('9.9.9');
  expect(loadRuntime()).toMatchObject({ env: 'mine' });
});

it.each([
  ['a folder that is none', '/nowhere/onnxruntime-node', undefined, /SSL_ONNXRUNTIME_NODE names .*nowhere.*unset it/],
  ['a binding that does not load', undefined, "throw new Error('invalid ELF header');", /invalid ELF header/],
  ['a file that is missing', undefined, "require('./binding.node');", /not whole: delete node_modules/],
])('%s is a typed error with the cure', async (_, path, code, message) => {
  let folder = path;
  if (folder === undefined) {
    folder = await mkdtemp(join(tmpdir(), 'runtime-'));
    await writeFile(join(folder, 'package.json'), '{"name":"onnxruntime-node","version":"1.30.0","main":"index.js"}');
    await writeFile(join(folder, 'index.js'), code!);
  }
  vi.stubEnv(variable, folder);
  const { loadRuntime } = await fresh();
  const error = caught(loadRuntime);
  expect(RuntimeError.isInstance(error)).toBe(true);
  expect((error as RuntimeError).code).toBe('SSL_RUNTIME');
  expect((error as RuntimeError).message).toMatch(message);
});
