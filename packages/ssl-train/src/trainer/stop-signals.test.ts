import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { StopSignals } from './stop-signals.js';

it('reports the first signal and is gone after it', () => {
  const listeners = process.listenerCount('SIGTERM');
  const seen: string[] = [];
  const signals = new StopSignals((signal) => void seen.push(signal));
  expect(signals.received).toBeUndefined();
  process.emit('SIGTERM');
  expect([signals.received, ...seen]).toEqual(['SIGTERM', 'SIGTERM']);
  expect(process.listenerCount('SIGTERM')).toBe(listeners);
  signals.dispose();
});

it('lets the second signal end a process that is busy', async () => {
  const source = fileURLToPath(new URL('./stop-signals.ts', import.meta.url));
  const code = `
    import { StopSignals } from ${JSON.stringify(source)};
    new StopSignals((signal) => {
      process.stdout.write(signal);
      setImmediate(() => { for (;;); });
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
  expect(output).toBe('ready SIGINT');
  expect(signal).toBe('SIGINT');
}, 30_000);
