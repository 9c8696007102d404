import { spawn } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../compile/compile.js';
import { endWorker } from './end-worker.js';

const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** A worker that runs compiled steps of some tenths of a second without end, and says when it is about to. */
const worker = `
const { parentPort } = require('node:worker_threads');
const run = async () => {
  (await import('tsx/esm/api')).register();
  const tf = await import('@tensorflow/tfjs-core');
  const { compile } = await import(${source('../index.ts')});
  const step = compile((x) => {
    let y = x;
    for (let i = 0; i < 80; i++) y = tf.tanh(tf.matMul(y, x));
    return tf.mean(y);
  }, { threads: 1 });
  const x = { data: new Float32Array(400 * 400), shape: [400, 400] };
  (await step(x)).dispose();
  parentPort.once('message', () => {
    void step(x);
    process.exit(3);
  });
  for (;;) {
    parentPort.postMessage('in a step');
    (await step(x)).dispose();
  }
};
void run().catch((error) => parentPort.postMessage(error.message));
`;

/** Runs what the main thread does with such workers in a process of its own. */
async function inProcess(body: string): Promise<{ code: number | null; signal: string | null; output: string }> {
  const main = `
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { endWorker } from ${source('../host.ts')};
const start = () => new Worker(${JSON.stringify(worker)}, { eval: true, execArgv: ['--conditions=ssl-source'] });
const inStep = async (worker) => {
  while ((await once(worker, 'message'))[0] !== 'in a step');
  await new Promise((resolve) => setTimeout(resolve, 50));
};
${body}
`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=ssl-source', '--input-type=module', '-e', main],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...end) => resolve(end)),
  );
  return { code, signal, output };
}

describe('a worker thread that runs compiled steps', () => {
  it('is ended from outside in the middle of one, several times, and the process goes on', async () => {
    const { code, output } = await inProcess(`
for (let i = 0; i < 2; i++) {
  const worker = start();
  await inStep(worker);
  await endWorker(worker);
  await endWorker(worker);
  console.log('ended', worker.threadId);
}
`);
    expect(output).toBe('ended -1\nended -1\n');
    expect(code).toBe(0);
  }, 120_000);

  it('does not abort the process that ends meanwhile', async () => {
    expect(await inProcess('const w = start(); await inStep(w); process.exit(7);')).toEqual({
      code: 7,
      signal: null,
      output: '',
    });
    const { code, output } = await inProcess("const w = start(); await inStep(w); throw new Error('on purpose');");
    expect([code, output]).toEqual([1, expect.stringContaining('on purpose') as string]);
    expect(output).not.toContain('Napi');
  }, 120_000);

  it('may exit by itself, right after a call; nothing waits for what it had begun', async () => {
    const began = performance.now();
    const { code, output } = await inProcess(`
const worker = start();
await inStep(worker);
worker.postMessage('exit');
console.log('exit code', (await once(worker, 'exit'))[0]);
process.exit(4);
`);
    expect([code, output]).toEqual([4, 'exit code 3\n']);
    // The end of the process would wait a minute for a thread that seemed to run.
    expect(performance.now() - began).toBeLessThan(60_000);
  }, 120_000);

  it.each([undefined, null, 0, {}])('is a Worker; %s is refused, and steps of this thread go on', async (worker) => {
    await expect(endWorker(worker as never)).rejects.toThrow(/^endWorker: worker must be a Worker/);
    const sum = compile((x: tf.Tensor) => tf.sum(x));
    expect((await sum({ data: Float32Array.of(1, 2), shape: [2] })).dataSync()[0]).toBe(3);
  });
});
