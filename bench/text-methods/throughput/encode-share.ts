/** A thread of bench/text-methods/throughput/encoding.ts: encodes its lines whenever it is told, and gives the ids back. */
import { parentPort, workerData } from 'node:worker_threads';
import { WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import type { EncodingShare } from './encoding.js';

const share = workerData as EncodingShare;
const tokenizer = await WordPieceTokenizer.fromFile(share.tokenizer);
parentPort!.on('message', () => {
  const ids = Int32Array.from(share.lines.flatMap((line) => tokenizer.encode(line)));
  parentPort!.postMessage(ids, [ids.buffer]);
});
parentPort!.postMessage('ready');
