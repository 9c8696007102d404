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
  /** Megabytes after 200 and after 400 signatures. */
  readonly signatures: readonly [number, number];
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

describe('400 input signatures', () => {
  it('are traced once each', () => {
    expect(memory.traces).toBe(400);
  });

  it('give their memory back: after 400, hardly more than after 200', () => {
    expect(memory.signatures[1]).toBeLessThan(1.05 * memory.signatures[0]);
  });
});
