import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

interface Memory {
  readonly steady: { readonly megabytes: number; readonly tensors: number };
  readonly after: { readonly megabytes: number; readonly tensors: number };
  /** Loss of the first step. */
  readonly firstLoss: number;
  /** Loss of the last step. */
  readonly loss: number;
  /** Megabytes after 200, 400 and 600 signatures. */
  readonly signatures: readonly [number, number, number];
  readonly traces: number;
}

let memory: Memory;

beforeAll(async () => {
  // A process of its own: what other tests leave in memory must not hide a leak.
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--no-warnings',
    '--conditions=ssl-source',
    '--import=tsx',
    join(import.meta.dirname, 'compiled-step-memory.ts'),
  ]);
  memory = JSON.parse(stdout) as Memory;
}, 300_000);

describe('1,000 compiled training steps', () => {
  it('leave no tensor behind, and train', () => {
    expect(memory.after.tensors).toBe(memory.steady.tensors);
    expect(memory.loss).toBeLessThan(0.75 * memory.firstLoss);
  });

  it('take no more memory than the first 400: growth below 2 %', () => {
    expect(memory.after.megabytes).toBeLessThan(1.02 * memory.steady.megabytes);
  });
});

describe('600 input signatures', () => {
  it('are traced once each', () => {
    expect(memory.traces).toBe(600);
  });

  it('give their memory back: not twice more after another 200', () => {
    // Once is the allocator's business; what leaks grows every time (the arrays of 200 signatures alone take 20 MB).
    const [first, second, third] = memory.signatures;
    expect(Math.min(second - first, third - second)).toBeLessThan(0.02 * first);
  });
});
