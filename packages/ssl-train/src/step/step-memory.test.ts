import { describe, expect, it } from 'vitest';
import { type MemorySource, machineMemory } from './machine-memory.js';
import { NotEnoughMemoryError } from './not-enough-memory-error.js';
import { estimatePeak, judgeMemory } from './step-memory.js';

const plan = { workspace: 8e9, state: 0.2e9, assigned: 0.1e9, constants: 0, data: 0 };
const shape = { batchSize: 128, accumulateSteps: 1, savesState: false };
const machine = (free: number, total: number) => ({ used: 0.4e9, free, total });

describe('estimatePeak', () => {
  it('adds the step and the second buffers to what the process has', () => {
    expect(estimatePeak(plan, shape, 0.4e9)).toBeCloseTo(0.4e9 + 1.25 * 8e9 + 0.1e9, -3);
    expect(estimatePeak(plan, { ...shape, savesState: true }, 0.4e9)).toBeCloseTo(0.4e9 + 10e9 + 0.3e9, -3);
  });

  it('counts up to three graphs of an update of several batches', () => {
    const graphs = (accumulateSteps: number) => estimatePeak(plan, { ...shape, accumulateSteps }, 0) - 0.1e9;
    expect([1, 2, 3, 8].map((steps) => graphs(steps) / 1e10)).toEqual([1, 2, 3, 3]);
  });
});

describe('judgeMemory', () => {
  it('says what is needed and what is free', () => {
    const verdict = judgeMemory(plan, shape, machine(14e9, 16e9), true);
    expect(verdict.isTight).toBe(false);
    expect(verdict.text).toBe(
      'about 10.5 GB of memory (10.0 GB for what a step computes, 0.3 GB for weights and optimiser); 14.0 GB are free',
    );
  });

  it('warns with a batch that does fit, and as many samples an update', () => {
    const { isTight, text } = judgeMemory(plan, shape, machine(6e9, 8e9), true);
    expect(isTight).toBe(true);
    expect(text).toContain('only 6.4 GB can be had');
    const [, batchSize, accumulateSteps] = /batchSize (\d+) with accumulateSteps (\d+)/.exec(text)!.map(Number);
    expect(batchSize! * accumulateSteps!).toBe(128);
    // Halves and quarters would not fit: each graph of an update has its own memory.
    expect(batchSize).toBe(16);
    const smaller = { ...plan, workspace: (plan.workspace * batchSize!) / 128, state: plan.state + 0.05e9 };
    const followed = judgeMemory(
      smaller,
      { ...shape, batchSize: batchSize!, accumulateSteps: accumulateSteps! },
      machine(6e9, 8e9),
      true,
    );
    expect(followed.isTight).toBe(false);
  });

  it('names no batch size where none helps', () => {
    const { text } = judgeMemory({ ...plan, assigned: 9e9 }, shape, machine(6e9, 14e9), true);
    expect(text).not.toContain('batchSize');
    expect(text).toContain('smaller pictures');
  });

  it('refuses what cannot fit by far, unless it is told to try', () => {
    expect(() => judgeMemory(plan, shape, machine(6e9, 6.9e9), true)).toThrow(NotEnoughMemoryError);
    expect(() => judgeMemory(plan, shape, machine(6e9, 6.9e9), true)).toThrow(
      /10\.5 GB .* 6\.9 GB in all.*memory: 'warn'/,
    );
    expect(judgeMemory(plan, shape, machine(6e9, 6.9e9), false).isTight).toBe(true);
    expect(judgeMemory(plan, shape, machine(6e9, 7.1e9), true).isTight).toBe(true);
  });
});

describe('machineMemory', () => {
  const source: MemorySource = { platform: 'linux', rss: 1e9, free: 10e9, total: 16e9, limit: undefined };

  it('is what the system says is free', () => {
    expect(machineMemory(source)).toEqual({ used: 1e9, free: 10e9, total: 16e9 });
    for (const limit of [0, 2 ** 64])
      expect(machineMemory({ ...source, limit })).toEqual({ used: 1e9, free: 10e9, total: 16e9 });
  });

  it('is what a container has left', () => {
    expect(machineMemory({ ...source, limit: 4e9 })).toEqual({ used: 1e9, free: 3e9, total: 4e9 });
    expect(machineMemory({ ...source, limit: 15e9, free: 2e9 }).free).toBe(2e9);
    expect(machineMemory({ ...source, limit: 0.5e9 }).free).toBe(0);
  });

  it('does not count as lost on macOS what the system could drop', () => {
    expect(machineMemory({ ...source, platform: 'darwin', free: 0.1e9 }).free).toBeCloseTo(0.8 * 16e9 - 1e9, -3);
  });

  it('knows this machine', () => {
    const { used, free, total } = machineMemory();
    expect(used).toBeGreaterThan(1e7);
    expect(free).toBeLessThan(total);
  });
});
