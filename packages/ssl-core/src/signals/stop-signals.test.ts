import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StopSignals } from './stop-signals.js';

describe('the first signal', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const counts = (): number[] => [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s is told once, also where it comes again within half a second', (name, status) => {
    const before = counts();
    const seen: string[] = [];
    const signals = new StopSignals((signal) => void seen.push(signal));
    expect([signals.received, signals.status]).toEqual([undefined, undefined]);
    process.emit(name);
    vi.advanceTimersByTime(450);
    process.emit(name);
    process.emit(name === 'SIGINT' ? 'SIGTERM' : 'SIGINT');
    expect([signals.received, signals.status, ...seen]).toEqual([name, status, name]);
    expect(counts()).toEqual(before.map((count) => count + 1));
    vi.advanceTimersByTime(60);
    expect(counts()).toEqual(before);
  });

  it('is still repeated after the end of what it stopped', () => {
    const before = counts();
    const signals = new StopSignals(() => {});
    process.emit('SIGINT');
    signals.dispose();
    process.emit('SIGINT');
    expect(counts()).toEqual(before.map((count) => count + 1));
    vi.advanceTimersByTime(510);
    expect(counts()).toEqual(before);
  });

  it('that does not come leaves nothing', () => {
    const before = counts();
    new StopSignals(() => {}).dispose();
    expect(counts()).toEqual(before);
  });
});

it.each(['idle', 'busy'])(
  'lets a second signal end a process that is %s, and takes an early one for the first',
  async (what) => {
    const source = fileURLToPath(new URL('./stop-signals.ts', import.meta.url));
    const code = `
    import { StopSignals } from ${JSON.stringify(source)};
    new StopSignals((signal) => {
      process.stdout.write(signal + ' ');
      setTimeout(() => {
        process.stdout.write('late ');
        if (${JSON.stringify(what)} === 'busy') setImmediate(() => { for (;;); });
      }, 700);
    });
    setInterval(() => {}, 1000);
    process.stdout.write('ready ');
  `;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      child.kill('SIGINT');
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    expect(output).toBe('ready SIGINT late ');
    expect(signal).toBe('SIGINT');
  },
  30_000,
);
