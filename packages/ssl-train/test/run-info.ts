import type { RunInfo } from '../src/observers/trainer-observer.js';

/** What a run is told of, for loggers without a run. */
export function runInfo(changes: Partial<RunInfo> = {}): RunInfo {
  return {
    method: 'toy',
    seed: 3,
    startStep: 0,
    totalSteps: 20,
    stepsPerEpoch: 5,
    config: { seed: 3, optimizer: { name: 'AdamW', rates: [0.1, 0.2] } },
    environment: { device: 'cpu', threads: 1, platform: 'linux x64', cpu: 'some', versions: { node: '20.19.0' } },
    history: [],
    evaluations: [],
    ...changes,
  };
}
