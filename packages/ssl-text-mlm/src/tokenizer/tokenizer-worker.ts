import { parentPort, workerData } from 'node:worker_threads';
import { tokenizerFromJson } from './load-tokenizer.js';
import type { PoolReply, PoolRequest, PoolStart } from './pool-messages.js';

// Entry of the threads of a TokenizerPool. Must not import the tensor engine.
const port = parentPort;
if (port !== null) {
  const { json, specialTokens } = workerData as PoolStart;
  const tokenizer = tokenizerFromJson(json, { specialTokens });
  port.on('message', ({ id, task }: PoolRequest) => {
    try {
      if (task.kind === 'ids') {
        const ids = task.texts.map((text) => Int32Array.from(tokenizer.encode(text, task.options)));
        const buffers = ids.map(({ buffer }) => buffer as ArrayBuffer);
        port.postMessage({ id, ids } satisfies PoolReply, buffers);
        return;
      }
      const texts = task.texts.map((text, at) => {
        const pair = task.pairs?.[at];
        return tokenizer.encodeText(text, { ...task.options, ...(pair === undefined ? {} : { pair }) });
      });
      port.postMessage({ id, texts } satisfies PoolReply);
    } catch (error) {
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies PoolReply);
    }
  });
}
